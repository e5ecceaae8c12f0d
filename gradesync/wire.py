"""Line items and results as OneRoster 1.1 objects. PURE: values in, JSON objects out.

PUT replaces the whole object, so one that exists is written as it was read, with our fields
changed (design 6.8). `dateLastModified` is stamped by `stamped`, with the time of the plan, so
that a body sent twice is the same body.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

from gradesync.rules import Rules
from integration.oneroster.gradebook_types import MARKER, JsonObject, LineItemFields, Value

ObjectKind = Literal["line_item", "result"]
_ENVELOPES: dict[ObjectKind, str] = {"line_item": "lineItem", "result": "result"}
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)

# Path in the service, and the `type` that the strictest reader takes (oneroster.md 3.2).
_REFS = {
    "class": ("classes", "class"),
    "category": ("categories", "category"),
    "gradingPeriod": ("gradingPeriods", "academicSession"),
    "lineItem": ("lineItems", "lineItem"),
    "student": ("users", "user"),
}


# Our names of a line item's fields, and OneRoster's.
KEYS = {
    "title": "title",
    "category_id": "category",
    "maximum": "resultValueMax",
    "due_at": "dueDate",
    "assigned_at": "assignDate",
    "grading_period_id": "gradingPeriod",
}


def ref(name: str, sourced_id: str, root: str) -> dict[str, str]:
    path, type_ = _REFS[name]
    return {"href": f"{root}/{path}/{sourced_id}", "sourcedId": sourced_id, "type": type_}


def new_line_item(
    sourced_id: str, class_id: str, fields: LineItemFields, marker: str, rules: Rules
) -> JsonObject:
    body: dict[str, Any] = {
        "sourcedId": sourced_id,
        "status": "active",
        "description": "",
        "class": ref("class", class_id, rules.root),
        "resultValueMin": Decimal("0.0"),
        **_written(fields, rules),
    }
    return _marked(body, marker, rules)


def changed_line_item(
    raw: JsonObject,
    fields: LineItemFields,
    names: Collection[str],
    marker: str,
    rules: Rules,
) -> JsonObject:
    """The object as read, with the fields in `names` as wanted. Our mark is set on the way."""
    ours = _written(fields, rules)
    body = dict(raw)
    for name in names:
        key = KEYS[name]
        if key in ours:
            body[key] = ours[key]
        else:
            body.pop(key, None)
    return _marked(body, marker, rules)


def _written(fields: LineItemFields, rules: Rules) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "title": fields.title,
        "category": ref("category", fields.category_id, rules.root) if fields.category_id else None,
        "resultValueMax": _float(fields.maximum),
        "dueDate": _instant(fields.due_at),
        "assignDate": _instant(fields.assigned_at),
        "gradingPeriod": ref("gradingPeriod", fields.grading_period_id, rules.root)
        if fields.grading_period_id
        else None,
    }
    return {name: value for name, value in whole.items() if value is not None}


def _marked(body: dict[str, Any], marker: str, rules: Rules) -> JsonObject:
    if not rules.profile.keeps_metadata:
        return body
    return body | {"metadata": {**(body.get("metadata") or {}), MARKER: marker}}


def result(
    sourced_id: str,
    line_item_id: str,
    student_id: str,
    value: Value,
    raw: JsonObject | None,
    rules: Rules,
) -> JsonObject:
    """A result as it is to be. `raw` is the one that Q holds, None for a new one."""
    body: dict[str, Any] = dict(raw or {}) | {
        "sourcedId": sourced_id,
        "status": "active",
        "lineItem": ref("lineItem", line_item_id, rules.root),
        "student": ref("student", student_id, rules.root),
        "scoreStatus": value.status,
        "scoreDate": _score_date(value, rules).isoformat(),
        "score": _float(value.score),
    }
    if value.score is None:
        del body["score"]
    if value.comment is not None:
        body["comment"] = value.comment
    if value.letter is not None:
        metadata = {**(body.get("metadata") or {}), rules.profile.letter_field: value.letter}
        body["metadata"] = metadata
    return body


def _score_date(value: Value, rules: Rules) -> date:
    return (value.graded_at or rules.now).astimezone(rules.zone).date()


def encoded(body: JsonObject) -> str:
    """Exact JSON, numbers as numbers; equal objects give equal text."""
    return _ENCODER.encode(body).decode()


def decoded(text: str) -> JsonObject:
    whole: JsonObject = _DECODER.decode(text)
    return whole


def stamped(kind: ObjectKind, text: str, at: datetime) -> bytes:
    """The envelope to PUT, of a body kept in a plan that was made `at`."""
    body = {**decoded(text), "dateLastModified": _instant(at)}
    return _ENCODER.encode({_ENVELOPES[kind]: body})


def _instant(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _float(number: Decimal | None) -> Decimal | None:
    """OneRoster's floats: some readers take an integer for another type."""
    if number is None:
        return None
    exponent = number.as_tuple().exponent
    return (
        number.quantize(Decimal("0.1")) if isinstance(exponent, int) and exponent >= 0 else number
    )
