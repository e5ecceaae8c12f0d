"""Query parameters of a collection: limit, offset, sort, orderBy, filter, fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Final

from sandbox.q import filters, quirks
from sandbox.q.errors import Refused
from sandbox.q.filters import Clause, Filter
from sandbox.q.schema import Collection, kind_of
from sandbox.rules import on

DEFAULT_LIMIT: Final = 100
MAXIMUM_LIMIT: Final = 10_000

# Fields that stand in a column of their own; comparing there needs no look into the record.
_COLUMNS: Final = {"status": "status", "dateLastModified": "modified"}
_SORT_COLUMNS: Final = {**_COLUMNS, "sourcedId": "sourced_id"}

# Of numbers below a prime, each multiple is another order.
_PRIME: Final = 999_983
_requests = count(1)


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked for, checked; `warnings` are (code, sentence)."""

    limit: int
    offset: int
    order: str
    condition: str
    parameters: dict[str, str]
    fields: tuple[str, ...]
    warnings: tuple[tuple[str, str], ...]


def parse(given: Mapping[str, str], collection: Collection) -> Query:
    """The query in the parameters `given`. Raises Refused."""
    warnings: list[tuple[str, str]] = []
    default = DEFAULT_LIMIT if on("q.default-limit") else MAXIMUM_LIMIT
    limit = _whole(given, "limit", default, least=1)
    if on("q.page-clamp"):
        limit = min(limit, quirks.get("page-limit") or MAXIMUM_LIMIT)
    condition, parameters = _condition(given.get("filter"), collection)
    return Query(
        limit,
        _whole(given, "offset", 0, least=0),
        _order(given, collection, warnings),
        condition,
        parameters,
        selected(given, collection, warnings),
        tuple(warnings),
    )


def _whole(given: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 19 and least <= int(text)):
        if not on("q.whole-numbers"):
            return default
        raise Refused(f"{name} is a whole number from {least} on")
    return int(text)


def _order(
    given: Mapping[str, str], collection: Collection, warnings: list[tuple[str, str]]
) -> str:
    direction = given.get("orderBy", "asc").lower()
    if direction == "acs" and quirks.get("open-api"):
        direction = "asc"
    if direction not in ("asc", "desc"):
        raise Refused("orderBy is asc or desc")
    name = given.get("sort")
    is_ignored = name is not None and _is_refused("sort", "invalid_sort_field")
    if quirks.get("unstable-order") and (name is None or is_ignored):
        # Doubled, for SQL with parameters takes a single percent sign for the start of one.
        return f"(id * {611_953 * next(_requests) % _PRIME}) %% {_PRIME}"
    if is_ignored:
        return "id"
    if not on("q.sort"):
        return "id"
    if name is None:
        return f"id {direction}"
    if kind_of(collection, name) is None:
        sentence = f"unknown field: {name}"
        if not on("q.sort-unknown-field"):
            raise Refused(sentence, minor="invalid_sort_field")
        warnings.append(("invalid_sort_field", sentence))
        return "id"
    # Names come from the schema or are letters, digits, _ and -, so they cannot end the literal.
    by = _SORT_COLUMNS.get(name) or f"json_extract(body, '{_json_path(name)}') COLLATE NOCASE"
    return f"{by} {direction}, sourced_id"


def _is_refused(name: str, minor: str) -> bool:
    """Whether the parameter is to be ignored. Raises Refused where that is not how Q does it."""
    value = quirks.get(f"{name}-unsupported")
    if value == HTTPStatus.BAD_REQUEST:
        raise Refused(f"{name} is not supported", minor=minor)
    return value is not None


def _json_path(name: str) -> str:
    return "$." + ".".join(f'"{part}"' for part in name.split("."))


def selected(
    given: Mapping[str, str], collection: Collection, warnings: list[tuple[str, str]]
) -> tuple[str, ...]:
    """The fields to be answered; none named means all. Raises Refused."""
    text = given.get("fields")
    if text is None or not on("q.fields"):
        return ()
    if _is_refused("fields", "invalid_selection_field"):
        return ()
    names = tuple(each.strip() for each in text.split(","))
    if not all(names):
        if not on("q.blank-fields"):
            return ()
        raise Refused("fields names no field", minor="invalid_blank_selection_field")
    if unknown := [name for name in names if name not in collection.fields]:
        warnings.append(("invalid_selection_field", f"unknown field: {', '.join(unknown)}"))
        return ()
    return names


def _condition(text: str | None, collection: Collection) -> tuple[str, dict[str, str]]:
    if text is None or not on("q.filter") or _is_refused("filter", "invalid_filter_field"):
        return "", {}
    try:
        found = filters.parse(text, collection)
    except filters.UnknownField as error:
        if not on("q.filter-unknown-field"):
            return "", {}
        raise Refused(str(error), minor="invalid_filter_field") from None
    except filters.Malformed as error:
        if not on("q.filter-grammar"):
            return "", {}
        raise Refused(str(error)) from None
    return _sql(found, collection)


def _sql(found: Filter, collection: Collection) -> tuple[str, dict[str, str]]:
    parts: list[str] = []
    parameters: dict[str, str] = {}
    joint = found.joint if on("q.filter-or") else "AND"
    for number, clause in enumerate(found.clauses):
        parts.append(_comparison(clause, collection, number))
        parameters[f"value{number}"] = clause.value
        if f"%(path{number})s" in parts[-1]:
            parameters |= {f"path{number}": clause.path, f"operator{number}": clause.operator}
    return f" {joint} ".join(parts), parameters


def _comparison(clause: Clause, collection: Collection, number: int) -> str:
    if clause.operator != "~":
        if column := _COLUMNS.get(clause.path):
            return f"{column} {clause.operator} %(value{number})s"
        if clause.path in ("role", "type") and clause.path in collection.stored:
            return f"IFNULL({clause.path}, '') {clause.operator} %(value{number})s"
    return f"q_holds(body, %(path{number})s, %(operator{number})s, %(value{number})s)"
