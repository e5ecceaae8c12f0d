"""The invented district before anything happens in it: its schools, terms and courses."""

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


@dataclass(slots=True)
class Plan:
    """A school before anybody is in it."""

    org: Record
    band: str
    sizes: dict[str, int]
    terms: list[Record] = field(default_factory=list)
    periods: list[Record] = field(default_factory=list)


class District:
    """(collection, record) pairs of a district, once; afterwards, what it was made with.

    `year` is the calendar year in which its first school year begins.
    """

    def __init__(self, students: int, seed: int, year: int = YEAR) -> None:
        if students < 1:
            raise ValueError("a district has at least one student")
        self.students = students
        self.seed = seed
        self.year = year
        self.maker = Maker(Random(f"{seed}/{students}"), f"{year}-08-03T06:00:00.000Z")
        self.name = self.maker.dice.choice(names.SCHOOLS)
        self.people = People(self.maker, f"{self.name.lower()}.example.org", year)
        self.plans: list[Plan] = []
        self.courses: dict[str, Record] = {}
        self._records = self._made()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        return next(self._records)

    def _made(self) -> Iterator[Item]:
        top = self.maker.record(
            name=f"{self.name} Unified School District", type="district", identifier="0600001"
        )
        self.plans = plans = self._planned(top)
        top["children"] = [ref("org", plan.org) for plan in plans]
        yield "orgs", top
        yield from (("orgs", plan.org) for plan in plans)
        year, *below = self.sessions(self.year)
        yield from (("academicSessions", each) for each in (year, *below))
        self.courses = self._courses(ref("org", top), year)
        yield from (("courses", course) for course in self.courses.values())
        categories = [self.maker.record(title=title) for title in CATEGORIES]
        yield from (("categories", category) for category in categories)
        yield "users", self.people.staff("administrator", [ref("org", top)])
        tests = ref("category", categories[CATEGORIES.index("Tests")])
        for plan, neighbour in zip(plans, [*plans[1:], plans[0]], strict=True):
            school = School(self.maker, self.people, self.courses, plan.org)
            school.neighbour = ref("org", neighbour.org)
            yield from school.records(plan.sizes, plan.terms, plan.periods, tests)

    def sessions(self, beginning: int) -> list[Record]:
        """The school year that begins in that year, and each school's own copies of its terms.

        Many SIS keep such copies. The plans name them from now on.
        """
        year = self._session(school_year(beginning), beginning)
        below: dict[str, list[Record]] = defaultdict(list)
        made = [year]
        for plan in self.plans:
            plan.terms, plan.periods = [], []
            spans = whole_year if plan.band == "Elementary" else semesters
            for span in spans(beginning):
                term = self._session(span, beginning, year)
                periods = [self._session(part, beginning, term) for part in span.parts]
                plan.terms.append(term)
                plan.periods.extend(periods)
                made += [term, *periods]
        for session in made[1:]:
            below[session["parent"]["sourcedId"]].append(ref("academicSession", session))
        for session in made:
            if children := below.get(session["sourcedId"]):
                session["children"] = children
        return made

    def _planned(self, top: Record) -> list[Plan]:
        per_grade = {grade: self.students // len(GRADES) for grade in GRADES}
        for grade in GRADES[: self.students % len(GRADES)]:
            per_grade[grade] += 1
        if self.students < ONE_SCHOOL_BELOW:
            return [Plan(self._org(0, "K-12", top), "K-12", per_grade)]
        plans: list[Plan] = []
        for band, grades, size in BANDS:
            count = max(1, round(sum(per_grade[grade] for grade in grades) / size))
            for place in range(count):
                sizes = {grade: _share(per_grade[grade], count, place) for grade in grades}
                plans.append(Plan(self._org(len(plans), band, top), band, sizes))
        return plans

    def _org(self, number: int, band: str, top: Record) -> Record:
        rounds, place = divmod(number, len(names.SCHOOLS))
        name = f"{names.SCHOOLS[place]} {names.SIDES[rounds % len(names.SIDES)]}".strip()
        return self.maker.record(
            name=f"{name} {band} School",
            type="school",
            identifier=f"06{number + 1:05}",
            parent=ref("org", top),
        )

    def _session(self, span: Span, beginning: int, parent: Record | None = None) -> Record:
        session = self.maker.record(
            title=span.title,
            type=span.kind,
            startDate=span.begin,
            endDate=span.end,
            schoolYear=str(beginning + 1),
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
            courses[code + grade] = self.maker.record(
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
