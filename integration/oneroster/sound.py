"""Types into which only canonical records decode, for the kinds that come by the hundred thousand.

What a decoder has judged need not be looked at again: a page of such records costs half the time. A
page with any other record in it does not decode into these; then it is read the usual way.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, Any, Generic, Literal, cast

import msgspec

from integration.oneroster.canonical import DATES, ROLES, STATUSES, Spellings, Unusable
from integration.oneroster.types import (
    Enrollment,
    Flag,
    R,
    Ref,
    Refs,
    Text,
    User,
    UserId,
    UserIds,
)


class _WholeUserId(UserId, frozen=True, gc=False, rename="camel", kw_only=True):
    type: str = ""
    identifier: Annotated[str, msgspec.Meta(min_length=1)]


_NEVER_NULL: dict[Any, Any] = {
    Text: str,
    Flag: bool,
    Refs: tuple[Ref, ...],
    UserIds: tuple[_WholeUserId, ...],
}
_ENUMERATED: dict[str, Spellings] = {"status": STATUSES, "role": ROLES}
_REQUIRED = {User: (), Enrollment: ("user", "class_")}
_DATES = {User: (), Enrollment: ("begin_date", "end_date")}


class Sound(Generic[R]):
    """Decodes pages of one kind, if they are sound; `records`: only the records of one."""

    def __init__(self, record: type[R], envelope: Any) -> None:
        self._dates = [attrgetter(name) for name in _DATES[cast(Any, record)]]
        strict: Any = _strict(record)
        self.page = msgspec.json.Decoder(envelope(strict), strict=False)
        self.records = msgspec.json.Decoder(list[strict], strict=False)

    def is_sound(self, records: Sequence[R], ids: Sequence[str]) -> bool:
        """Look at what the decoder could not judge: blank ids, and dates."""
        return all(map(str.strip, ids)) and all(
            map(_is_canonical, set[str]().union(*(map(date, records) for date in self._dates)))
        )


def comes_in_masses(record: type[Any]) -> bool:
    return record in _REQUIRED


def _is_canonical(date: str) -> bool:
    try:
        return DATES[date] == date
    except Unusable:
        return False


def _strict(record: type[R]) -> type[R]:
    """`record` with each type as narrow as a canonical record needs it."""
    fields: list[Any] = []
    for field in msgspec.structs.fields(record):
        name = field.name
        if name in _ENUMERATED:
            fields.append((name, Literal[_ENUMERATED[name].words]))
        elif name in _REQUIRED[cast(Any, record)]:
            fields.append((name, Ref, msgspec.field(name=field.encode_name)))
        elif field.type in _NEVER_NULL:
            fields.append((name, _NEVER_NULL[field.type], field.default))
    how: Any = {"frozen": True, "gc": False, "rename": "camel", "kw_only": True}
    return cast(type[R], msgspec.defstruct(record.__name__, fields, bases=(record,), **how))
