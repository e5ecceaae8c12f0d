"""Records as a provider with quirks spells them, and what it understands of its own spelling.

Applied to what is served, never to what is kept, so that switching a quirk off undoes it.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from sandbox.q import quirks
from sandbox.q.schema import SCORE_STATUSES, STATUSES, Collection

Record = dict[str, Any]

ENUMERATIONS: Final = ("status", "role", "type", "classType", "scoreStatus", "sex", "importance")
NAMES: Final = {
    "orgs": ("name",),
    "academicSessions": ("title",),
    "courses": ("title",),
    "classes": ("title",),
    "users": ("givenName", "familyName"),
}
ODDITIES: Final = {
    "unicode": " Ærøskøbing-Ñandú 王秀英 e\u0301",
    "emoji": " 👩\u200d🚀🎓",
    "rtl": " \u202eעברית\u202c",
    "csv": ' "the ""2nd"", Jr.\nÆ',
    "nul": " \x00",
    "long": " " + "Wolfeschlegelsteinhausen" * 13,
}
_US_DATE: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4})")
_EAST: Final = timezone(timedelta(hours=5, minutes=30))


def respelt(collection: Collection, record: Record) -> Record:
    """The record as it is served. Quirks that are off change nothing."""
    for name, change in _CHANGES.items():
        if (value := quirks.get(name)) is not None:
            change(collection, record, value)
    return record


def _without(name: str, field: str, only: str) -> Callable[[Collection, Record, Any], None]:
    def change(collection: Collection, record: Record, _: Any) -> None:
        if collection.name == only and quirks.is_picked(name, record.get("sourcedId")):
            record.pop(field, None)

    return change


def _unknown_org(collection: Collection, record: Record, _: Any) -> None:
    if collection.name == "users" and quirks.is_picked("user-unknown-org", record.get("sourcedId")):
        record["orgs"] = [_gone(each) for each in record.get("orgs", [])]


def _dangling(collection: Collection, record: Record, _: Any) -> None:
    if quirks.is_picked("dangling-references", record.get("sourcedId")):
        _each_reference(collection, record, _gone)


def _gone(ref: Any) -> Any:
    if not isinstance(ref, dict):
        return ref
    changed = {"sourcedId": f"gone-{ref.get('sourcedId')}"}
    if "href" in ref:
        place, _, last = str(ref["href"]).rpartition("/")
        changed["href"] = f"{place}/gone-{last}"
    return {**ref, **changed}


def _references(collection: Collection, record: Record, form: str) -> None:
    left_out = {"no-type": ["type"], "no-href": ["href"], "id-only": ["type", "href"]}

    def spelt(ref: Any) -> Any:
        if not isinstance(ref, dict):
            return ref
        if form == "bare":
            return ref.get("sourcedId")
        return {name: value for name, value in ref.items() if name not in left_out[form]}

    _each_reference(collection, record, spelt)


def _each_reference(collection: Collection, record: Record, change: Callable[[Any], Any]) -> None:
    for field, _ in collection.targets:
        value = record.get(field)
        if isinstance(value, list):
            record[field] = [change(each) for each in value]
        elif value is not None:
            record[field] = change(value)


def _names(collection: Collection, record: Record, kind: str) -> None:
    for field in NAMES.get(collection.name, ()):
        if isinstance(record.get(field), str):
            record[field] += ODDITIES[kind]


def _enumerations(_: Collection, record: Record, case: str) -> None:
    for field in ENUMERATIONS:
        if isinstance(word := record.get(field), str):
            record[field] = _in_case(word, case, field)


def _in_case(word: str, case: str, field: str) -> str:
    match case:
        case "upper":
            return word.upper()
        case "lower":
            return word.lower()
        case "mixed" if field == "status":
            return word.upper()
    return word.capitalize()


def _dates(collection: Collection, record: Record, form: str) -> None:
    for field, value in _of_kind(collection, record, "date"):
        if form == "us":
            record[field] = f"{value[5:7]}/{value[8:10]}/{value[:4]}"
        else:
            zone = "Z" if form == "datetime" else "-08:00"
            record[field] = f"{value[:10]}T00:00:00.000{zone}"


def _times(collection: Collection, record: Record, form: str) -> None:
    for field, value in _of_kind(collection, record, "datetime"):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            continue  # what is no time cannot be spelt as one
        local = moment.astimezone(_EAST) if form == "offset" else moment.replace(tzinfo=None)
        record[field] = local.isoformat(timespec="milliseconds")


def _of_kind(collection: Collection, record: Record, kind: str) -> list[tuple[str, str]]:
    return [
        (field, record[field])
        for field, its_kind in collection.fields.items()
        if its_kind == kind and isinstance(record.get(field), str)
    ]


def _booleans(_: Collection, record: Record, form: str) -> None:
    words: dict[str, dict[str, Any]] = {
        "json": {"true": True, "false": False},
        "capitalized": {"true": "True", "false": "False"},
        "digits": {"true": "1", "false": "0"},
    }
    for field, value in record.items():
        if value in ("true", "false"):
            record[field] = words[form][value]


def _numbers(collection: Collection, record: Record, _: Any) -> None:
    for field, kind in collection.fields.items():
        if kind == "number" and isinstance(record.get(field), int | float):
            record[field] = f"{record[field]:g}"


def _school_year(_: Collection, record: Record, form: str) -> None:
    year = record.get("schoolYear")
    if isinstance(year, str) and year.isdigit():
        end = year if form == "range" else year[-2:]
        record["schoolYear"] = f"{int(year) - 1}-{end}"


def _roles(collection: Collection, record: Record, _: Any) -> None:
    if collection.name == "users" and "role" in record:
        role = record.pop("role")
        role = "districtAdministrator" if role == "administrator" else role  # 1.2 has no other
        record["roles"] = [
            {"roleType": "primary", "role": role, "org": org} for org in record.get("orgs", [])
        ]


def _open_api(collection: Collection, record: Record, _: Any) -> None:
    if collection.name == "classes" and isinstance(record.get("periods"), list):
        record["periods"] = ",".join(record["periods"])
    if collection.name == "resources" and record.get("roles"):
        record["role"] = record.pop("roles")[0]


def _nulls(collection: Collection, record: Record, _: Any) -> None:
    for field in collection.fields:
        record.setdefault(field, None)


# In this order: a word is changed before the field that holds it moves, ids go last.
_CHANGES: Final[dict[str, Callable[[Collection, Record, Any], None]]] = {
    "class-without-terms": _without("class-without-terms", "terms", "classes"),
    "class-without-course": _without("class-without-course", "course", "classes"),
    "missing-username": _without("missing-username", "username", "users"),
    "missing-email": _without("missing-email", "email", "users"),
    "user-unknown-org": _unknown_org,
    "dangling-references": _dangling,
    "references": _references,
    "names": _names,
    "enumerations": _enumerations,
    "dates": _dates,
    "times": _times,
    "booleans": _booleans,
    "numbers-as-text": _numbers,
    "school-year": _school_year,
    "null-for-missing": _nulls,
    "roles": _roles,
    "open-api": _open_api,
    "missing-sourcedId": lambda collection, record, _: _anonymous(record),
}

NAMES_OF_CHANGES: Final = frozenset(_CHANGES)


def _anonymous(record: Record) -> None:
    if quirks.is_picked("missing-sourcedId", record.get("sourcedId")):
        record.pop("sourcedId", None)


def understood(collection: Collection, sent: Record) -> Record:
    """A record as sent, in plain spelling: whoever sends back what was served is understood."""
    plain = dict(sent)
    if quirks.get("references") == "bare":
        for field, _ in collection.targets:
            if isinstance(plain.get(field), str):
                plain[field] = {"sourcedId": plain[field]}
    if quirks.get("numbers-as-text"):
        plain |= {f: _number(v) for f, v in plain.items() if collection.fields.get(f) == "number"}
    if quirks.get("dates") == "us":
        dates = _of_kind(collection, plain, "date") + _of_kind(collection, plain, "datetime")
        plain |= {field: _US_DATE.sub(r"\3-\1-\2", value) for field, value in dates}
    if quirks.get("enumerations"):
        words = {each.lower(): each for each in SCORE_STATUSES | STATUSES}
        for field in ("status", "scoreStatus"):
            if isinstance(plain.get(field), str):
                plain[field] = words.get(plain[field].lower(), plain[field])
    return plain


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
