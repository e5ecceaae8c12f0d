"""The days of a school year: terms and their grading periods. Pure.

End dates are the day after the last one, as OneRoster has it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A session's title, kind and days, and the grading periods in it."""

    kind: str
    title: str
    begin: str
    end: str
    parts: tuple["Span", ...] = ()


def school_year(year: int) -> Span:
    """The year that begins in `year`."""
    return Span(
        "schoolYear", f"{year}-{year + 1} School Year", f"{year}-08-17", f"{year + 1}-06-12"
    )


def semesters(year: int) -> tuple[Span, ...]:
    """What middle and high schools go by."""
    quarters = _quarters(year)
    autumn = Span("semester", "Fall Semester", f"{year}-08-17", f"{year}-12-19", quarters[:2])
    spring = Span(
        "semester", "Spring Semester", f"{year + 1}-01-04", f"{year + 1}-06-12", quarters[2:]
    )
    return autumn, spring


def whole_year(year: int) -> tuple[Span, ...]:
    """What elementary schools go by: one term."""
    return (Span("term", "Full Year", f"{year}-08-17", f"{year + 1}-06-12", _quarters(year)),)


def _quarters(year: int) -> tuple[Span, ...]:
    days = (
        (f"{year}-08-17", f"{year}-10-17"),
        (f"{year}-10-17", f"{year}-12-19"),
        (f"{year + 1}-01-04", f"{year + 1}-03-20"),
        (f"{year + 1}-03-20", f"{year + 1}-06-12"),
    )
    return tuple(
        Span("gradingPeriod", f"Quarter {number}", begin, end)
        for number, (begin, end) in enumerate(days, 1)
    )
