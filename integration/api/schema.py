"""The OpenAPI document: made once from the operations themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema as Spectacular

DESCRIPTION = """\
The same actions and reads as the screens and commands of Q Sync for Canvas.

**Tokens.** Send `Authorization: Bearer …` with a token that an administrator made
(`manage.py api_token SLUG --make NAME --right read`). It is of one district, has some of the rights
`read`, `run`, `approve`, `configure`, `grades`, `send`, and expires.

**Long work** is answered with 202 and the run that does it, in the body's `url` and in `Location`:
ask there until `ended_at` is set. What is going already is joined.

**Lists** come in pages: follow `next` until it is null; `page_size` is 1 to 500.

**Refusals** have one shape: `code`, `message`, `remedy`, and `fields` with what is wrong with each
field. Names that are not known are refused.
"""


class AutoSchema(Spectacular):
    """Names an operation for its view, which is shorter than its address."""

    def get_operation_id(self) -> str:
        name = type(self.view).__name__
        return f"{self.method.lower()}{name}"


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a token is sent."""

    target_class = "integration.api.access.Bearer"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def strict(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What is sent has no fields but those that are named."""
    for name, shape in result["components"]["schemas"].items():
        if name.endswith("Wish"):
            shape["additionalProperties"] = False
    return result


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    info = made["info"] | {"description": DESCRIPTION}
    return made | {"info": info, "servers": [{"url": settings.BASE_URL}]}


# --- for people ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of the query, or a field of a body."""

    name: str
    type: str
    is_needed: bool
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    tag: str
    method: str
    path: str
    summary: str
    text: str
    query: list[Field]
    body: list[Field]
    gives: str
    answers: list[tuple[str, str]]


def operations() -> Iterator[Operation]:
    """All of them, in the order of the document."""
    told = document()
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            wish = one.get("requestBody", {}).get("content", {}).get("application/json", {})
            yield Operation(
                one["operationId"],
                one["tags"][0],
                method.upper(),
                path,
                one["summary"],
                one["description"],
                [_parameter(each) for each in one.get("parameters", ()) if each["in"] == "query"],
                list(_fields(_named(wish.get("schema", {})))),
                next(filter(None, map(_gives, one["responses"].values())), ""),
                [(status, each["description"]) for status, each in one["responses"].items()],
            )


def shapes() -> Iterator[tuple[str, str, list[Field]]]:
    """What is given: name, what it is, and its fields."""
    for name, shape in document()["components"]["schemas"].items():
        if not name.endswith(("Wish", "Page")):
            yield name, shape.get("description", ""), list(_fields(shape))


def _parameter(told: dict[str, Any]) -> Field:
    needed = bool(told.get("required"))
    return Field(told["name"], _type(told["schema"]), needed, told.get("description", ""))


def _fields(shape: dict[str, Any]) -> Iterator[Field]:
    needed = shape.get("required", ())
    for name, one in shape.get("properties", {}).items():
        yield Field(name, _type(one), name in needed, one.get("description", ""))


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, or the one that it refers to."""
    name = _ref(schema)
    found: dict[str, Any] = document()["components"]["schemas"].get(name, schema)
    return found


def _ref(schema: dict[str, Any]) -> str:
    inner = schema.get("allOf", [{}])[0]
    return str(schema.get("$ref") or inner.get("$ref") or "").rpartition("/")[2]


def _gives(answer: dict[str, Any]) -> str:
    return _ref(answer.get("content", {}).get("application/json", {}).get("schema", {}))


def _type(schema: dict[str, Any]) -> str:
    if name := _ref(schema):
        return name
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"] if one not in ("", None))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    inner = schema.get("additionalProperties")
    if isinstance(inner, dict) and inner:
        return f"object of {_type(inner)}"
    return str(schema.get("format") or schema.get("type") or "anything")
