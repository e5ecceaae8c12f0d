"""Records in columns, and pages as they travel from one process to another. Pure: no I/O.

A million enrollments share a few dozen roles and dates; as an object each, with an object for each
reference, most of a night would be spent making and forgetting them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, ClassVar, Final, Generic, Self, cast, overload

import msgspec
from msgspec.structs import replace

from integration.oneroster.parse import Parsed, ids_of
from integration.oneroster.types import (
    ENROLLMENT,
    USER,
    Enrollment,
    Page,
    Problem,
    R,
    Ref,
    User,
    UserId,
)

# No text holds it: JSON may not, and a record with an escaped one is refused.
_NUL = "\0"
_encode = msgspec.msgpack.Encoder().encode
_entries = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


def are_unique(ids: Sequence[str]) -> bool:
    """Is each of these ids there once?"""
    return len(set(ids)) == len(ids)


class Columns(Sequence[R]):
    """Records of one kind: a column of texts each for what tells them apart, the ids first.

    `which` of the `traits` each has. `more`: packed, an entry each, what is seldom asked for.
    """

    TEXTS: ClassVar[tuple[Callable[[Any], str], ...]]

    __slots__ = ("more", "texts", "traits", "which")

    def __init__(
        self, texts: Sequence[list[str]], traits: list[Any], which: list[int], more: bytes = b""
    ) -> None:
        self.texts = texts
        self.traits = traits
        self.which = which
        self.more = more

    @classmethod
    def of(cls, records: Sequence[R]) -> Self:
        """These records in columns."""
        if isinstance(records, cls):
            return records
        numbers: dict[Any, int] = {}
        which = [numbers.setdefault(one, len(numbers)) for one in cls._all_traits(records)]
        texts = [list(map(text, records)) for text in cls.TEXTS]
        return cls(texts, list(numbers), which, cls._more(records))

    @classmethod
    def _all_traits(cls, records: Sequence[Any]) -> Iterable[Any]:
        return map(cls._traits, records)

    @staticmethod
    @abstractmethod
    def _traits(record: Any) -> Any: ...

    @staticmethod
    def _more(_: Sequence[Any]) -> bytes:
        return b""

    @abstractmethod
    def _record(self, place: int) -> R: ...

    @property
    def ids(self) -> list[str]:
        return self.texts[0]

    def __len__(self) -> int:
        return len(self.which)

    @overload
    def __getitem__(self, place: int) -> R: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> R | Self:
        if isinstance(place, int):
            return self._record(range(len(self))[place])
        more = _encode(_entries(self.more)[place]) if self.more else b""
        texts = [column[place] for column in self.texts]
        return type(self)(texts, self.traits, self.which[place], more)


class EnrollmentTraits(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What many enrollments have in common."""

    status: str
    role: str
    primary: bool
    begin_date: str
    end_date: str
    date_last_modified: str = ""


class Enrollments(Columns[Enrollment]):
    """`texts`: the ids of the enrollments, of their users and of their classes.

    When each was modified is kept only where several have one id (F13).
    """

    TEXTS = (
        attrgetter("sourced_id"),
        attrgetter("user.sourced_id"),
        attrgetter("class_.sourced_id"),
    )
    __slots__ = ()

    @classmethod
    def _all_traits(cls, records: Sequence[Enrollment]) -> Iterable[EnrollmentTraits]:
        ids = ids_of(records)
        if are_unique(ids):
            return super()._all_traits(records)
        several = {one for one, number in Counter(ids).items() if number > 1}
        return [
            replace(cls._traits(one), date_last_modified=one.date_last_modified)
            if one.sourced_id in several
            else cls._traits(one)
            for one in records
        ]

    @staticmethod
    def _traits(record: Enrollment) -> EnrollmentTraits:
        return EnrollmentTraits(
            record.status, record.role, record.primary, record.begin_date, record.end_date
        )

    def _record(self, place: int) -> Enrollment:
        sourced_id, user, class_id = (texts[place] for texts in self.texts)
        traits = self.traits[self.which[place]]
        return Enrollment(
            sourced_id,
            traits.status,
            traits.date_last_modified,
            user=Ref(user),
            class_=Ref(class_id),
            role=traits.role,
            primary=traits.primary,
            begin_date=traits.begin_date,
            end_date=traits.end_date,
        )


