"""Students of the invented district who come, go, come back, and go to another school."""

from typing import Final

from sandbox.invented import attendance
from sandbox.invented.maker import Record
from sandbox.invented.town import Campus, Pupil, Town

UNSCHEDULED_DAYS: Final = 5


def arrives(town: Town) -> int:
    """A new student, with a family, in the middle of the year."""
    campus = town.dice.choice(town.campuses)
    grades = [slot.grade for slot in campus.slots]
    if not grades:
        return 0
    attendance.schedule(town, newcomer(town, campus, town.dice.choice(grades)))
    return 1


def newcomer(town: Town, campus: Campus, grade: str) -> str:
    """Somebody nobody knew yet."""
    student = town.people.student(campus.org, grade)
    town.take([("users", each) for each in (student, *town.people.guardians())])
    town.roster.put("demographics", town.people.demographics(student))
    return str(student["sourcedId"])


def leaves(town: Town) -> int:
    """A student moves away, and guardians with nobody left here go too."""
    if len(town.students) < 2:
        return 0
    student = town.students.draw(town.dice)
    depart(town, student)
    return 1


def depart(town: Town, student: str) -> None:
    """Somebody leaves the district."""
    pupil = town.pupils[student]
    record = town.held("users", student)
    kept = [("users", record), ("demographics", town.held("demographics", student))]
    for offer in list(pupil.offers):
        town.part(student, offer)
    attendance.withdraw_person(town, student, pupil.campus)
    for guardian in record["agents"]:
        kept.append(("users", town.held("users", guardian["sourcedId"])))
        _lose_child(town, guardian["sourcedId"], student, pupil.campus)
    town.students.discard(student)
    town.unscheduled.pop(student, None)
    del town.pupils[student]
    town.left[student] = pupil, kept


def _lose_child(town: Town, guardian: str, student: str, campus: Campus) -> None:
    agents = town.held("users", guardian)["agents"]
    others = [each for each in agents if each["sourcedId"] != student]
    if others:
        town.roster.edit("users", guardian, agents=others)
        return
    town.adults.discard(guardian)
    attendance.withdraw_person(town, guardian, campus)


def returns(town: Town) -> int:
    """A student who had left is there again, under the same id."""
    if not town.left:
        return 0
    student = town.dice.choice(list(town.left))
    pupil, kept = town.left.pop(student)
    for name, record in kept:
        _put_back(town, name, record, student)
    town.pupils[student].grade = pupil.grade
    attendance.schedule(town, student)
    return 1


def _put_back(town: Town, name: str, record: Record, student: str) -> None:
    sourced_id = record["sourcedId"]
    there = town.roster.held[name].get(sourced_id)
    if name != "users":
        town.roster.put(name, record)
    elif there and there["status"] == "active":
        agents = [*there["agents"], {"sourcedId": student, "type": "user"}]
        town.roster.edit("users", sourced_id, agents=agents)
    elif sourced_id == student:
        town.take([("users", record)])
    else:
        child = {"sourcedId": student, "type": "user"}
        town.take([("users", {**record, "agents": [child]})])


def loses_all_classes(town: Town) -> int:
    """A student drops every class and stays on the rolls."""
    student = town.students.draw(town.dice)
    if student in town.unscheduled:
        return 0
    attendance.unschedule(town, student, town.pupils[student].campus.habits.moved)
    town.unscheduled[student] = town.ledger.day
    return 1


def gets_classes_again(town: Town) -> int:
    """Those who were without classes for some days get a timetable."""
    due = [
        each for each, day in town.unscheduled.items() if day + UNSCHEDULED_DAYS <= town.ledger.day
    ]
    for student in due:
        del town.unscheduled[student]
        attendance.schedule(town, student)
    return len(due)


def changes_school(town: Town) -> int:
    """A student goes to another school of the district, if need be with a step in grade."""
    student = town.students.draw(town.dice)
    pupil = town.pupils[student]
    choices = _other_schools(town, pupil)
    if not choices:
        return 0
    campus, grade = town.dice.choice(choices)
    attendance.unschedule(town, student, pupil.campus.habits.moved)
    move(town, student, campus, grade)
    attendance.schedule(town, student)
    town.unscheduled.pop(student, None)
    return 1


def _other_schools(town: Town, pupil: Pupil) -> list[tuple[Campus, str]]:
    others = [each for each in town.campuses if each is not pupil.campus]
    same = [(each, pupil.grade) for each in others if teaches(each, pupil.grade)]
    steps = [f"{int(pupil.grade) + step:02}" for step in (-1, 1)] if pupil.grade != "KG" else []
    near = [(each, grade) for each in others for grade in steps if teaches(each, grade)]
    return same or near


def teaches(campus: Campus, grade: str) -> bool:
    """Whether a school has that grade."""
    return any(slot.grade == grade for slot in campus.slots)


def move(town: Town, student: str, campus: Campus, grade: str) -> None:
    """A student belongs to a school and a grade from now on; guardians follow."""
    pupil = town.pupils[student]
    for offer in list(pupil.offers):
        town.part(student, offer)
    pupil.campus, pupil.grade = campus, grade
    record = town.roster.edit("users", student, orgs=[campus.org], grades=[grade])
    for guardian in record["agents"]:
        _follow_children(town, guardian["sourcedId"])


def _follow_children(town: Town, guardian: str) -> None:
    record = town.held("users", guardian)
    children = [each["sourcedId"] for each in record["agents"]]
    campuses = [town.pupils[each].campus for each in children if each in town.pupils]
    orgs = list({each.plan.org["sourcedId"]: each.org for each in campuses}.values())
    if orgs and orgs != record["orgs"]:
        town.roster.edit("users", guardian, orgs=orgs)
