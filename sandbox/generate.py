"""An invented district of any size: believable, streamed, and the same for the same seed.

First what all schools share, then school by school whatever its enrollments refer to, so that
references lead backwards and no more than a school is held in memory. References are shared
between records; treat them as read-only.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from sandbox.invented import names
from sandbox.invented.maker import Item, Maker, Record, ref
from sandbox.invented.people import People
from sandbox.invented.school import School
from sandbox.invented.school_year import Span, school_year, semesters, whole_year

YEAR: Final = 2026
GRADES: Final = ("KG", *(f"{grade:02}" for grade in range(1, 13)))
BANDS: Final = (
    ("Elementary", GRADES[:6], 450),
    ("Middle", GRADES[6:9], 700),
    ("High", GRADES[9:], 1400),
)
ONE_SCHOOL_BELOW: Final = 60
CATEGORIES: Final = ("Homework", "Quizzes", "Tests", "Projects", "Participation")


def district(students: int, seed: int, year: int = YEAR) -> Iterator[Item]:
    """Yield (collection, record) of a district with exactly `students` students.

    `year` is the calendar year in which its school year begins.
    """
    if students < 1:
        raise ValueError("a district has at least one student")
    return _District(Random(f"{seed}/{students}"), students, year).records()


@dataclass(slots=True)
class _Plan:
    """A school before anybody is in it."""

    org: Record
    band: str
    sizes: dict[str, int]
    terms: list[Record] = field(default_factory=list)
    periods: list[Record] = field(default_factory=list)


class _District:
    def __init__(self, dice: Random, students: int, year: int) -> None:
        self._maker = Maker(dice, f"{year}-08-03T06:00:00.000Z")
        self._students = students
        self._year = year
        self._name = dice.choice(names.SCHOOLS)
        self._people = People(self._maker, f"{self._name.lower()}.example.org", year)

    def records(self) -> Iterator[Item]:
        top = self._maker.record(
            name=f"{self._name} Unified School District", type="district", identifier="0600001"
        )
        plans = self._plans(top)
        top["children"] = [ref("org", plan.org) for plan in plans]
        yield "orgs", top
        yield from (("orgs", plan.org) for plan in plans)
        year = self._session(school_year(self._year))
        yield from (("academicSessions", each) for each in self._sessions(year, plans))
        courses = self._courses(ref("org", top), year)
        yield from (("courses", course) for course in courses.values())
        categories = [self._maker.record(title=title) for title in CATEGORIES]
        yield from (("categories", category) for category in categories)
        yield "users", self._people.staff("administrator", [ref("org", top)])
        tests = ref("category", categories[CATEGORIES.index("Tests")])
        for plan, neighbour in zip(plans, [*plans[1:], plans[0]], strict=True):
            school = School(self._maker, self._people, courses, plan.org)
            school.neighbour = ref("org", neighbour.org)
            yield from school.records(plan.sizes, plan.terms, plan.periods, tests)

    def _plans(self, top: Record) -> list[_Plan]:
        per_grade = {grade: self._students // len(GRADES) for grade in GRADES}
        for grade in GRADES[: self._students % len(GRADES)]:
            per_grade[grade] += 1
        if self._students < ONE_SCHOOL_BELOW:
            return [_Plan(self._org(0, "K-12", top), "K-12", per_grade)]
        plans: list[_Plan] = []
        for band, grades, size in BANDS:
            count = max(1, round(sum(per_grade[grade] for grade in grades) / size))
            for place in range(count):
                sizes = {grade: _share(per_grade[grade], count, place) for grade in grades}
                plans.append(_Plan(self._org(len(plans), band, top), band, sizes))
        return plans

    def _org(self, number: int, band: str, top: Record) -> Record:
        rounds, place = divmod(number, len(names.SCHOOLS))
        name = f"{names.SCHOOLS[place]} {names.SIDES[rounds % len(names.SIDES)]}".strip()
        return self._maker.record(
            name=f"{name} {band} School",
            type="school",
            identifier=f"06{number + 1:05}",
            parent=ref("org", top),
        )

    def _sessions(self, year: Record, plans: list[_Plan]) -> Iterator[Record]:
        """The year, and each school's own copies of its terms, as many SIS keep them."""
        below: dict[str, list[Record]] = defaultdict(list)
        made = [year]
        for plan in plans:
            spans = whole_year if plan.band == "Elementary" else semesters
            for span in spans(self._year):
                term = self._session(span, year)
                periods = [self._session(part, term) for part in span.parts]
                plan.terms.append(term)
                plan.periods.extend(periods)
                made += [term, *periods]
        for session in made[1:]:
            below[session["parent"]["sourcedId"]].append(ref("academicSession", session))
        for session in made:
            if children := below.get(session["sourcedId"]):
                session["children"] = children
            yield session

    def _session(self, span: Span, parent: Record | None = None) -> Record:
        session = self._maker.record(
            title=span.title,
            type=span.kind,
            startDate=span.begin,
            endDate=span.end,
            schoolYear=str(self._year + 1),
        )
        if parent:
            session["parent"] = ref("academicSession", parent)
        return session

    def _courses(self, org: Record, year: Record) -> dict[str, Record]:
        """The catalogue of the whole district, by code."""
        wanted = [(grade, row) for grade in GRADES[:6] for row in names.ELEMENTARY]
        wanted += [(grade, row) for grade in GRADES[6:] for row in names.SECONDARY]
        wanted += [("", row) for row in names.ELECTIVES]
        courses = {}
        for grade, (code, title, subject, subject_code) in wanted:
            courses[code + grade] = self._maker.record(
                title=f"{title} {grade.lstrip('0')}".strip(),
                courseCode=code + grade,
                schoolYear=ref("academicSession", year),
                grades=[grade] if grade else list(GRADES[6:]),
                org=org,
                subjects=[subject],
                subjectCodes=[subject_code],
            )
        return courses


def _share(total: int, parts: int, place: int) -> int:
    """The `place`-th of `parts` nearly equal shares of `total`."""
    return total // parts + (place < total % parts)
