"""From an upload to rows: unzip, tell each file's type by its header, refuse what is no CSV."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sandbox.rules import on

LARGEST_RATIO = 100
SMALLEST_CHECKED = 1 << 20

_IGNORED = re.compile(r"__macosx|desktop d[bf]|(\A|/)\.", re.IGNORECASE)
# Python's reader forgives a quote inside a bare field; Ruby's, which Canvas uses, does not.
_WELL_FORMED = re.compile(
    r'(?:(?:[^",\r\n]*+|[ \t]*+"(?:[^"]|"")*+"[ \t]*+)(?:,|\r\n?|\n|\Z))*+', re.DOTALL
)

Header = frozenset[str]


def _user(header: Header) -> bool:
    return {"user_id", "login_id"} <= header and not header & _EXISTING


_EXISTING = {"existing_user_id", "existing_integration_id", "existing_canvas_user_id"}

# In the order in which Canvas works through them; the first that fits a header is its type.
TYPES: dict[str, Callable[[Header], bool]] = {
    "change_sis_id": lambda h: bool(
        h & {"old_id", "old_integration_id"}
        and h & {"new_id", "new_integration_id"}
        and "type" in h
    ),
    "account": lambda h: {"account_id", "parent_account_id"} <= h,
    "term": lambda h: {"term_id", "name"} <= h,
    "abstract_course": lambda h: {"abstract_course_id", "short_name"} <= h and "course_id" not in h,
    "course": lambda h: {"course_id", "short_name"} <= h,
    "section": lambda h: {"section_id", "name"} <= h,
    "xlist": lambda h: {"xlist_course_id", "section_id"} <= h,
    "user": _user,
    "login": lambda h: bool("login_id" in h and h & _EXISTING),
    "enrollment": lambda h: bool(
        h & {"course_id", "section_id"} and h & {"user_id", "user_integration_id"}
    ),
    "admin": lambda h: {"user_id", "account_id"} <= h,
    "group_category": lambda h: {"group_category_id", "category_name"} <= h,
    "group": lambda h: {"group_id", "name"} <= h,
    "group_membership": lambda h: {"group_id", "user_id"} <= h,
    "grade_publishing_results": lambda h: {"enrollment_id", "grade_publishing_status"} <= h,
    "user_observer": lambda h: {"observer_id", "student_id"} <= h,
}


class Row(NamedTuple):
    """One line of a file; `values` hold the columns that the file has, trimmed."""

    values: dict[str, str]
    file: str
    line: int

    def text(self, column: str) -> str:
        return self.values.get(column, "")


@dataclass
class SisFile:
    name: str
    content: bytes
    type: str = ""


@dataclass
class Upload:
    """What was found in an upload: rows by type, the files, and complaints about them."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    files: list[SisFile] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)


class UnusableUpload(Exception):
    """The archive as a whole cannot be read."""


def read(filename: str, content: bytes) -> Upload:
    """Sort out an upload. Raises UnusableUpload for a broken or exploding archive."""
    upload = Upload()
    for name, data in _members(filename, content):
        if _IGNORED.search(name):
            continue
        if not name.lower().endswith(".csv"):
            upload.warnings.append((name, "Skipping unknown file type"))
            continue
        file = SisFile(name, data)
        try:
            rows = _rows(file)
        except ValueError as error:
            upload.failures.append((name, str(error)))
            continue
        upload.files.append(file)
        upload.rows.setdefault(file.type, []).extend(rows)
    return upload


def _members(filename: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    if not content.startswith(b"PK") and not filename.lower().endswith(".zip"):
        yield (filename if filename.lower().endswith(".csv") else f"{filename}.csv"), content
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = [info for info in archive.infolist() if not info.is_dir()]
        size = sum(info.file_size for info in members)
        if size > SMALLEST_CHECKED and size >= LARGEST_RATIO * len(content):
            raise UnusableUpload("the archive unpacks to more than 100 times its size")
        for info in members:
            yield info.filename, archive.read(info)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise UnusableUpload("the archive cannot be read") from error


def _rows(file: SisFile) -> list[Row]:
    """The file's rows, its type noted. Raises ValueError with what Canvas says of a bad file."""
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("Invalid UTF-8") from None
    if '"' in text and not _WELL_FORMED.fullmatch(text):
        raise ValueError("Malformed CSV")
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=False)
    csv.field_size_limit(1 << 24)
    lines = (line for line in reader if line)
    header = [name.strip().lower() for name in next(lines, [])]
    file.type = kind_of(file.name, frozenset(header))
    if not file.type:
        raise ValueError("Couldn't find Canvas CSV import headers")
    return [
        Row({name: value.strip() for name, value in zip(header, line, strict=False)}, file.name, n)
        for n, line in enumerate(lines, 2)
    ]


def kind_of(name: str, header: Header) -> str:
    """The type of a file with this header; "" for none."""
    if not on("canvas.header-decides"):
        stem = name.rpartition("/")[2].removesuffix(".csv").removesuffix("s")
        return stem if stem in TYPES else ""
    return next((kind for kind, fits in TYPES.items() if fits(header)), "")
