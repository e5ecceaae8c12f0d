"""One school of the invented district: who is there, what is taught, who is in which class."""

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sandbox.invented import names
from sandbox.invented.maker import Item, Maker, Record, ref
from sandbox.invented.people import People

ELEMENTARY_GRADES: Final = ("KG", "01", "02", "03", "04", "05")
CLASS_SIZE: Final = 25
CLASSES_OF_A_TEACHER: Final = 5
SPECIALS: Final = ("MUS", "PHE")


@dataclass(slots=True)
class _Class:
    """A class, who teaches it and who attends, before its enrollments are written."""

    record: Record
    team: str
    begin: str
    end: str
    students: list[Record]


class School:
    """About seven classes for each student; a primary teacher for each class."""

    def __init__(
        self, maker: Maker, people: People, courses: dict[str, Record], org: Record
    ) -> None:
        self._maker = maker
        self._dice = maker.dice
        self._people = people
        self._courses = courses
        self._org = ref("org", org)
        self.neighbour = self._org
        self._terms: list[Record] = []
        self._staff: dict[str, list[Record]] = {}
        self._taught: Counter[str] = Counter()

    def records(
        self, sizes: dict[str, int], terms: list[Record], periods: list[Record], category: Record
    ) -> Iterator[Item]:
        """All that belongs to the school, with `sizes` students in each grade."""
        self._terms = terms
        for _ in range(1 + sum(sizes.values()) // 600):
            yield "users", self._people.staff("administrator", [self._org])
        classes: list[_Class] = []
        for grade, size in sizes.items():
            students: list[Record] = []
            for _ in range(size):
                student = self._people.student(self._org, grade)
                students.append(ref("user", student))
                yield "users", student
                yield "demographics", self._people.demographics(student)
            classes += self._timetable(grade, students)
        yield from (("users", guardian) for guardian in self._people.guardians())
        yield from (("classes", each.record) for each in classes)
        yield from self._teaching(classes)
        for each in classes:
            yield from self._attending(each)
        for each in [each for each in classes if each.record["classType"] == "scheduled"][:2]:
            yield from self._gradebook(each, periods[0], category)

    def new_year(
        self,
        students: dict[str, list[Record]],
        terms: list[Record],
        staff: dict[str, list[Record]],
    ) -> Iterator[Item]:
        """Classes and enrollments of those who are there, `students` as references by grade.

        `staff` are teachers and aides by role; who is missing is hired.
        """
        self._terms = terms
        self._staff = {role: list(reversed(those)) for role, those in staff.items()}
        classes = [
            each for grade, those in students.items() for each in self._timetable(grade, those)
        ]
        yield from (("classes", each.record) for each in classes)
        yield from self._teaching(classes)
        for each in classes:
            yield from self._attending(each)

    # -- the timetable

    def _timetable(self, grade: str, students: list[Record]) -> list[_Class]:
        if grade in ELEMENTARY_GRADES:
            return self._rooms(grade, students)
        made: list[_Class] = []
        for code, *_ in names.SECONDARY:
            self._dice.shuffle(students)
            made += self._sections(code + grade, students, self._terms)
        for half, term in enumerate(self._terms):
            self._dice.shuffle(students)
            offered = min(len(names.ELECTIVES), -(-len(students) // CLASS_SIZE))
            for place in range(offered):
                code = names.ELECTIVES[(place + 3 * half) % len(names.ELECTIVES)][0]
                made += self._sections(code, students[place::offered], [term], grade)
        return made

    def _rooms(self, grade: str, students: list[Record]) -> list[_Class]:
        """Small children stay together: one room, one teacher, but for music and sports."""
        rooms = -(-len(students) // CLASS_SIZE)
        return [
            self._class(code + grade, room, students[room::rooms], self._terms, f"{grade}/{room}")
            for room in range(rooms)
            for code, *_ in names.ELEMENTARY
        ]

    def _sections(
        self, code: str, students: list[Record], terms: list[Record], grade: str = ""
    ) -> list[_Class]:
        count = -(-len(students) // CLASS_SIZE)
        return [
            self._class(code, place, students[place::count], terms, "", grade)
            for place in range(count)
        ]

    def _class(
        self,
        code: str,
        place: int,
        students: list[Record],
        terms: list[Record],
        team: str,
        grade: str = "",
    ) -> _Class:
        course = self._courses[code]
        if not team or code[:3] in SPECIALS:
            self._taught[code[:3]] += 1
            team = f"{code[:3]}/{self._taught[code[:3]] // CLASSES_OF_A_TEACHER}"
        suffix = f"-{grade}" if grade else ""
        term = terms[0]["title"].split()[0] if grade else ""
        record = self._maker.record(
            title=f"{course['title']}{suffix} {term}".strip() + f" – Section {place + 1}",
            classCode=f"{code}{suffix}{term[:1]}-{place + 1:02}",
            classType="homeroom" if code.startswith("HRM") else "scheduled",
            location=f"Room {100 + self._dice.randrange(200)}",
            grades=[grade] if grade else course["grades"],
            subjects=course["subjects"],
            subjectCodes=course["subjectCodes"],
            periods=[str(1 + self._dice.randrange(7))],
            course=ref("course", course),
            school=self._org,
            terms=[ref("academicSession", each) for each in terms],
        )
        return _Class(record, team, terms[0]["startDate"], terms[-1]["endDate"], students)

    # -- who is in it

    def _teaching(self, classes: list[_Class]) -> Iterator[Item]:
        """A primary teacher for each class; now and then a second one, or an aide."""
        aides: list[Record] = []
        while len(aides) < 1 + len(classes) // 100:
            aide = yield from self._found("aide", [self._org])
            aides.append(aide)
        teachers: dict[str, Record] = {}
        for number, each in enumerate(classes):
            if each.team not in teachers:
                shared = each.team.startswith("MUS") and self.neighbour != self._org
                orgs = [self._org, self.neighbour] if shared else [self._org]
                teachers[each.team] = yield from self._found("teacher", orgs)
            yield self._enrollment(each, ref("user", teachers[each.team]), "teacher", "true")
            if number % 12 == 11:
                others = [teacher for team, teacher in teachers.items() if team != each.team]
                if others:
                    helper = ref("user", self._dice.choice(others))
                    yield self._enrollment(each, helper, "teacher", "false")
            if number % 15 == 14:
                aide = ref("user", aides[number % len(aides)])
                yield self._enrollment(each, aide, "aide", "false")

    def _found(self, role: str, orgs: list[Record]) -> Generator[Item, None, Record]:
        """One who is there already, or somebody new."""
        if waiting := self._staff.get(role):
            return waiting.pop()
        user = self._people.staff(role, orgs)
        yield "users", user
        return user

    def _attending(self, each: _Class) -> Iterator[Item]:
        for student in each.students:
            item = self._enrollment(each, student, "student", "false")
            if self._dice.random() < 0.02:  # came later in the year
                days = self._dice.randrange(7, 90)
                begin = date.fromisoformat(each.begin) + timedelta(days)
                item[1]["beginDate"] = begin.isoformat()
            yield item

    def _enrollment(self, each: _Class, user: Record, role: str, primary: str) -> Item:
        return "enrollments", self._maker.record(
            user=user,
            school=self._org,
            role=role,
            primary=primary,
            beginDate=each.begin,
            endDate=each.end,
            **{"class": {"sourcedId": each.record["sourcedId"], "type": "class"}},
        )

    def _gradebook(self, each: _Class, period: Record, category: Record) -> Iterator[Item]:
        """What teachers already keep in Q itself."""
        line_item = self._maker.record(
            title="Chapter 1 test",
            description="Kept in Q.",
            assignDate=f"{period['startDate']}T15:00:00.000Z",
            dueDate=f"{period['endDate'][:8]}10T23:59:00.000Z",
            category=category,
            gradingPeriod=ref("academicSession", period),
            resultValueMin=0.0,
            resultValueMax=100.0,
            **{"class": ref("class", each.record)},
        )
        yield "lineItems", line_item
        for student in each.students:
            result = self._maker.record(
                lineItem=ref("lineItem", line_item),
                student=student,
                scoreStatus="fully graded",
                score=float(self._dice.randrange(50, 101)),
                scoreDate=f"{period['endDate'][:8]}11",
            )
            yield "results", result
