"""What happens in a school year: in Q by its calendar, by mistake, and in Canvas by hand."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from datetime import date, timedelta
from random import Random
from typing import Any

from sandbox.invented.year import Changes, Year
from tests.integration.provisioning.held_by_canvas import hand_made
from tests.simulation.model import Member, Model, Record
from tests.simulation.world import PAGE, World

ROSTER = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")


class Q:
    """What Q holds: the calendar's records, and over them what is wrong with some tonight."""

    def __init__(self, world: World, students: int, seed: int) -> None:
        self.world = world
        self.year = Year(students, seed)
        self.right: dict[str, dict[str, Record]] = {name: {} for name in ROSTER}
        self.wrong: dict[tuple[str, str], Record] = {}
        for collection, record in self.year.records():
            if collection in ROSTER:
                self.right[collection][record["sourcedId"]] = record
        everything = {name: list(held.values()) for name, held in self.right.items()}
        world.control("q", "records", {"upsert": everything})

    @property
    def records(self) -> dict[str, dict[str, Record]]:
        """As the wire has it now."""
        now = {name: dict(held) for name, held in self.right.items()}
        for (collection, key), record in self.wrong.items():
            if key in now[collection]:
                now[collection][key] = record
        return now

    def day(self, number: int) -> Changes:
        """A school day goes by; what it touches is right again."""
        changes = self.year.day(number)
        for collection, records in changes.upsert.items():
            if collection in ROSTER:
                for record in records:
                    self.right[collection][record["sourcedId"]] = {"status": "active"} | record
                    self.wrong.pop((collection, record["sourcedId"]), None)
        for collection, keys in changes.delete.items():
            if collection in ROSTER:
                for key in keys:
                    self.right[collection].pop(key, None)
                    self.wrong.pop((collection, key), None)
        only = {
            "upsert": {name: those for name, those in changes.upsert.items() if name in ROSTER},
            "delete": {name: those for name, those in changes.delete.items() if name in ROSTER},
        }
        self.world.control("q", "records", only)
        return changes

    def breaks(self, chance: Random, but: Collection[str]) -> str:
        """Somebody in the office makes a mistake in one record, of those that name none of `but`.

        Who has another id and a mistake at once cannot be told from somebody else.
        """
        collection, how = chance.choice(list(MISTAKES))
        keys = [
            key
            for key, one in self.right[collection].items()
            if one["status"] == "active" and not _names(one) & set(but)
        ]
        if not keys:
            return ""
        key = chance.choice(sorted(keys))
        record = copy.deepcopy(self.right[collection][key])
        MISTAKES[collection, how](record)
        self.wrong[collection, key] = record
        self.world.control("q", "records", {"upsert": {collection: [record]}})
        return f"{collection} {how}"

    def moves_a_term(self, chance: Random) -> str:
        """Somebody in the office lets a term end some days earlier or later."""
        terms = self.right["academicSessions"]
        key = chance.choice(sorted(terms))
        record = copy.deepcopy(terms[key])
        end = date.fromisoformat(record["endDate"]) + timedelta(days=chance.randint(-4, 4))
        if record["startDate"] < f"{end}":
            record["endDate"] = f"{end}"
        terms[key] = record
        self.world.control("q", "records", {"upsert": {"academicSessions": [record]}})
        return "a term moved"

    def repairs(self, chance: Random) -> None:
        """Some of the mistakes are found."""
        for collection, key in sorted(self.wrong):
            if chance.random() < 0.5:
                self._repair(collection, key)

    def wrong_no_more(self) -> None:
        """All of the mistakes are found."""
        for collection, key in sorted(self.wrong):
            self._repair(collection, key)

    def _repair(self, collection: str, key: str) -> None:
        del self.wrong[collection, key]
        if record := self.right[collection].get(key):
            self.world.control("q", "records", {"upsert": {collection: [record]}})


def _names(record: Record) -> set[str]:
    ends = (record.get(name) or {} for name in ("user", "class"))
    return {record["sourcedId"], *(one.get("sourcedId", "") for one in ends)}


def _loses(*names: str) -> Callable[[Record], None]:
    def lose(record: Record) -> None:
        for name in names:
            record[name] = None

    return lose


def _says(name: str, value: Any) -> Callable[[Record], None]:
    def say(record: Record) -> None:
        record[name] = value

    return say


MISTAKES: dict[tuple[str, str], Callable[[Record], None]] = {
    ("users", "without a login"): _loses("username", "email"),
    ("users", "of no known role"): _says("role", "wizard"),
    ("enrollments", "of no known status"): _says("status", "perhaps"),
    ("enrollments", "of nobody"): _says("user", {"sourcedId": "nobody", "type": "user"}),
    ("enrollments", "of no class"): _says("class", {"sourcedId": "nowhere", "type": "class"}),
    ("classes", "without a title"): _loses("title", "classCode"),
}


