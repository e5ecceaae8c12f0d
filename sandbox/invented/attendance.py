"""Joining and leaving classes: the verbs that the calendar's events are made of."""

from sandbox.invented.maker import Record, ref
from sandbox.invented.roster import Habit
from sandbox.invented.town import Campus, Offer, Town
from sandbox.invented.truth import Membership


def enroll(town: Town, member: Membership, primary: str = "false") -> None:
    """Somebody joins a class, from today or from its first day on, if that comes later."""
    begin, end = town.ledger.span(member.class_id)
    begin = max(begin, town.today)
    _write(town, member, primary, begin, end)
    town.ledger.joins(member, begin)


def double(town: Town, enrollment: Record) -> None:
    """Say again what is said already, under another id, as some SIS do."""
    town.roster.put("enrollments", {**enrollment, "sourcedId": town.maker.new_id()})


def _write(town: Town, member: Membership, primary: str, begin: str, end: str) -> None:
    class_ = town.held("classes", member.class_id)
    record = town.maker.record(
        user=ref("user", town.held("users", member.user_id)),
        school=class_["school"],
        role=member.role,
        primary=primary,
        beginDate=begin,
        endDate=end,
        **{"class": ref("class", class_)},
    )
    town.roster.put("enrollments", record)


def unenroll(town: Town, member: Membership, habit: Habit) -> None:
    """Somebody leaves a class that goes on."""
    town.ledger.parts(member)
    found = town.roster.enrollments(user=member.user_id, class_id=member.class_id, role=member.role)
    for each in found:
        if habit != "ended":
            town.roster.withdraw("enrollments", each["sourcedId"], habit)
        elif each["beginDate"] >= town.today:
            # Who never came has no last day.
            town.roster.withdraw("enrollments", each["sourcedId"], "tobedeleted")
        elif each["endDate"] > town.today:
            town.roster.edit("enrollments", each["sourcedId"], endDate=town.today)


def take(town: Town, student: str, offer: Offer) -> None:
    """A student joins the classes of an offer."""
    for class_id in offer.classes:
        enroll(town, Membership(class_id, student, "student"))
    town.attend(student, offer)


def leave(town: Town, student: str, offer: Offer, habit: Habit) -> None:
    """A student leaves the classes of an offer."""
    for class_id in offer.classes:
        unenroll(town, Membership(class_id, student, "student"), habit)
    town.part(student, offer)


def schedule(town: Town, student: str) -> None:
    """A student gets one offer of each kind that is still going on: where there is most room."""
    pupil = town.pupils[student]
    taken = {each.slot.subject[:3] + each.slot.term for each in pupil.offers}
    for slot, offers in pupil.campus.slots.items():
        running = [each for each in offers if each.end > town.today]
        if slot.grade == pupil.grade and running and slot.subject[:3] + slot.term not in taken:
            take(town, student, min(running, key=lambda each: len(each.students)))


def unschedule(town: Town, student: str, habit: Habit) -> None:
    """A student leaves all classes that are not over."""
    for offer in [each for each in town.pupils[student].offers if each.end > town.today]:
        leave(town, student, offer, habit)


def withdraw_person(town: Town, user: str, campus: Campus) -> None:
    """Somebody leaves the district, with every trace that the office can take back."""
    town.ledger.goes(user)
    for each in town.roster.enrollments(user=user):
        town.roster.withdraw("enrollments", each["sourcedId"], campus.habits.left_classes)
    town.roster.withdraw("demographics", user, campus.habits.left)
    town.roster.withdraw("users", user, campus.habits.left)


def primary_of(town: Town, class_id: str) -> Record | None:
    """The enrollment of the teacher who has the class."""
    found = town.roster.enrollments(class_id=class_id, role="teacher")
    going_on = (each for each in found if each["endDate"] > town.today)
    return next((each for each in going_on if each["primary"] == "true"), None)


def hire(town: Town, campus: Campus, role: str = "teacher") -> str:
    """Somebody new at a school."""
    user = town.people.staff(role, [campus.org])
    town.take([("users", user)])
    return str(user["sourcedId"])
