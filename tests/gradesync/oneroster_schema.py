"""OneRoster 1.1's line item and result as JSON Schema, written from the specification's tables.

Nothing of the product is used here. `check` forgives the one thing that a result may lack by
design 6.6: the `score` of what is exempt or was not submitted.
"""

from __future__ import annotations

from typing import Any

import jsonschema

ID = {"type": "string", "minLength": 1, "maxLength": 255}
INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
DAY = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
TEXT = {"type": "string"}
STATUS = {"enum": ["active", "tobedeleted"]}


def ref(*types: str) -> dict[str, Any]:
    href = {"type": "string", "pattern": "^https?://"}
    told = {"href": href, "sourcedId": ID, "type": {"enum": list(types)}}
    return {"type": "object", "properties": told, "required": list(told)}


BASE = {"sourcedId": ID, "status": STATUS, "dateLastModified": INSTANT,
        "metadata": {"type": "object"}}  # fmt: skip
LINE_ITEM = {
    **BASE,
    "title": {"type": "string", "minLength": 1},
    "description": TEXT,
    "assignDate": INSTANT,
    "dueDate": INSTANT,
    "class": ref("class"),
    "category": ref("category"),
    "gradingPeriod": ref("gradingPeriod", "academicSession"),
    "resultValueMin": {"type": "number"},
    "resultValueMax": {"type": "number"},
}
RESULT = {
    **BASE,
    "lineItem": ref("lineItem"),
    "student": ref("user"),
    "scoreStatus": {
        "enum": ["exempt", "fully graded", "not submitted", "partially graded", "submitted"]
    },
    "score": {"type": "number"},
    "scoreDate": DAY,
    "comment": TEXT,
}
OPTIONAL = {"metadata", "description", "gradingPeriod", "comment"}


def _envelope(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    required = [field for field in fields if field not in OPTIONAL]
    whole = {"type": "object", "properties": fields, "required": required}
    return {"type": "object", "properties": {name: whole}, "required": [name],
            "additionalProperties": False}  # fmt: skip


STRICT = {
    "line_item": jsonschema.Draft202012Validator(_envelope("lineItem", LINE_ITEM)),
    "result": jsonschema.Draft202012Validator(_envelope("result", RESULT)),
}
WITHOUT_SCORE = ("exempt", "not submitted", "submitted")


def check(kind: str, body: Any) -> None:
    """Raises jsonschema.ValidationError."""
    if kind == "result" and "score" not in body.get("result", {}):
        assert body["result"]["scoreStatus"] in WITHOUT_SCORE, body
        body = {"result": {**body["result"], "score": 0.0}}
    STRICT[kind].validate(body)
