"""The filter grammar of OneRoster 1.1: parsing, and whether a record passes. Pure.

`field op 'value'`, at most one AND or OR between two of them. Strings compare without regard to
case. On a list, `=` means the whole list and `~` means each given member is in it; on a field of
listed objects (`orgs.sourcedId`) one match is enough.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

import msgspec

from sandbox.q.records import comparable_time
from sandbox.q.schema import COLLECTIONS, Collection, kind_of

OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": eq,
    "!=": ne,
    ">": gt,
    ">=": ge,
    "<": lt,
    "<=": le,
}

TIMES: Final = frozenset(
    name
    for each in COLLECTIONS.values()
    for name, kind in each.fields.items()
    if kind == "datetime"
)

# How to escape a quote in a value is defined nowhere. A quote is taken to end the value only
# where the filter or its clause can end, so that O'Brien can be looked for.
_CLAUSE: Final = re.compile(
    r"\s*([\w.-]+)\s*(!=|>=|<=|=|>|<|~)\s*'((?:[^']|'(?!\s*(?:$|(?:AND|OR)\s)))*)'", re.IGNORECASE
)
_JOINT: Final = re.compile(r"\s+(AND|OR)\s+", re.IGNORECASE)

_decode: Final = msgspec.json.Decoder().decode


class Malformed(ValueError):
    """The filter does not follow the grammar; the message says how."""


class UnknownField(ValueError):
    """The filter names a field that these records do not have."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison."""

    path: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Filter:
    """One or two comparisons and what joins them."""

    clauses: tuple[Clause, ...]
    joint: str = "AND"


def parse(text: str, collection: Collection) -> Filter:
    """The filter that `text` says. Raises Malformed or UnknownField."""
    clauses: list[Clause] = []
    joints: list[str] = []
    position = 0
    while True:
        found = _CLAUSE.match(text, position)
        if not found:
            raise Malformed("a filter is field, operator and 'value' in single quotes")
        clauses.append(_checked(Clause(*found.groups()), collection))
        position = found.end()
        if not text[position:].strip():
            break
        joint = _JOINT.match(text, position)
        if not joint or joints:
            raise Malformed("a filter has at most one AND or OR")
        joints.append(joint[1].upper())
        position = joint.end()
    return Filter(tuple(clauses), *joints)


def _checked(clause: Clause, collection: Collection) -> Clause:
    kind = kind_of(collection, clause.path)
    if kind is None:
        raise UnknownField(f"unknown field: {clause.path}")
    if kind == "number":
        try:
            float(clause.value)
        except ValueError:
            raise Malformed(f"{clause.path} is compared with a number") from None
    if kind == "datetime" and clause.operator != "~":
        return Clause(clause.path, clause.operator, comparable_time(clause.value))
    return clause


def holds(body: str, path: str, operator: str, value: str) -> bool:
    """Whether the record in `body` passes one comparison. Called by the database, row by row."""
    name, _, inner = path.partition(".")
    found = _decode(body).get(name)
    if isinstance(found, list):
        if inner:
            return _any(found, inner, operator, value)
        return _list_holds(found, operator, value)
    if inner:
        found = found.get(inner) if isinstance(found, dict) else None
    if found is None:
        return operator == "!="
    if name in TIMES and operator != "~":
        return OPERATORS[operator](comparable_time(str(found)), value)
    return _compare(found, operator, value)


def _any(found: list[Any], inner: str, operator: str, value: str) -> bool:
    parts = [each.get(inner) for each in found if isinstance(each, dict)]
    if operator == "!=":
        return not any(_compare(part, "=", value) for part in parts)
    return any(part is not None and _compare(part, operator, value) for part in parts)


def _list_holds(found: list[Any], operator: str, value: str) -> bool:
    have = [str(each).casefold() for each in found]
    want = list(_members(value))
    if operator == "~":
        return all(each in have for each in want)
    return OPERATORS[operator](have, want)


def _members(value: str) -> Iterator[str]:
    return (each.strip().casefold() for each in value.split(","))


def _compare(found: Any, operator: str, value: str) -> bool:
    if isinstance(found, bool):
        found = "true" if found else "false"
    if isinstance(found, int | float) and operator != "~":
        try:
            return OPERATORS[operator](float(found), float(value))
        except ValueError:
            return operator == "!="
    text, wanted = str(found).casefold(), value.casefold()
    if operator == "~":
        return wanted in text
    return OPERATORS[operator](text, wanted)
