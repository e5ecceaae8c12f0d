"""What a teacher does in Q's own gradebook: no client, so the service's rules do not ask.

Every change stamps the record with a new time and says that a teacher made it; fields that a
client put there and the teacher does not know stay.
"""

from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import msgspec

from sandbox.q import clock, records, store, writers
from sandbox.q.schema import COLLECTIONS
from sandbox.q.store import Selection

Record = dict[str, Any]

EXEMPT: Final = "EX"
MOST: Final = 10_000


def record(name: str, sourced_id: str) -> Record | None:
    """One record as it is kept."""
    kept = store.body(COLLECTIONS[name], sourced_id)
    return msgspec.json.decode(kept) if kept else None


def several(name: str, condition: str = "", **parameters: Any) -> list[Record]:
    """The records that are there, by title where they have one."""
    conditions = ("status <> 'tobedeleted'", *((condition,) if condition else ()))
    chosen = Selection(COLLECTIONS[name], conditions, parameters)
    bodies, _ = store.page(chosen, order="id", limit=MOST, offset=0)
    return [msgspec.json.decode(each) for each in bodies]


def students_of(class_id: str) -> list[Record]:
    """The students of a class, by name."""
    inside = several("enrollments", "\"class\" = %(id)s AND role = 'student'", id=class_id)
    found = (record("users", each["user"]["sourcedId"]) for each in inside)
    by_id = {each["sourcedId"]: each for each in found if each}
    return sorted(by_id.values(), key=lambda each: (each.get("familyName"), each.get("givenName")))


def line_items_of(class_id: str) -> list[Record]:
    """The line items of a class, in the order in which they came."""
    return several("lineItems", '"class" = %(id)s', id=class_id)


def results_of(class_id: str) -> dict[tuple[str, str], Record]:
    """The results of a class, by line item and student; of several the last counts."""
    rows = several(
        "results",
        '"lineItem" IN (SELECT sourced_id FROM q_lineitems WHERE "class" = %(id)s)',
        id=class_id,
    )
    return {(each["lineItem"]["sourcedId"], each["student"]["sourcedId"]): each for each in rows}


def save(name: str, changed: Record) -> None:
    """Keep a record as the teacher made it."""
    whole = {**changed, "dateLastModified": records.timestamp(clock.moment())}
    whole = {field: value for field, value in whole.items() if value not in (None, "")}
    store.put(records.row(name, whole, now=clock.moment()))
    writers.note(name, whole["sourcedId"], writers.TEACHER)


def remove(name: str, sourced_id: str) -> None:
    """The record is gone; with a line item go its results."""
    if name == "lineItems":
        store.remove_results(sourced_id)
    store.remove(COLLECTIONS[name], sourced_id)


def new(**fields: Any) -> Record:
    """A record with an id of Q's own."""
    return {"sourcedId": str(uuid4()), "status": "active", **fields}


def ref(sourced_id: str) -> Record | None:
    """A reference; none to nothing."""
    return {"sourcedId": sourced_id} if sourced_id else None


def shown(result: Record | None) -> str:
    """What stands in the field of a score."""
    if not result:
        return ""
    if result.get("scoreStatus") == "exempt":
        return EXEMPT
    score = result.get("score")
    return f"{score:g}" if isinstance(score, int | float) else ""


def type_score(line_item: str, student: str, kept: Record | None, text: str) -> None:
    """A score, EX, or nothing: then the result is taken away. Raises ValueError."""
    if not text:
        if kept:
            remove("results", kept["sourcedId"])
        return
    made = kept or new(lineItem=ref(line_item), student=ref(student))
    is_exempt = text.upper() == EXEMPT
    save(
        "results",
        {
            **made,
            "score": None if is_exempt else float(text),
            "scoreStatus": "exempt" if is_exempt else "fully graded",
            "scoreDate": clock.moment().date().isoformat(),
        },
    )


def periods_of(class_id: str) -> Iterator[Record]:
    """The grading periods of the class's terms."""
    found = record("classes", class_id) or {}
    for term in found.get("terms", []):
        yield from several(
            "academicSessions",
            "type = 'gradingPeriod' AND \"parent\" = %(id)s",
            id=term.get("sourcedId"),
        )
