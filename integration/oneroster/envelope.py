"""Where the records are in an answer, and what a provider says about an error. Pure: no I/O.

Every form of oneroster.md, section 6: `statusInfoSet`, flat, unprefixed, `errors`, scalar
`imsx_codeMinor`, plain text and HTML.
"""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 500
_ROOM = 4 * MAX_TEXT  # kept until `scrub`, so that no secret is cut in two before it is found
_INFO_KEYS = ("statusinfoset", "statusinfo", "errors", "error", "imsx_statusinfo")
_WORDS = ("message", "detail", "error_description")
_FINE = ("", "ok", "none", "success", "successful")
_FAILURES = ("failure", "unsupported")
_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_CREDENTIALS = re.compile(
    r"\b(Bearer|Basic|OAuth)\s+[\w\-.~+/=\"%,]+(\s*oauth_[^\s]+)*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Info:
    """What a provider says about a request, in one spelling."""

    major: str = ""
    severity: str = ""
    minor: str = ""
    description: str = ""

    @property
    def is_failure(self) -> bool:
        return self.major in _FAILURES or self.severity == "error"


@dataclass(frozen=True, slots=True)
class Content:
    """The records of one answer, and how it deviated from the specification."""

    records: list[Any]
    info: Info | None = None
    deviations: tuple[str, ...] = ()


class NoRecords(Exception):
    """The answer is well-formed, but holds no collection. `info` is what it holds instead."""

    def __init__(self, info: Info) -> None:
        super().__init__()
        self.info = info


def find_records(document: object, *, key: str, path_name: str) -> Content:
    """Find the collection: the right key, else the path's own name, else the only array.

    Raises:
        NoRecords: an error object, or nothing that could be a collection.
    """
    if isinstance(document, list):
        return Content(document, deviations=("bare-array",))
    if not isinstance(document, Mapping):
        raise NoRecords(Info())
    has_some = any(
        isinstance(document.get(name), list) and document[name] for name in (key, path_name)
    )
    info = read_info(_without_words(document) if has_some else document)
    if info and info.is_failure:
        raise NoRecords(info)
    notes = (f"warning:{info.minor}",) if info and info.minor and info.severity == "warning" else ()
    for name in (key, path_name):
        if name in document:
            wrong = () if name == key else ("wrong-collection-key",)
            return _content(document[name], info, notes + wrong)
    arrays = [
        value
        for name, value in document.items()
        if isinstance(value, list) and name.lower() not in _INFO_KEYS
    ]
    if len(arrays) != 1:
        raise NoRecords(info or Info())
    return Content(arrays[0], info, (*notes, "wrong-collection-key"))


def _without_words(document: Mapping[str, Any]) -> dict[str, Any]:
    """Beside records words alone are no failure: "2 records found"."""
    return {name: value for name, value in document.items() if name.lower() not in _WORDS}


def _content(value: object, info: Info | None, notes: tuple[str, ...]) -> Content:
    if isinstance(value, list):
        return Content(value, info, notes)
    if value is None:
        return Content([], info, (*notes, "null-collection"))
    if isinstance(value, Mapping):  # providers that come from XML: one record is no list
        return Content([value], info, (*notes, "single-object"))
    raise NoRecords(info or Info())


def find_record(document: object, *, single: str, key: str) -> object:
    """Find the one record of a single read.

    Raises:
        NoRecords: an error object, or no record.
    """
    if isinstance(document, Mapping):
        info = read_info(document)
        if info and info.is_failure:
            raise NoRecords(info)
        for name in (single, key):
            value = document.get(name)
            if isinstance(value, list) and len(value) == 1:
                return value[0]
            if isinstance(value, Mapping):
                return value
        if any(name.lower() == "sourcedid" for name in document):
            return document
        raise NoRecords(info or Info())
    raise NoRecords(Info())


def read_info(document: Mapping[str, Any]) -> Info | None:
    """Read the status information of an answer in any of its spellings; None if there is none."""
    candidates: list[Any] = [document]
    for name, value in document.items():
        if name.lower() in _INFO_KEYS:
            candidates = [*(value if isinstance(value, list) else [value]), *candidates]
    for candidate in candidates:
        if isinstance(candidate, str) and not _is_fine(candidate):
            return Info("failure", "error", _word(document.get("error")), _text(_said(document)))
        if isinstance(candidate, Mapping) and (info := _one_info(candidate)):
            return info
    return None


def _one_info(raw: Mapping[str, Any]) -> Info | None:
    plain = {re.sub(r"^imsx_", "", str(name).lower()): value for name, value in raw.items()}
    if not plain.keys() & {"codemajor", "codeminor", "severity"}:
        if not plain.keys() & {*_WORDS} or _is_fine(_said(plain)):
            return None
        return Info("failure", "error", _word(plain.get("code")), _text(_said(plain)))
    return Info(
        major=_word(plain.get("codemajor")),
        severity=_word(plain.get("severity")),
        minor=_minor(plain.get("codeminor")),
        description=_text(_said(plain)),
    )


def _is_fine(text: str) -> bool:
    return text.strip(" .!").lower() in _FINE


def _said(plain: Mapping[str, Any]) -> str:
    for name in ("description", "error_description", "message", "detail", "title", "error"):
        value = plain.get(name)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, Mapping) and isinstance(value.get("value"), str):
            return str(value["value"])
    return ""


def _minor(value: object) -> str:
    """`invalid_filter_field`, however deep it is wrapped and whatever spaces are in it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if str(name).lower().endswith(("fieldvalue", "codeminorfield")):
                return _minor(inner)
        return ""
    if isinstance(value, list):
        return next(filter(None, map(_minor, value)), "")
    return _word(value)


def _word(value: object) -> str:
    """One spelling for a code: lower case, words joined by single underscores."""
    return "_".join(re.split(r"[\s_]+", value.strip().lower())) if isinstance(value, str) else ""


def _text(text: str) -> str:
    return " ".join(html.unescape(_TAGS.sub(" ", text)).split())[:_ROOM]


def as_text(body: bytes) -> str:
    """Plain text or HTML as a short line for people."""
    return _text(body[: 16 * MAX_TEXT].decode("utf-8", "replace"))


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Take our own secrets out of a text from outside, and cut it; some servers echo."""
    for secret in sorted((s for s in secrets if len(s) > 3), key=len, reverse=True):
        text = text.replace(secret, "[removed]")
    return _CREDENTIALS.sub(r"\1 [removed]", text)[:MAX_TEXT]
