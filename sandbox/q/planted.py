"""Quirks that are in the data itself: put in when switched on, taken out when switched off.

Kept like any record, so that counts, pages, filters and single reads all tell the same.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from sandbox.q import clock, quirks, records, store
from sandbox.q.schema import COLLECTIONS

Record = dict[str, Any]
Undo = Callable[[], None]

ANOTHER_SCHOOL: Final = {"sourcedId": "another-school", "name": "Another School", "type": "school"}

_undoing: list[Undo] = []
# Ids that clients chose while all others were odd: they stay as they are.
_chosen: set[str] = set()


def uproot() -> None:
    """Take out what was put in, before the records themselves are changed."""
    while _undoing:
        _undoing.pop()()


def replant() -> None:
    """Make the data agree with the quirks that are on."""
    uproot()
    for name, plant in _PLANTS.items():
        if (value := quirks.get(name)) is not None:
            _undoing.append(plant(value))


def forget() -> None:
    """The records are gone, and with them what would be taken out."""
    _undoing.clear()
    _chosen.clear()


def _all(name: str) -> Iterator[Record]:
    for body in store.bodies(COLLECTIONS[name]):
        yield msgspec.json.decode(body)


def _save(name: str, found: Iterable[Record]) -> None:
    now = clock.moment()
    store.save(records.row(name, each, now=now) for each in found)


def _remove(name: str, found: Iterable[Record]) -> None:
    for each in found:
        store.remove(COLLECTIONS[name], each["sourcedId"])


def _id(ref: Any) -> Any:
    return ref.get("sourcedId") if isinstance(ref, dict) else None


def _duplicates(_: Any) -> Undo:
    made = [
        {**each, "sourcedId": f"{each['sourcedId']}-again"}
        for each in _all("enrollments")
        if each.get("sourcedId") and quirks.is_picked("duplicate-enrollments", each["sourcedId"])
    ]
    _save("enrollments", made)
    return lambda: _remove("enrollments", made)


def _second_teachers(_: Any) -> Undo:
    teachers = [each["sourcedId"] for each in _all("users") if each.get("role") == "teacher"]
    there: dict[str, list[Record]] = {}
    for each in _all("enrollments"):
        if each.get("role") == "teacher":
            there.setdefault(_id(each.get("class")), []).append(each)
    before = [each for class_id, them in there.items() if _picked(class_id) for each in them]
    made = []
    for class_id, them in there.items():
        others = set(teachers) - {_id(each.get("user")) for each in them}
        if _picked(class_id) and others:
            second = {**them[0], "sourcedId": f"{them[0]['sourcedId']}-second"}
            made.append({**second, "user": {"sourcedId": min(others)}})
    _save("enrollments", [{**each, "primary": "true"} for each in [*before, *made]])

    def undo() -> None:
        _remove("enrollments", made)
        _save("enrollments", before)

    return undo


def _picked(class_id: str) -> bool:
    return quirks.is_picked("two-primary-teachers", class_id)


def _other_schools(_: Any) -> Undo:
    schools = sorted(each["sourcedId"] for each in _all("orgs") if each.get("type") == "school")
    new = [ANOTHER_SCHOOL] if len(schools) < 2 else []
    _save("orgs", new)
    known = [*schools, *(each["sourcedId"] for each in new)]
    before = [
        each
        for each in _all("enrollments")
        if quirks.is_picked("enrollment-of-another-school", each.get("sourcedId"))
    ]
    _save("enrollments", [{**each, "school": _another(each, known)} for each in before])

    def undo() -> None:
        _remove("orgs", new)
        _save("enrollments", before)

    return undo


def _another(enrollment: Record, schools: list[str]) -> Record:
    own = _id(enrollment.get("school"))
    return {"sourcedId": next(each for each in schools if each != own)}


def _odd_ids(start: str) -> Undo:
    _rewrite(lambda own: own if own in _chosen or own.startswith(start) else start + own)

    def plain(own: str) -> str:
        if not own.startswith(start):
            _chosen.add(own)
        return own.removeprefix(start)

    return lambda: _rewrite(plain)


def _rewrite(change: Callable[[str], str]) -> None:
    """Load all records again, with every id changed."""
    rows = []
    now = clock.moment()
    for name in COLLECTIONS:
        rows += [records.row(name, _with_ids(each, change), now=now) for each in _all(name)]
    store.clear()
    store.load(rows)


def _with_ids(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_with_ids(each, change) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: change(inner)
        if name == "sourcedId" and isinstance(inner, str)
        else _with_ids(inner, change)
        for name, inner in value.items()
    }


# In this order, for ids are rewritten of whatever is there; taken out in the reverse one.
_PLANTS: Final[dict[str, Callable[[Any], Undo]]] = {
    "duplicate-enrollments": _duplicates,
    "two-primary-teachers": _second_teachers,
    "enrollment-of-another-school": _other_schools,
    "odd-ids": _odd_ids,
}

NAMES: Final = frozenset(_PLANTS)
