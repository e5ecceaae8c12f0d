"""A record in somebody's own shape → the fields we use in their right types. Pure: no I/O.

The patient way for what the typed decoder refuses: numbers for strings, references as bare strings,
one object where a list belongs, other cases of a field's name, the `roles` of OneRoster 1.2.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from integration.oneroster.canonical import Unusable
from integration.oneroster.types import Enrollment, Flag, Record, Ref, Refs, Text, User, UserIds

_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})
# Of no use in a record that can be read, but all that may be known of another one.
_ALSO_NAMED: dict[type[Record], tuple[str, ...]] = {Enrollment: ("school",)}
_ALIASES = {"sourcedid": ("sourceid",)}  # ClassLink spells it so in one of its APIs


class Misfit(Exception):
    """A field that no reading makes fit."""

    def __init__(self, field: str, sourced_id: str, why: Unusable) -> None:
        super().__init__(field)
        self.field = field
        self.sourced_id = sourced_id
        self.why = why


def shape(record: type[Record], data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `record` out of `data`, each of the type it should have.

    Raises:
        Misfit: a field cannot be made to fit.
    """
    lowered: dict[str, Any] = {}
    shaped: dict[str, Any] = {}
    for name, spellings, bend in _plan(record):
        if name in data:
            value = data[name]
        else:
            lowered = lowered or {str(key).lower(): value for key, value in data.items()}
            found = [key for key in spellings if key in lowered]
            if not found:
                continue
            value = lowered[found[0]]
        try:
            shaped[name] = bend(value)
        except Unusable as why:
            raise Misfit(name, shaped.get("sourcedId", ""), why) from None
    if record is User and not shaped.get("role"):
        _add_roles(shaped, data.get("roles"))
    return shaped


def references(record: type[Record], data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a record points to, however little else of it can be read: (name, sourcedId)."""
    found: list[tuple[str, str]] = []
    lowered = {str(key).lower(): value for key, value in data.items()}
    names = [name for name, _, bend in _plan(record) if bend is _ref]
    for name in (*names, *_ALSO_NAMED.get(record, ())):
        try:
            ref = _ref(data.get(name, lowered.get(name.lower())))
        except Unusable:
            continue
        if ref:
            found.append((name, ref["sourcedId"]))
    return tuple(found)


@cache
def _plan(record: type[Record]) -> list[tuple[str, tuple[str, ...], Callable[[Any], Any]]]:
    """Each field's name, its further spellings in lower case, and what bends it into form."""
    return [
        (
            field.encode_name,
            (field.encode_name.lower(), *_ALIASES.get(field.encode_name.lower(), ())),
            _SHAPERS[field.type],
        )
        for field in msgspec.structs.fields(record)
    ]


def _id(value: object) -> str:
    """An id exactly as sent; blank where there is none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _sound(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _wrong_type("an identifier")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if value is None or isinstance(value, str | int):
        return _id(value)
    raise _wrong_type("text")


def _sound(text: str) -> str:
    """Text that a CSV file and a database can hold: no NUL, no half of a character."""
    if "\0" in text or (not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)):
        raise Unusable(
            "oneroster.unusable-text",
            "the text holds a NUL or half of a character",
            "Enter the text anew in Q; it was damaged, often by a copy from another program.",
        )
    return text


def _flag(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    if not word:
        return None
    raise Unusable(
        "oneroster.unknown-flag", "the value is neither true nor false", "Set it to true or false."
    )


def _ref(value: object) -> dict[str, str] | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, Mapping):
        if "sourcedId" in value:
            value = value["sourcedId"]
        else:
            lowered = {str(name).lower(): inner for name, inner in value.items()}
            value = lowered.get("sourcedid", lowered.get("sourceid"))
    sourced_id = _id(value)
    return {"sourcedId": sourced_id} if sourced_id.strip() else None


def _refs(value: object) -> list[dict[str, str]]:
    values = value if isinstance(value, list) else [value]
    return [ref for ref in map(_ref, values) if ref]


def _user_ids(value: object) -> list[dict[str, str]]:
    values = value if isinstance(value, list) else [value]
    return [
        {"type": _text(one.get("type")), "identifier": _text(one.get("identifier"))}
        for one in values
        if isinstance(one, Mapping)
    ]


def _add_roles(shaped: dict[str, Any], roles: object) -> None:
    """OneRoster 1.2 under a 1.1 path: the primary role, and the orgs of all of them."""
    given = [r for r in roles if isinstance(r, Mapping)] if isinstance(roles, list) else []
    primary = [r for r in given if str(r.get("roleType")).lower() == "primary"]
    for role in (primary or given)[:1]:
        shaped["role"] = _text(role.get("role"))
    if not shaped.get("orgs"):
        shaped["orgs"] = _refs([role.get("org") for role in given])


def _wrong_type(what: str) -> Unusable:
    return Unusable(
        "oneroster.wrong-type",
        f"the value is not {what}",
        "Report it to the SIS vendor; the field has another type in OneRoster 1.1.",
    )


_SHAPERS: dict[Any, Callable[[Any], Any]] = {
    str: _id,
    Text: _text,
    Flag: _flag,
    Ref | None: _ref,
    Refs: _refs,
    UserIds: _user_ids,
}
