"""Teachers of the invented district who are replaced, and those who help."""

from typing import Final

from sandbox.invented import attendance
from sandbox.invented.maker import Record
from sandbox.invented.town import Campus, Town
from sandbox.invented.truth import Membership

TRIES: Final = 20


def is_replaced(town: Town) -> int:
    """A teacher gives up one class, or all of them and leaves."""
    campus = town.dice.choice(town.campuses)
    enrollment = _some_primary(town, campus)
    if not enrollment:
        return 0
    before = enrollment["user"]["sourcedId"]
    leaves = town.dice.random() < 0.6 and len(campus.teachers) > 1
    taught = [
        each
        for each in town.roster.enrollments(user=before, role="teacher")
        if each["primary"] == "true" and each["endDate"] > town.today
    ]
    classes = [each["class"]["sourcedId"] for each in taught]
    if leaves:
        retire(town, campus, before)
    else:
        classes = [enrollment["class"]["sourcedId"]]
        member = Membership(classes[0], before, "teacher")
        attendance.unenroll(town, member, campus.habits.moved)
    after = attendance.hire(town, campus)
    for class_id in dict.fromkeys(classes):
        attendance.enroll(town, Membership(class_id, after, "teacher"), "true")
    return 1


def retire(town: Town, campus: Campus, user: str) -> None:
    """A member of staff leaves the district."""
    attendance.withdraw_person(town, user, campus)
    campus.teachers.discard(user)
    town.adults.discard(user)


def gets_help(town: Town) -> int:
    """A second teacher joins a class."""
    campus = town.dice.choice(town.campuses)
    enrollment = _some_primary(town, campus)
    if not enrollment:
        return 0
    helper = campus.teachers.draw(town.dice)
    member = Membership(enrollment["class"]["sourcedId"], helper, "teacher")
    if town.ledger.holds(member):
        return 0
    attendance.enroll(town, member)
    return 1


def loses_help(town: Town) -> int:
    """A second teacher no longer comes."""
    for _ in range(TRIES):
        campus = town.dice.choice(town.campuses)
        if not (enrollment := _some_primary(town, campus)):
            continue
        class_id = enrollment["class"]["sourcedId"]
        for each in town.roster.enrollments(class_id=class_id, role="teacher"):
            member = Membership(class_id, each["user"]["sourcedId"], "teacher")
            if each["primary"] == "false" and town.ledger.holds(member):
                attendance.unenroll(town, member, campus.habits.moved)
                return 1
    return 0


def _some_primary(town: Town, campus: Campus) -> Record | None:
    running = campus.running(town.today)
    if not running:
        return None
    class_id = town.dice.choice(town.dice.choice(running).classes)
    return attendance.primary_of(town, class_id)
