"""The district while it lives: campuses, who attends what, and the verbs that events are made of.

Each verb writes records as an office would and tells the ledger what was meant; the two are kept
apart, so that one can be checked by the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sandbox.invented import names
from sandbox.invented.crowd import Crowd
from sandbox.invented.days import Day
from sandbox.invented.district import District, Plan
from sandbox.invented.maker import Item, Record, ref
from sandbox.invented.roster import COLLECTIONS, Habit, Roster
from sandbox.invented.school import ELEMENTARY_GRADES
from sandbox.invented.truth import Ledger, Membership

ELECTIVE_CODES: Final = frozenset(code for code, *_ in names.ELECTIVES)


class Slot(NamedTuple):
    """What every student of a grade takes exactly one offer of."""

    grade: str
    subject: str
    term: str = ""


@dataclass(slots=True, eq=False)
class Offer:
    """Classes that are attended together: one, or all those of an elementary room."""

    slot: Slot
    place: str
    end: str
    classes: list[str] = field(default_factory=list)
    students: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Habits:
    """How the office of one school takes back what it gave to Q."""

    moved: Habit
    left_classes: Habit
    left: Habit
    old: Habit


@dataclass(slots=True, eq=False)
class Campus:
    """One school: what is offered there, and its staff."""

    plan: Plan
    habits: Habits
    slots: dict[Slot, list[Offer]] = field(default_factory=dict)
    teachers: Crowd = field(default_factory=Crowd)
    aides: Crowd = field(default_factory=Crowd)

    @property
    def org(self) -> Record:
        """A reference to the school."""
        return ref("org", self.plan.org)

    def running(self, today: str) -> list[Offer]:
        """What is not over."""
        return [each for offers in self.slots.values() for each in offers if each.end > today]


@dataclass(slots=True)
class Pupil:
    """A student's place in the district."""

    campus: Campus
    grade: str
    offers: list[Offer] = field(default_factory=list)


