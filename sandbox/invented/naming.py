"""People of the invented district with other names, and records that get another id."""

from typing import Any, Final

from sandbox.invented import names
from sandbox.invented.maker import Record
from sandbox.invented.town import Slot, Town

REKEYED_STUDENTS: Final = 3
REKEYED_STAFF: Final = 1


def takes_another_name(town: Town) -> int:
    """Somebody marries, or is adopted. Login and e-mail address follow, or not."""
    user = _somebody(town)
    record = town.held("users", user)
    fields = town.people.renamed(record, town.dice.choice(names.FAMILY))
    if town.dice.random() < 0.5:
        fields = {"familyName": fields["familyName"]}
    town.roster.edit("users", user, **fields)
    return 1


def gets_another_login(town: Town) -> int:
    """Somebody's login and e-mail address are made anew."""
    user = _somebody(town)
    record = town.held("users", user)
    town.roster.edit("users", user, **town.people.moved_to_short_login(record))
    return 1


def _somebody(town: Town) -> str:
    crowd = town.students if town.dice.random() < 0.5 else town.adults
    return (crowd if len(crowd) else town.adults).draw(town.dice)


# -- other ids


def persons_get_other_ids(town: Town) -> int:
    """A handful of students and a teacher are in Q again under new ids; the old ones go."""
    wanted = min(REKEYED_STUDENTS, len(town.students))
    for student in town.dice.sample(list(town.students), wanted):
        _rekey_student(town, student)
    staffed = [each for each in town.campuses if len(each.teachers)]
    for campus in town.dice.sample(staffed, min(REKEYED_STAFF, len(staffed))):
        teacher = campus.teachers.draw(town.dice)
        new = _rekey_user(town, teacher)
        for crowd in (campus.teachers, town.adults):
            crowd.discard(teacher)
            crowd.add(new)
    return wanted + min(REKEYED_STAFF, len(staffed))


def _rekey_student(town: Town, student: str) -> None:
    new = _rekey_user(town, student)
    town.students.discard(student)
    town.students.add(new)
    pupil = town.pupils[new] = town.pupils.pop(student)
    if student in town.unscheduled:
        town.unscheduled[new] = town.unscheduled.pop(student)
    for offer in pupil.offers:
        del offer.students[student]
        offer.students[new] = None
    town.roster.put("demographics", {**town.held("demographics", student), "sourcedId": new})
    town.roster.drop("demographics", student)
    for guardian in town.held("users", new)["agents"]:
        agents = town.held("users", guardian["sourcedId"])["agents"]
        changed = [_pointed(each, student, new) for each in agents]
        town.roster.edit("users", guardian["sourcedId"], agents=changed)


def _rekey_user(town: Town, old: str) -> str:
    """The same person under a new id; the office takes the old record back as it does leavers'."""
    new = town.maker.new_id()
    record = town.held("users", old)
    campus = town.campus_of(record)
    town.roster.put("users", {**record, "sourcedId": new})
    for each in town.roster.enrollments(user=old):
        user = _pointed(each["user"], old, new)
        town.roster.edit("enrollments", each["sourcedId"], user=user)
    town.roster.withdraw("users", old, campus.habits.left if campus else "absent")
    town.ledger.renamed("user", old, new)
    return new


def class_gets_another_id(town: Town) -> int:
    """One class is in Q under a new id, with the same title, teacher and students."""
    running = town.dice.choice(town.campuses).running(town.today)
    if not running:
        return 0
    old, new = town.dice.choice(town.dice.choice(running).classes), town.maker.new_id()
    town.roster.put("classes", {**town.held("classes", old), "sourcedId": new})
    for each in town.roster.enrollments(class_id=old):
        pointed = {"class": _pointed(each["class"], old, new)}
        town.roster.edit("enrollments", each["sourcedId"], **pointed)
    town.roster.drop("classes", old)
    town.rename_class(old, new)
    town.ledger.renamed("class", old, new)
    return 1


def term_gets_another_id(town: Town) -> int:
    """One school's last term is in Q under a new id; classes and other sessions follow."""
    campus = town.dice.choice(town.campuses)
    old, new = campus.plan.terms[-1]["sourcedId"], town.maker.new_id()
    record = town.roster.put(
        "academicSessions", {**town.held("academicSessions", old), "sourcedId": new}
    )
    campus.plan.terms[-1] = record
    for each in list(town.roster.held["academicSessions"].values()):
        _follow(town, "academicSessions", each, old, new)
    for class_ in list(town.roster.held["classes"].values()):
        _follow(town, "classes", class_, old, new)
    town.roster.drop("academicSessions", old)
    campus.slots = {
        Slot(slot.grade, slot.subject, new if slot.term == old else slot.term): offers
        for slot, offers in campus.slots.items()
    }
    town.ledger.renamed("academicSession", old, new)
    return 1


def _follow(town: Town, name: str, record: Record, old: str, new: str) -> None:
    """Let every reference of a record that led to `old` lead to `new`."""
    changed: dict[str, Any] = {}
    for field in ("parent", "children", "terms"):
        value = record.get(field)
        many = value if isinstance(value, list) else [value] if value else []
        if any(each["sourcedId"] == old for each in many):
            pointed = [_pointed(each, old, new) for each in many]
            changed[field] = pointed if isinstance(value, list) else pointed[0]
    if changed:
        town.roster.edit(name, record["sourcedId"], **changed)


def _pointed(reference: Record, old: str, new: str) -> Record:
    return {**reference, "sourcedId": new} if reference["sourcedId"] == old else reference
