"""What changes in the classes of the invented district, and in who attends which."""

from typing import Final

from sandbox.invented import attendance
from sandbox.invented.maker import Record
from sandbox.invented.school import ELEMENTARY_GRADES
from sandbox.invented.town import Campus, Offer, Pupil, Slot, Town
from sandbox.invented.truth import Membership

KINDS_OF_CLASS: Final = ("Honors", "Blended", "STEM", "Bilingual", "Café-style")
SMALLEST_TO_DIVIDE: Final = 4


def changes_section(town: Town) -> int:
    """A student goes over to another section, or takes a subject with the next grade."""
    student = town.students.draw(town.dice)
    pupil = town.pupils[student]
    running = [each for each in pupil.offers if each.end > town.today]
    if not running:
        return 0
    before = town.dice.choice(running)
    choices = _alternatives(town, pupil, before)
    if not choices:
        return 0
    attendance.leave(town, student, before, pupil.campus.habits.moved)
    attendance.take(town, student, town.dice.choice(choices))
    return 1


def _alternatives(town: Town, pupil: Pupil, offer: Offer) -> list[Offer]:
    slots = pupil.campus.slots
    same = [each for each in slots.get(offer.slot, ()) if each is not offer]
    if same or offer.slot.grade in ELEMENTARY_GRADES or offer.slot.term:
        return same
    grade = int(offer.slot.grade)
    near = [f"{each:02}" for each in (grade - 1, grade + 1)]
    subject = offer.slot.subject[:3]
    return [each for it in near for each in slots.get(Slot(it, subject + it), ())]


def is_added_again(town: Town) -> int:
    """An enrollment is taken back and given again under another id, on one day."""
    found = _some_enrollment(town)
    if not found:
        return 0
    student, record = found
    member = Membership(record["class"]["sourcedId"], student, "student")
    attendance.unenroll(town, member, town.pupils[student].campus.habits.left_classes)
    attendance.enroll(town, member)
    return 1


def is_doubled(town: Town) -> int:
    """An enrollment is there twice, under two ids."""
    found = _some_enrollment(town)
    if not found:
        return 0
    attendance.double(town, found[1])
    return 1


def _some_enrollment(town: Town) -> tuple[str, Record] | None:
    student = town.students.draw(town.dice)
    going_on = [
        each
        for each in town.roster.enrollments(user=student, role="student")
        if each["endDate"] > town.today
    ]
    return (student, town.dice.choice(going_on)) if going_on else None


# -- classes come and go


def opens(town: Town) -> int:
    """A section is too full: half of it gets a section and a teacher of its own."""
    campus = town.dice.choice(town.campuses)
    running = [o for o in campus.running(town.today) if len(o.students) >= SMALLEST_TO_DIVIDE]
    if not running:
        return 0
    full = max(town.dice.sample(running, min(3, len(running))), key=lambda o: len(o.students))
    number = 1 + max(int(each.place.rpartition("-")[2]) for each in campus.slots[full.slot])
    teacher = attendance.hire(town, campus)
    offer = Offer(full.slot, "".join(full.place.rpartition("-")[:2]) + f"{number:02}", full.end)
    campus.slots[full.slot].append(offer)
    for class_id in full.classes:
        record = town.roster.put("classes", _section(town, class_id, number))
        town.know_section(record, offer)
        attendance.enroll(town, Membership(record["sourcedId"], teacher, "teacher"), "true")
    for student in list(full.students)[1::2]:
        attendance.leave(town, student, full, town.pupils[student].campus.habits.moved)
        attendance.take(town, student, offer)
    return 1


def _section(town: Town, class_id: str, number: int) -> Record:
    """A class like another one."""
    model = town.held("classes", class_id)
    return {
        **model,
        "sourcedId": town.maker.new_id(),
        "title": f"{model['title'].partition(' – ')[0]} – Section {number}",
        "classCode": f"{model['classCode'].rpartition('-')[0]}-{number:02}",
    }


def is_dropped(town: Town) -> int:
    """The smallest of several sections is given up, its students go over to the others."""
    campus = town.dice.choice(town.campuses)
    choices = [
        offers
        for offers in campus.slots.values()
        if len(offers) > 1 and all(each.end > town.today for each in offers)
    ]
    if not choices:
        return 0
    offers = town.dice.choice(choices)
    smallest = min(offers, key=lambda each: len(each.students))
    offers.remove(smallest)
    for student in list(smallest.students):
        attendance.leave(town, student, smallest, town.pupils[student].campus.habits.moved)
        attendance.take(town, student, min(offers, key=lambda each: len(each.students)))
    for class_id in smallest.classes:
        _close(town, campus, class_id)
    return 1


def _close(town: Town, campus: Campus, class_id: str) -> None:
    town.ledger.closes(class_id)
    for each in town.roster.enrollments(class_id=class_id):
        town.roster.withdraw("enrollments", each["sourcedId"], campus.habits.left_classes)
    town.roster.withdraw("classes", class_id, campus.habits.left)


# -- classes look otherwise


def is_retitled(town: Town) -> int:
    """A class gets another title; it stays the class it was."""
    running = town.dice.choice(town.campuses).running(town.today)
    if not running:
        return 0
    class_id = town.dice.choice(town.dice.choice(running).classes)
    kind = town.dice.choice(KINDS_OF_CLASS)
    title = town.held("classes", class_id)["title"]
    town.roster.edit("classes", class_id, title=f"{kind} {title}")
    return 1


def course_gets_another_code(town: Town) -> int:
    """The catalogue renumbers a course that is being taught."""
    running = town.dice.choice(town.campuses).running(town.today)
    if not running:
        return 0
    class_id = town.dice.choice(town.dice.choice(running).classes)
    course = town.held("classes", class_id)["course"]
    code = town.course_code(course)
    changed = f"{code}.{town.dice.randrange(10, 100)}"
    sourced_id = course["sourcedId"]
    town.district.courses[code] = town.roster.edit("courses", sourced_id, courseCode=changed)
    return 1