def habits_of(seed: int, number: int) -> Habits:
    """Offices differ; among four schools each habit with leavers occurs."""
    both: tuple[Habit, Habit] = ("tobedeleted", "absent")
    ways: tuple[Habit, Habit, Habit] = ("tobedeleted", "absent", "ended")
    place = seed + number
    return Habits(ways[place % 3], both[place % 2], both[place // 2 % 2], both[(place + 1) % 2])


class Town:
    """Everything an event may look at and change."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.people = district.people
        self.maker = district.maker
        self.dice = district.maker.dice
        self.roster = Roster()
        self.ledger = Ledger()
        self.today = ""
        self.campuses: list[Campus] = []
        self.pupils: dict[str, Pupil] = {}
        self.students = Crowd()
        self.adults = Crowd()
        self.unscheduled: dict[str, int] = {}
        self.left: dict[str, tuple[Pupil, list[tuple[str, Record]]]] = {}
        self._by_org: dict[str, Campus] = {}
        self._offer_of: dict[str, Offer] = {}
        self._codes: dict[str, str] = {}

    def settle(self, first: Day) -> None:
        """Take over the district as it is on its first day."""
        self._turn_to(first)
        for name, record in self.district:
            if not self.campuses and self.district.plans:
                self._build()
            if name in COLLECTIONS:
                self.roster.load(name, record)
                self.know(name, record)
        self.roster.changes()

    def begin(self, day: Day) -> None:
        """Another day begins, with dice of its own."""
        self._turn_to(day)
        self.dice.seed(f"{self.district.seed}/{self.district.students}/day {day.number}")

    def _turn_to(self, day: Day) -> None:
        self.today = self.ledger.date = day.date
        self.roster.day = self.ledger.day = day.number

    def _build(self) -> None:
        for number, plan in enumerate(self.district.plans):
            campus = Campus(plan, habits_of(self.district.seed, number))
            self.campuses.append(campus)
            self._by_org[plan.org["sourcedId"]] = campus

    # -- taking in records that were made elsewhere

    def take(self, items: Iterable[Item]) -> None:
        """Put records into Q, and know what they mean."""
        for name, record in items:
            self.roster.put(name, record)
            self.know(name, record)

    def know(self, name: str, record: Record) -> None:
        """Understand a new record."""
        if name == "users":
            self._know_user(record)
        elif name == "classes":
            self._know_class(record)
        elif name == "enrollments":
            user, class_id = record["user"]["sourcedId"], record["class"]["sourcedId"]
            self.ledger.joins(Membership(class_id, user, record["role"]), record["beginDate"])
            if record["role"] == "student":
                self.attend(user, self._offer_of[class_id])

    def _know_user(self, user: Record) -> None:
        sourced_id, role = user["sourcedId"], user["role"]
        self.ledger.comes(sourced_id)
        campus = self._by_org.get(user["orgs"][0]["sourcedId"])
        if role == "student" and campus:
            self.pupils[sourced_id] = Pupil(campus, user["grades"][0])
            self.students.add(sourced_id)
            return
        self.adults.add(sourced_id)
        if campus and role == "teacher":
            campus.teachers.add(sourced_id)
        elif campus and role == "aide":
            campus.aides.add(sourced_id)

    def _know_class(self, record: Record) -> None:
        campus = self._by_org[record["school"]["sourcedId"]]
        slot, place = self._slot(record)
        offers = campus.slots.setdefault(slot, [])
        offer = next((each for each in offers if each.place == place), None)
        if offer is None:
            offer = Offer(slot, place, self.session(record["terms"][-1])["endDate"])
            offers.append(offer)
        self.know_section(record, offer)

    def know_section(self, record: Record, offer: Offer) -> None:
        """Understand a new class that belongs to an offer."""
        first, last = (self.session(record["terms"][each]) for each in (0, -1))
        self.ledger.opens(record["sourcedId"], first["startDate"], last["endDate"])
        offer.classes.append(record["sourcedId"])
        self._offer_of[record["sourcedId"]] = offer

    def _slot(self, record: Record) -> tuple[Slot, str]:
        grade, code = record["grades"][0], self.course_code(record["course"])
        place = record["classCode"].rpartition("-")[2]
        if grade in ELEMENTARY_GRADES:
            return Slot(grade, "room"), place
        if code in ELECTIVE_CODES:
            return Slot(grade, "elective", record["terms"][0]["sourcedId"]), f"{code}-{place}"
        return Slot(grade, code), place

    def course_code(self, course: Record) -> str:
        """What a course was called at first; its `courseCode` may have changed since."""
        if not self._codes:
            courses = self.district.courses.items()
            self._codes = {each["sourcedId"]: code for code, each in courses}
        return self._codes[course["sourcedId"]]

    # -- looking things up

    def held(self, name: str, sourced_id: str) -> Record:
        """The record as Q holds it."""
        return self.roster.held[name][sourced_id]

    def session(self, reference: Record) -> Record:
        """The session that is meant."""
        return self.held("academicSessions", reference["sourcedId"])

    def campus_of(self, record: Record) -> Campus | None:
        """Where a user mostly is; None at the district itself."""
        return self._by_org.get(record["orgs"][0]["sourcedId"])

    def campus_at(self, org: Record) -> Campus:
        """The school that is meant."""
        return self._by_org[org["sourcedId"]]

    def rename_class(self, old: str, new: str) -> None:
        """An offer's class has another id."""
        offer = self._offer_of[new] = self._offer_of.pop(old)
        offer.classes[offer.classes.index(old)] = new

    def clear_timetable(self) -> None:
        """Nothing is offered any more."""
        self._offer_of.clear()
        for campus in self.campuses:
            campus.slots.clear()
        for pupil in self.pupils.values():
            pupil.offers.clear()

    def attend(self, student: str, offer: Offer) -> None:
        """Note that a student takes an offer."""
        pupil = self.pupils[student]
        if offer not in pupil.offers:
            pupil.offers.append(offer)
            offer.students[student] = None

    def part(self, student: str, offer: Offer) -> None:
        """Note that a student no longer takes an offer."""
        self.pupils[student].offers.remove(offer)
        offer.students.pop(student, None)
