"""What may be written to Q: categories, line items, results, each as a whole record."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

import msgspec

from sandbox.q import clock, store
from sandbox.q.errors import Refused, Unprocessable
from sandbox.q.records import timestamp
from sandbox.q.schema import COLLECTIONS, SCORE_STATUSES, STATUSES, Collection
from sandbox.q.store import Selection
from sandbox.rules import on

LONGEST_ID: Final = 255

# Required of a line item are the fields that both official artefacts and the certified consumers
# agree on; `category`, `dueDate` and `resultValueMax` are each left out by one of them.
REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "categories": ("title",),
    "lineItems": ("title", "assignDate", "class", "resultValueMin"),
    "results": ("lineItem", "student", "scoreStatus", "scoreDate"),
}
# A result in one of these states needs no score.
WITHOUT_SCORE: Final = frozenset({"exempt", "not submitted", "submitted"})


def record(collection: Collection, sourced_id: str, body: bytes) -> dict[str, Any]:
    """The record to be kept at `sourced_id`, as sent in `body`. Raises Refused."""
    sent = _envelope(collection, body)
    if on("q.put-id-matches-path") and sent.get("sourcedId") != sourced_id:
        raise Unprocessable("sourcedId is not the id in the path")
    if len(sourced_id) > LONGEST_ID:
        raise Unprocessable(f"sourcedId is longer than {LONGEST_ID} characters")
    for problem in _problems(collection, sent):
        raise Unprocessable(problem)
    whole = {name: value for name, value in sent.items() if value is not None}
    whole |= {"sourcedId": sourced_id, "status": sent.get("status") or "active"}
    if "scoreDate" in whole:
        whole["scoreDate"] = str(whole["scoreDate"])[:10]
    if on("q.own-time-stamps"):
        whole["dateLastModified"] = timestamp(clock.moment())
    if not on("q.metadata"):
        whole.pop("metadata", None)
    return whole


def _envelope(collection: Collection, body: bytes) -> dict[str, Any]:
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused("the body is not JSON") from None
    inner = sent.get(collection.single) if isinstance(sent, dict) else None
    if not isinstance(inner, dict):
        raise Unprocessable(f'the body is {{"{collection.single}": {{…}}}}')
    return inner


def _problems(collection: Collection, sent: dict[str, Any]) -> Iterator[str]:
    """What is wrong, worst first; sentences name fields, never values."""
    if on("q.shapes"):
        yield from _shape_problems(collection, sent)
    if on("q.enumerations"):
        yield from _enumeration_problems(sent)
    if on("q.references"):
        yield from _reference_problems(collection, sent)
    if collection.name == "results":
        yield from _score_problems(sent)


def _shape_problems(collection: Collection, sent: dict[str, Any]) -> Iterator[str]:
    for name in REQUIRED[collection.name]:
        if sent.get(name) in (None, ""):
            yield f"{name} is missing"
    for name, value in sent.items():
        kind = collection.fields.get(name, "open")
        if value is not None and (problem := _shape_problem(kind, value)):
            yield f"{name} {problem}"


def _score_problems(sent: dict[str, Any]) -> Iterator[str]:
    score, status = sent.get("score"), sent.get("scoreStatus")
    if score is None and not (status in WITHOUT_SCORE and on("q.without-score")):
        yield "score is missing"
    if isinstance(score, int | float) and not on("q.extra-credit") and score > _maximum(sent):
        yield "score is above resultValueMax"


def _maximum(sent: dict[str, Any]) -> float:
    kept = store.body(COLLECTIONS["lineItems"], str(sent["lineItem"]["sourcedId"]))
    return float(msgspec.json.decode(kept or b"{}").get("resultValueMax", "inf"))


def _enumeration_problems(sent: dict[str, Any]) -> Iterator[str]:
    if sent.get("status") not in (None, *STATUSES):
        yield "status is active or tobedeleted"
    if "scoreStatus" in sent and sent["scoreStatus"] not in SCORE_STATUSES:
        yield "scoreStatus is none of " + ", ".join(sorted(SCORE_STATUSES))


def _shape_problem(kind: str, value: Any) -> str:
    match kind:
        case "number" if isinstance(value, bool) or not isinstance(value, int | float):
            return "is not a number"
        case "text" if not isinstance(value, str):
            return "is not a string"
        case "date" | "datetime" if not _is_time(value):
            return "is not a date"
        case "ref" if not (isinstance(value, dict) and isinstance(value.get("sourcedId"), str)):
            return "is not a reference with a sourcedId"
    return ""


def _is_time(value: Any) -> bool:
    """Consumers send a date where a date-time is due and the reverse; both are understood."""
    if not isinstance(value, str) or len(value) < 10:
        return False
    try:
        date.fromisoformat(value[:10])
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _reference_problems(collection: Collection, sent: dict[str, Any]) -> Iterator[str]:
    for name, target in collection.targets:
        ref = sent.get(name)
        if isinstance(ref, dict) and not _is_there(name, target, str(ref.get("sourcedId"))):
            yield f"{name} refers to an unknown object"


def _is_there(name: str, target: str, sourced_id: str) -> bool:
    conditions = ("sourced_id = %(id)s", *(("role = 'student'",) if name == "student" else ()))
    return store.exists(Selection(COLLECTIONS[target], conditions, {"id": sourced_id}))
