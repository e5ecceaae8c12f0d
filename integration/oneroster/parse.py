"""The bytes of an answer → canonical records and problems. Pure: no I/O.

Three ways. The fastest decodes a page into types that take canonical records only (`sound`), a
large one in pieces (`slices`). The next decodes it into the types as they are and makes each record
canonical in place. Records that do not survive it, or all of a page that does not, go the patient
way: one by one, with numbers for strings, bare references, 1.2 shapes and the like bent into form.
What is unusable even then becomes a Problem, and only that record.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Any, Final, Generic

import msgspec

from integration.oneroster.canonical import Settler, Unusable, is_tombstone
from integration.oneroster.envelope import NoRecords, find_record, find_records, read_info
from integration.oneroster.shapes import Misfit, references, shape
from integration.oneroster.slices import Slicer, slices
from integration.oneroster.sound import Sound, comes_in_masses
from integration.oneroster.types import KINDS, Identified, Item, Kind, Page, Problem, R, Record

Refs = tuple[tuple[str, str], ...]

_BOM = b"\xef\xbb\xbf"
# JSON may not hold a raw NUL, so where a page has no escaped one, no record need be searched.
_NUL = b"\\u0000"
# No id begins with it.
_NO_ID = "\0"
_NOT_AN_OBJECT = Unusable(
    "oneroster.wrong-type", "it is not a JSON object", "Report it to the SIS vendor."
)


class Undecodable(Exception):
    """The bytes are not JSON."""


@dataclass(frozen=True, slots=True)
class Parsed(Generic[Item]):
    """A page, the ids of all that the answer held in its order, and deviations.

    Of a record without an id its stand-in is among them.
    """

    page: Page[Item]
    ids: list[str]
    deviations: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.ids)


class PageParser(Generic[R]):
    """Reads the answers of one kind. Safe to share among threads."""

    def __init__(self, kind: Kind[R]) -> None:
        self.kind = kind
        # Not strict: "true" and "1" are booleans here. A text "null" stays the name it may be.
        self._typed = msgspec.json.Decoder(_envelope(kind, kind.record), strict=False)
        self._split = msgspec.json.Decoder(_envelope(kind, msgspec.Raw))
        self._record = msgspec.json.Decoder(kind.record, strict=False)
        self._settler = Settler(kind.record)
        envelope = partial(_envelope, kind)
        self._sound = Sound(kind.record, envelope) if comes_in_masses(kind.record) else None
        self._slicer = Slicer(kind.key)

    def page(self, body: bytes, *, path_name: str = "") -> Parsed[R]:
        """Read one page of a collection.

        Raises:
            Undecodable: not JSON at all.
            NoRecords: JSON, but no collection, or an error beside it.
        """
        body = body.removeprefix(_BOM)
        if self._sound and (sound := self._sound_page(self._sound, body)):
            return sound
        envelope = _try(self._typed, body)
        # An empty answer may be an error in one of many shapes: that is for `find_records` to say.
        if envelope and envelope.records and not _may_hold_nul(body):
            decoded = envelope.records
            doubtful = self._settler.settle_all(decoded)
            if not doubtful:
                return Parsed(Page(decoded), ids_of(decoded), _warnings(envelope))
            raws = self._split.decode(body).records
            judged = {i: self.one(_whole(raws[i])) for i in doubtful}
            results = [judged.get(i, record) for i, record in enumerate(decoded)]
            return _parsed(results, _warnings(envelope))
        envelope = _try(self._split, body)
        if envelope and envelope.records:
            return _parsed(list(map(self._any, envelope.records)), _warnings(envelope))
        content = find_records(_document(body), key=self.kind.key, path_name=path_name)
        return _parsed(list(map(self.one, content.records)), content.deviations)

    def pieces(self, body: bytes, *, path_name: str = "") -> Iterator[Parsed[R]]:
        """A page as `page` reads it, in at least one piece. Raises as `page` does."""
        body = body.removeprefix(_BOM)
        if self._sound and (where := self._slicer.records(body)):
            begin = rest = where[0]
            for start, stop in slices(body, *where):
                text = b"".join((b"[", memoryview(body)[start:stop], b"]"))
                records = _try(self._sound.records, text)
                if (piece := self._if_sound(self._sound, records, body, start, stop)) is None:
                    break
                yield piece
                rest = stop + 1
            else:
                return
            body = body[:begin] + body[rest:] if rest > begin else body
        yield self.page(body, path_name=path_name)

    def _sound_page(self, sound: Sound[R], body: bytes) -> Parsed[R] | None:
        """A page on which every record is canonical as it came."""
        envelope = _try(sound.page, body)
        found = self._if_sound(sound, envelope and envelope.records, body, 0, len(body))
        return found and replace(found, deviations=_warnings(envelope))

    @staticmethod
    def _if_sound(
        sound: Sound[R], records: list[R] | None, body: bytes, start: int, stop: int
    ) -> Parsed[R] | None:
        if not records or _may_hold_nul(body, start, stop):
            return None
        ids = ids_of(records)
        return Parsed(Page(records), ids) if sound.is_sound(records, ids) else None

    def record(self, body: bytes) -> R | Problem:
        """Read the answer of a single read; raises as `page` does."""
        document = _document(body.removeprefix(_BOM))
        return self.one(find_record(document, single=self.kind.single, key=self.kind.key))

    def one(self, data: object) -> R | Problem:
        """Read one record the patient way."""
        if not isinstance(data, Mapping):
            return self._problem(data, "", "", _NOT_AN_OBJECT)
        try:
            fields = shape(self.kind.record, data)
        except Misfit as misfit:
            return self._problem(data, misfit.sourced_id, misfit.field, misfit.why)
        record = msgspec.convert({"sourcedId": "", **fields}, self.kind.record)
        if fault := self._settler.settle(record, is_deletion=is_tombstone(record)):
            return self._problem(data, record.sourced_id, *fault)
        return record

    def _any(self, raw: msgspec.Raw) -> R | Problem:
        if _NUL not in bytes(raw):
            try:
                record: R = self._record.decode(raw)
            except (msgspec.ValidationError, UnicodeDecodeError):
                pass
            else:
                if not self._settler.settle(record):
                    return record
        return self.one(_whole(raw))

    def _problem(self, data: object, sourced_id: str, field: str, why: Unusable) -> Problem:
        name = _FIELD_NAMES.get(field, field)
        refs = references(self.kind.record, data) if isinstance(data, Mapping) else ()
        return problem_of(data, self.kind.key, sourced_id, name, why, refs)


def problem_of(
    data: object, kind: str, sourced_id: str, field: str, why: Unusable, refs: Refs = ()
) -> Problem:
    """Why this record cannot be used; with a stand-in where it has no id."""
    known = sourced_id if sourced_id.strip() else ""
    stand_in = "" if known else _NO_ID + hashlib.blake2b(_text(data), digest_size=12).hexdigest()
    return Problem(kind, known, field, why.code, why.reason, why.remedy, refs, stand_in)


def _text(data: object) -> bytes:
    try:
        return json.dumps(data, sort_keys=True, default=str).encode()
    except RecursionError:
        return b""


# Problems name fields as the provider spells them.
_FIELD_NAMES = {
    "sourced_id": "sourcedId",
    "start_date": "startDate",
    "end_date": "endDate",
    "begin_date": "beginDate",
    "class_": "class",
}


def _may_hold_nul(body: bytes, start: int = 0, stop: int | None = None) -> bool:
    # Most pages have no escape at all, and one byte is found ten times as fast as six.
    return body.find(b"\\", start, stop) >= 0 and body.find(_NUL, start, stop) >= 0


# What may stand beside a collection and say that it is none (oneroster.md 6).
_BESIDE = {
    "info": "statusInfoSet",
    "info_1": "statusInfo",
    "errors": "errors",
    "error": "error",
    "major": "imsx_codeMajor",
    "severity": "imsx_severity",
    "minor": "imsx_codeMinor",
}


def _envelope(kind: Kind[R], item: Any) -> Any:
    unset = msgspec.UnsetType
    return msgspec.defstruct(
        "Envelope",
        [
            ("records", list[item] | unset, msgspec.UNSET),
            *((name, msgspec.Raw | unset, msgspec.UNSET) for name in _BESIDE),
        ],
        rename={"records": kind.key} | _BESIDE,
        gc=False,
    )


def _try(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _warnings(envelope: Any) -> tuple[str, ...]:
    """What stands beside the data; a failure there means that the data are none."""
    beside = {name: getattr(envelope, field) for field, name in _BESIDE.items()}
    there = {name: raw for name, raw in beside.items() if raw is not msgspec.UNSET}
    if not there:
        return ()
    said = read_info({name: msgspec.json.decode(raw) for name, raw in there.items()})
    if said and said.is_failure:
        raise NoRecords(said)
    return (f"warning:{said.minor}",) if said and said.severity == "warning" else ()


def _parsed(results: list[R | Problem], deviations: tuple[str, ...]) -> Parsed[R]:
    records: list[R] = []
    problems: list[Problem] = []
    for result in results:
        if isinstance(result, Problem):
            problems.append(result)
        else:
            records.append(result)
    return read_one_by_one(Page(records, problems), list(map(_key, results)), deviations)


def read_one_by_one(page: Page[Item], ids: list[str], deviations: tuple[str, ...]) -> Parsed[Item]:
    """A page whose records were read each for itself: some of them may have no id."""
    is_nameless = any(not one.sourced_id for one in page.problems)
    return Parsed(page, ids, (*deviations, "records-without-id") if is_nameless else deviations)


def _key(result: Record | Problem) -> str:
    return result.key if isinstance(result, Problem) else result.sourced_id


def ids_of(records: Iterable[Identified]) -> list[str]:
    return list(map(attrgetter("sourced_id"), records))


def _whole(raw: msgspec.Raw) -> Any:
    """All of one record. Raises Undecodable: it is not in UTF-8."""
    try:
        return msgspec.json.decode(raw)
    except UnicodeDecodeError:
        raise Undecodable from None


def _document(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:  # slower, but it lets through control characters and halves of characters
        return json.loads(body, strict=False)
    except (ValueError, RecursionError):
        raise Undecodable from None


def utf8(body: bytes, content_type: str) -> bytes:
    """The body in UTF-8, where the provider says that it is something else."""
    charset = content_type.lower().partition("charset=")[2].split(";")[0].strip(" \"'")
    if charset in ("", "utf-8", "utf8", "us-ascii"):
        return body
    try:
        return body.decode(charset).encode()
    except (LookupError, UnicodeError):
        return body


PARSERS: Final[dict[str, PageParser[Any]]] = {kind.key: PageParser(kind) for kind in KINDS}