class UserTraits(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What many users have in common."""

    status: str
    date_last_modified: str
    role: str
    enabled_user: bool
    orgs: tuple[Ref, ...]


class _MoreOfUser(msgspec.Struct, frozen=True, gc=False, array_like=True):
    identifier: str
    middle_name: str
    user_ids: tuple[UserId, ...]
    agents: tuple[Ref, ...]


_read_more = msgspec.msgpack.Decoder(list[_MoreOfUser]).decode


class Users(Columns[User]):
    """`texts`: ids, usernames, given names, family names and addresses."""

    TEXTS = tuple(map(attrgetter, ("sourced_id", "username", "given_name", "family_name", "email")))
    __slots__ = ()

    @staticmethod
    def _traits(record: User) -> UserTraits:
        return UserTraits(
            record.status,
            record.date_last_modified,
            record.role,
            record.enabled_user,
            record.orgs,
        )

    @staticmethod
    def _more(records: Sequence[User]) -> bytes:
        return _encode(
            [
                _MoreOfUser(one.identifier, one.middle_name, one.user_ids, one.agents)
                for one in records
            ]
        )

    def __iter__(self) -> Iterator[User]:
        return map(self._made, range(len(self)), _read_more(self.more))

    def _record(self, place: int) -> User:
        return self._made(place, _read_more(self.more)[place])

    def _made(self, place: int, more: _MoreOfUser) -> User:
        sourced_id, username, given_name, family_name, email = (
            texts[place] for texts in self.texts
        )
        traits = self.traits[self.which[place]]
        return User(
            sourced_id,
            traits.status,
            traits.date_last_modified,
            username,
            traits.enabled_user,
            given_name,
            family_name,
            more.middle_name,
            traits.role,
            more.identifier,
            email,
            more.user_ids,
            more.agents,
            traits.orgs,
        )


class _Piece(msgspec.Struct, gc=False, array_like=True):
    """A piece of a page as it travels; `ids`: only where there are others than the records'.

    Each column of texts is one text: apart they take three times as long to read.
    """

    texts: list[str]
    traits: list[Any]
    which: list[int]
    more: bytes
    problems: list[Problem]
    ids: list[str]
    deviations: list[str]


class Packing(Generic[R]):
    """How pages of one kind travel."""

    def __init__(self, columns: type[Columns[R]], traits: Any) -> None:
        self._columns = columns
        narrow: Any = [("traits", list[traits])]
        piece = msgspec.defstruct("Piece", narrow, bases=(_Piece,), array_like=True, gc=False)
        self._piece = msgspec.msgpack.Decoder(cast(type[_Piece], piece)).decode
        self._pieces = msgspec.msgpack.Decoder(list[memoryview]).decode

    def pack(self, pieces: Iterable[Parsed[R]]) -> bytes:
        """Pieces of a page as bytes, which only `unpack` of the same kind reads.

        Raises:
            UnicodeEncodeError: half of a character stands where it was refused.
        """
        return _encode([_encode(self._packed(parsed)) for parsed in pieces])

    def _packed(self, parsed: Parsed[R]) -> _Piece:
        page = parsed.page
        some = self._columns.of(page.records)
        texts = list(map(_NUL.join, some.texts))
        ids = parsed.ids if page.problems else []
        deviations = list(parsed.deviations)
        return _Piece(
            texts, some.traits, some.which, some.more, list(page.problems), ids, deviations
        )

    def unpack(self, packed: bytes) -> Iterator[Parsed[R]]:
        """The pieces, each read when its turn comes."""
        for one in map(self._piece, self._pieces(packed)):
            # An empty text is one text, and no text as well.
            texts = [text.split(_NUL) if one.which else [] for text in one.texts]
            records = self._columns(texts, one.traits, one.which, one.more)
            page = Page(records, one.problems)
            yield Parsed(page, one.ids or records.ids, tuple(one.deviations))


# The kinds that come by the hundred thousand.
PACKINGS: Final[dict[str, Packing[Any]]] = {
    USER.key: Packing(Users, UserTraits),
    ENROLLMENT.key: Packing(Enrollments, EnrollmentTraits),
}
