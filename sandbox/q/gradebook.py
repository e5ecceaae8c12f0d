"""What may be written to Q: categories, line items, results, each as a whole record."""

from collections.abc import Iterator
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from django.http import HttpRequest

from sandbox.q import clock, quirks, spelling, store
from sandbox.q.errors import Clashing, Forbidden, Refused, Unauthorized, Unprocessable
from sandbox.q.operations import GRADES, GRADES_DELETE, GRADES_PUT, Operation
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
CONSTANT_CATEGORY: Final = "11111111-1111-1111-1111-111111111111"
# A result in one of these states needs no score.
WITHOUT_SCORE: Final = frozenset({"exempt", "not submitted", "submitted"})


def record(
    collection: Collection, sourced_id: str, body: bytes, *, is_allocated: bool = False
) -> dict[str, Any]:
    """The record to be kept at `sourced_id`, as sent in `body`. Raises Refused.

    `is_allocated`: the id is Q's own, whatever was sent.
    """
    sent = spelling.understood(collection, _envelope(collection, body))
    if is_allocated:
        sent["sourcedId"] = sourced_id
    if on("q.put-id-matches-path") and sent.get("sourcedId") != sourced_id:
        raise Unprocessable("sourcedId is not the id in the path")
    if len(sourced_id) > LONGEST_ID:
        raise Unprocessable(f"sourcedId is longer than {LONGEST_ID} characters")
    for problem in _problems(collection, sent):
        raise Unprocessable(problem)
    _check_clash(collection, sourced_id, sent)
    _check_refused(collection, sent)
    whole = {name: value for name, value in sent.items() if value is not None}
    whole |= {"sourcedId": sourced_id, "status": sent.get("status") or "active"}
    if "scoreDate" in whole:
        whole["scoreDate"] = str(whole["scoreDate"])[:10]
    if on("q.own-time-stamps"):
        whole["dateLastModified"] = timestamp(clock.moment())
    if not on("q.metadata"):
        whole.pop("metadata", None)
    return _as_kept(collection, whole)


def _as_kept(collection: Collection, whole: dict[str, Any]) -> dict[str, Any]:
    """What Q makes of a good record without a word."""
    if collection.name == "lineItems":
        if length := quirks.get("title-length"):
            whole["title"] = whole["title"][:length]
        if quirks.get("category") == "constant":
            whole["category"] = {"sourcedId": CONSTANT_CATEGORY}
    if quirks.get("score-rounded") and isinstance(whole.get("score"), int | float):
        whole["score"] = round(whole["score"])
    return whole


def check_access(request: HttpRequest, operation: Operation) -> None:
    """Some providers guard the gradebook beyond its scopes. Raises Refused."""
    if not operation.scopes & (GRADES | GRADES_PUT | GRADES_DELETE):
        return
    if (header := quirks.get("vendor-header")) and header not in request.headers:
        raise Unauthorized(f"the gradebook needs {header}")
    forbidden = quirks.get("gradebook-forbidden")
    if forbidden == "all" or (forbidden == "write" and operation.method != "GET"):
        raise Forbidden("the gradebook is not open to this client")


def check_open(collection: Collection, sourced_id: str) -> None:
    """Raises Unprocessable for a record of a closed grading period."""
    kept = msgspec.json.decode(store.body(collection, sourced_id) or b"{}")
    for problem in _period_problems(collection, kept):
        raise Unprocessable(problem)


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
    if collection.name == "lineItems":
        yield from _category_problems(sent)
        yield from _title_problems(sent)
    yield from _period_problems(collection, sent)


def _check_clash(collection: Collection, sourced_id: str, sent: dict[str, Any]) -> None:
    if collection.name != "lineItems" or not quirks.get("title-unique"):
        return
    same_title = "json_extract(body, '$.title') = %(title)s"
    of_class = Selection(
        collection,
        ('"class" = %(class)s', "sourced_id <> %(id)s", same_title),
        {"class": sent["class"]["sourcedId"], "id": sourced_id, "title": sent["title"]},
    )
    if store.exists(of_class):
        raise Clashing("the class has a line item with this title")


def _check_refused(collection: Collection, sent: dict[str, Any]) -> None:
    refusal = quirks.get("result-refused")
    if not refusal or collection.name != "results":
        return
    if quirks.is_among(refusal.get("students", True), sent["student"]["sourcedId"]):
        refused = Refused(refusal["text"])
        refused.status = refusal["status"]
        raise refused


def check_delete() -> None:
    """Some providers offer no DELETE. Raises Refused."""
    status = quirks.get("delete")
    if isinstance(status, int):
        refused = Refused("DELETE is not supported", minor="unsupported operation")
        refused.status = HTTPStatus(status)
        raise refused


def _category_problems(sent: dict[str, Any]) -> Iterator[str]:
    match quirks.get("category"):
        case "required" if not sent.get("category"):
            yield "category is missing"
        case "unknown" if sent.get("category"):
            yield "category refers to an unknown object"
    if quirks.get("class-categories") and isinstance(ref := sent.get("category"), dict):
        kept = store.body(COLLECTIONS["categories"], str(ref.get("sourcedId")))
        known = msgspec.json.decode(kept or b"{}").get("metadata") or {}
        if known.get("class") not in (None, sent["class"]["sourcedId"]):
            yield "the category belongs to another class"


def _title_problems(sent: dict[str, Any]) -> Iterator[str]:
    limit = quirks.get("title-limit")
    if limit and len(str(sent.get("title", ""))) > limit:
        yield f"title is longer than {limit} characters"


def _period_problems(collection: Collection, sent: dict[str, Any]) -> Iterator[str]:
    if collection.name == "results":
        sent = _kept_line_item(sent)
    elif collection.name != "lineItems":
        return
    period = sent.get("gradingPeriod") or {}
    if quirks.is_picked("grading-period-closed", period.get("sourcedId")):
        yield "the grading period is closed"


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
    needs_score = quirks.get("score-required") or not on("q.without-score")
    if score is None and (needs_score or status not in WITHOUT_SCORE):
        yield "score is missing"
    is_capped = quirks.get("score-max") or not on("q.extra-credit")
    if is_capped and isinstance(score, int | float) and score > _maximum(sent):
        yield "score is above resultValueMax"


def _maximum(sent: dict[str, Any]) -> float:
    return float(_kept_line_item(sent).get("resultValueMax", "inf"))


def _kept_line_item(result: dict[str, Any]) -> dict[str, Any]:
    kept = store.body(COLLECTIONS["lineItems"], str(result["lineItem"]["sourcedId"]))
    found: dict[str, Any] = msgspec.json.decode(kept or b"{}")
    return found


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