# --- in Canvas ----------------------------------------------------------------------------------


def somebody_is_taken_out(world: World, model: Model, chance: Random) -> str:
    """Another vendor's import ends an enrollment of ours."""
    members = sorted(model.expected("enrollments"))
    if not members:
        return ""
    member = Member(*chance.choice(members))
    row = f"{member.section},{member.user},{member.role},deleted"
    hand_made(world.sandbox.canvas, {"enrollments.csv": f"section_id,user_id,role,status\n{row}\n"})
    del model.canvas["enrollments"][member]
    return "somebody taken out"


def a_course_is_renamed(world: World, model: Model, chance: Random) -> str:
    courses = sorted(model.expected("courses"))
    if not courses:
        return ""
    course = chance.choice(courses)
    name = f"My own course {chance.randrange(1000)}"
    world.api("PUT", f"/courses/sis_course_id:{course}", **{"course[name]": name})
    model.by_hand["courses", course] = name
    return "a course renamed"


def somebody_is_let_in(world: World, model: Model, chance: Random) -> str:
    """A person without a SIS ID, by hand."""
    sections = sorted(model.expected("sections"))
    if not sections:
        return ""
    section = chance.choice(sections)
    name = f"guest{chance.randrange(10**9)}@example.org"
    form = {"user[name]": "A Guest", "pseudonym[unique_id]": name}
    user = world.api("POST", f"/accounts/{world.sandbox.canvas.account_id}/users", **form)
    told = {
        "enrollment[user_id]": str(user["id"]),
        "enrollment[type]": "StudentEnrollment",
        "enrollment[enrollment_state]": "active",
    }
    made = world.api("POST", f"/sections/sis_section_id:{section}/enrollments", **told)
    model.canvas["by hand"][str(made["id"])] = ()
    return "a guest let in"


def a_section_is_moved(world: World, model: Model, chance: Random) -> str:
    """A teacher teaches two sections in one course."""
    sections = sorted(model.expected("sections"))
    if len(sections) < 2:
        return ""
    one, other = chance.sample(sections, 2)
    section = world.api("GET", f"/sections/sis_section_id:{one}")
    course = world.api("GET", f"/courses/sis_course_id:{other}")
    world.api("POST", f"/sections/{section['id']}/crosslist/{course['id']}")
    return "a section moved"


BY_HAND = (somebody_is_taken_out, a_course_is_renamed, somebody_is_let_in, a_section_is_moved)


# --- what goes wrong ----------------------------------------------------------------------------


def _page(path: str, **do: Any) -> Callable[[World], None]:
    return lambda world: world.fault("q", do, path=path, times=1)


# What a night gets over: it ends as if nothing had been.
HARMLESS: dict[str, Callable[[World], Any]] = {
    "a cut page": _page("/enrollments", cut=200),
    "a lost answer of Q": _page("/users", drop=True),
    "an error that passes": _page("/classes", status=503),
    "too fast": _page("/enrollments", status=429, headers={"Retry-After": "1"}),
    "a token that ends": _page("/enrollments", control=[{"path": "/sandbox/forget-tokens"}]),
    "smaller pages": lambda world: world.control("q", "quirks", {"page-limit": PAGE // 2}),
    "another order": lambda world: world.control(
        "q", "quirks", {"references": "bare", "enumerations": "mixed", "booleans": "json"}
    ),
    "Q away for an hour": lambda world: world.fault("q", {"status": 500}, path="/orgs"),
    "a lost answer of Canvas": lambda world: world.fault(
        "canvas", {"drop": True, "apply": True}, method="POST", path="/sis_imports$", times=1
    ),
    "a busy Canvas": lambda world: world.fault(
        "canvas",
        {"status": 403, "body": "403 Forbidden (Rate Limit Exceeded)"},
        path="/sis_imports",
        times=1,
    ),
}
# Nothing of it can be proven: nobody is taken out.
UNPROVEN: dict[str, Callable[[World], Any]] = {
    "repeated records": lambda world: world.control("q", "quirks", {"duplicates": 3}),
    "a total that changes": lambda world: world.control("q", "quirks", {"total": "changing"}),
}
# The import ends without being carried out, or carried out in part.
BROKEN: dict[str, Callable[[World], Any]] = {
    "a failed import": lambda world: world.control("canvas", "imports/fail", {"how": "failed"}),
    "an aborted import": lambda world: world.control("canvas", "imports/fail", {"how": "aborted"}),
    "half an import": lambda world: world.control(
        "canvas", "imports/fail", {"how": "partial", "rows": 7}
    ),
}
