"""The turns of the invented district's years: terms that end, and the rollover in August."""

from collections.abc import Iterable, Iterator
from typing import Final

from sandbox.invented import comings, staffing
from sandbox.invented.district import GRADES
from sandbox.invented.maker import Item, Record, ref
from sandbox.invented.school import School
from sandbox.invented.town import Campus, Town

RETIRING: Final = 0.05
LAST_GRADE: Final = "12"
FIRST_GRADE: Final = "KG"


def terms_begin(town: Town) -> int:
    """Another term: what was coming is taught, what was taught is over. Q writes nothing."""
    return 1 if town.ledger.day else 0


def ended_terms_are_forgotten(town: Town) -> int:
    """Sessions that are over disappear; at some schools with their classes and enrollments."""
    sessions = town.roster.held["academicSessions"]
    # A dict, not a set, whose order would differ from process to process.
    over = {name: None for name, each in sessions.items() if each["endDate"] <= town.today}
    for session in [each for name, each in sessions.items() if name not in over]:
        _keep_only(town, "academicSessions", session, "children", over)
    for class_ in list(town.roster.held["classes"].values()):
        if any(each["sourcedId"] not in over for each in class_["terms"]):
            _keep_only(town, "classes", class_, "terms", over)
        elif town.campus_at(class_["school"]).habits.old == "absent":
            _forget_class(town, class_["sourcedId"])
    for name in over:
        town.roster.drop("academicSessions", name)
    return len(over)


def _keep_only(town: Town, name: str, record: Record, field: str, over: dict[str, None]) -> None:
    kept = [each for each in record.get(field, ()) if each["sourcedId"] not in over]
    if len(kept) < len(record.get(field, ())):
        town.roster.edit(name, record["sourcedId"], **{field: kept})


def _forget_class(town: Town, class_id: str) -> None:
    for each in town.roster.enrollments(class_id=class_id):
        town.roster.drop("enrollments", each["sourcedId"])
    town.roster.drop("classes", class_id)


# -- the rollover


def rolls_over(town: Town, year: int) -> int:
    """A new school year: all sessions, classes and enrollments are others, students a grade up."""
    over = [n for n, each in town.roster.held["classes"].items() if each["status"] == "active"]
    recycled = town.dice.choice(over) if over else ""
    _take_back_old_year(town)
    _new_sessions(town, year)
    _retire_some(town)
    town.people.begin(year)
    for _ in range(_promote(town)):
        comings.newcomer(town, town.dice.choice(_having(town, FIRST_GRADE)), FIRST_GRADE)
    for campus in town.campuses:
        town.take(_recycling(_timetable(town, campus), recycled))
        recycled = ""
    return 1


def _take_back_old_year(town: Town) -> None:
    town.clear_timetable()
    town.left.clear()
    town.unscheduled.clear()
    for name in ("enrollments", "classes"):
        for sourced_id, record in list(town.roster.held[name].items()):
            if record["status"] == "active":
                habit = town.campus_at(record["school"]).habits.old
                town.roster.withdraw(name, sourced_id, habit)
    for sourced_id in list(town.roster.held["academicSessions"]):
        town.roster.drop("academicSessions", sourced_id)


def _new_sessions(town: Town, year: int) -> None:
    sessions = town.district.sessions(year)
    town.take([("academicSessions", each) for each in sessions])
    courses = town.district.courses
    for code, course in list(courses.items()):
        year_ref = ref("academicSession", sessions[0])
        courses[code] = town.roster.edit("courses", course["sourcedId"], schoolYear=year_ref)


def _retire_some(town: Town) -> None:
    for campus in town.campuses:
        for teacher in list(campus.teachers):
            if town.dice.random() < RETIRING:
                staffing.retire(town, campus, teacher)


def _promote(town: Town) -> int:
    """Everybody a grade up, into the next school where theirs ends; how many graduated."""
    graduated = 0
    for student in list(town.students):
        pupil = town.pupils[student]
        if pupil.grade == LAST_GRADE:
            comings.depart(town, student)
            graduated += 1
            continue
        grade = GRADES[GRADES.index(pupil.grade) + 1]
        comings.move(town, student, _next_school(town, pupil.campus, grade), grade)
    town.left.clear()
    return graduated


def _next_school(town: Town, campus: Campus, grade: str) -> Campus:
    """The same school, or the one that takes its students over."""
    having = _having(town, grade)
    if campus in having:
        return campus
    return having[town.campuses.index(campus) % len(having)]


def _having(town: Town, grade: str) -> list[Campus]:
    return [each for each in town.campuses if grade in each.plan.sizes]


def _timetable(town: Town, campus: Campus) -> Iterator[Item]:
    """The new classes of a school, and who is in them."""
    grades: dict[str, list[Record]] = {grade: [] for grade in campus.plan.sizes}
    for student in town.students:
        pupil = town.pupils[student]
        if pupil.campus is campus:
            grades[pupil.grade].append(ref("user", town.held("users", student)))
    staff = {
        role: [town.held("users", each) for each in crowd]
        for role, crowd in (("teacher", campus.teachers), ("aide", campus.aides))
    }
    school = School(town.maker, town.people, town.district.courses, campus.plan.org)
    return school.new_year(grades, campus.plan.terms, staff)


def _recycling(items: Iterable[Item], old: str) -> Iterator[Item]:
    """The same, but the first class has the id `old`, which another class had last year."""
    new = "" if old else "nothing"
    for name, record in items:
        if name == "classes" and not new:
            new = record["sourcedId"]
            yield name, {**record, "sourcedId": old}
        elif name == "enrollments" and record["class"]["sourcedId"] == new:
            yield name, {**record, "class": {**record["class"], "sourcedId": old}}
        else:
            yield name, record
