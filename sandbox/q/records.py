"""From a record as given to the row that is kept: JSON text, ready to be served. Pure.

Content is kept as it came, also where it is wrong: a provider serves what it holds. Only what
belongs to the service is put right: a missing status or time stamp, and the `href` of references.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec

from sandbox.q.schema import COLLECTIONS, Collection

# Stands in the kept text for the service root, which is known only when a page is served.
# A quote inside a JSON string is escaped, so this sequence can only be a key and its value.
ROOT: Final = b'"href":"\x7f'

_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Row:
    """One record as it is kept."""

    collection: Collection
    sourced_id: str | None
    status: str
    modified: str
    body: str
    stored: tuple[str | None, ...]
    links: tuple[tuple[str, str], ...]


def row(name: str, record: dict[str, Any], *, now: datetime) -> Row:
    """The row of one raw record. Raises KeyError where there is no collection `name`."""
    collection = COLLECTIONS[name]
    whole = {**record}
    whole["status"] = record.get("status") or "active"
    whole["dateLastModified"] = record.get("dateLastModified") or timestamp(now)
    for field, target in collection.targets:
        if value := whole.get(field):
            whole[field] = _with_href(value, target)
    sourced_id = record.get("sourcedId")
    return Row(
        collection,
        str(sourced_id) if sourced_id else None,
        str(whole["status"]),
        comparable_time(str(whole["dateLastModified"])),
        _encode(whole).decode(),
        tuple(_plain(whole.get(field)) for field in collection.stored),
        tuple(
            (field, each) for field in collection.linked for each in sourced_ids(whole.get(field))
        ),
    )


def _with_href(value: Any, target: str) -> Any:
    if isinstance(value, list):
        return [_with_href(each, target) for each in value]
    if not isinstance(value, dict) or not isinstance(value.get("sourcedId"), str):
        return value
    place = f"\x7f/{target}/{quote(value['sourcedId'], safe='')}"
    known = {"sourcedId": value["sourcedId"], "type": COLLECTIONS[target].single}
    return {"href": place, **known, **{k: v for k, v in value.items() if k != "href"}}


def _plain(value: Any) -> str | None:
    """What a record is narrowed by: a reference's id, or the value itself."""
    if isinstance(value, dict):
        value = value.get("sourcedId")
    return value if isinstance(value, str) else None


def sourced_ids(refs: Any) -> Iterator[str]:
    """The ids in a list of references; nothing where it is no such list."""
    for ref in refs if isinstance(refs, list) else ():
        if isinstance(ref, dict) and isinstance(ref.get("sourcedId"), str):
            yield ref["sourcedId"]


def timestamp(moment: datetime) -> str:
    """As OneRoster writes it: UTC, milliseconds, Z."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    )


def comparable_time(text: str) -> str:
    """A time in the one form in which times compare as text; as it is where it is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
