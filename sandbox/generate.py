"""An invented district of any size: believable, streamed, and the same for the same seed.

First what all schools share, then school by school whatever its enrollments refer to, so that
references lead backwards and no more than a school is held in memory. References are shared
between records; treat them as read-only.
"""

from collections.abc import Iterable, Iterator

from sandbox.invented.district import CATEGORIES, YEAR, District
from sandbox.invented.maker import Item


def district(students: int, seed: int, year: int = YEAR) -> District:
    """Yield (collection, record) of a district with exactly `students` students.

    `year` is the calendar year in which its school year begins.
    """
    return District(students, seed, year)


def with_categories(records: Iterable[Item]) -> Iterator[Item]:
    """The records, and a gradebook's usual categories where there is none: exports of a roster
    leave them out, and no teacher's gradebook is without."""
    has_own = False
    for name, record in records:
        has_own = has_own or name == "categories"
        yield name, record
    if not has_own:
        for title in CATEGORIES:
            yield "categories", {"sourcedId": f"category-{title.lower()}", "title": title}
