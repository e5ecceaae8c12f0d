"""Reads a OneRoster 1.1 CSV bundle, folder or zip, as the records a REST provider would serve.

Structure is checked exactly, as the CSV binding says: manifest, file names, headers and their
order, the number of cells. Content is not: a real Q serves what it holds, also a name left blank,
a date written oddly or a reference that leads nowhere. A blank cell becomes a field left out.
"""

import csv
import io
import math
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

# What each column becomes: `name` a text, `name#` a number, `name[]` a list, `name{}` user ids,
# `header=field:type` a reference, `header=field[]:type` a list of them.
_FILES: Final = {
    "orgs": "name type identifier parentSourcedId=parent:org",
    "academicSessions": "title type startDate endDate parentSourcedId=parent:academicSession"
    " schoolYear",
    "courses": "schoolYearSourcedId=schoolYear:academicSession title courseCode grades[]"
    " orgSourcedId=org:org subjects[] subjectCodes[]",
    "classes": "title grades[] courseSourcedId=course:course classCode classType location"
    " schoolSourcedId=school:org termSourcedIds=terms[]:academicSession subjects[]"
    " subjectCodes[] periods[]",
    "users": "enabledUser orgSourcedIds=orgs[]:org role username userIds{} givenName familyName"
    " middleName identifier email sms phone agentSourcedIds=agents[]:user grades[] password",
    "demographics": "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican"
    " nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces"
    " hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth"
    " publicSchoolResidenceStatus",
    "enrollments": "classSourcedId=class:class schoolSourcedId=school:org"
    " userSourcedId=user:user role primary beginDate endDate",
    "resources": "vendorResourceId title roles[] importance vendorId applicationId",
    "categories": "title",
    "lineItems": "title description assignDate dueDate classSourcedId=class:class"
    " categorySourcedId=category:category"
    " gradingPeriodSourcedId=gradingPeriod:academicSession resultValueMin# resultValueMax#",
    "results": "lineItemSourcedId=lineItem:lineItem studentSourcedId=student:user scoreStatus"
    " score# scoreDate comment",
}
_LINK_FILES: Final = {
    "classResources": "title classSourcedId resourceSourcedId",
    "courseResources": "title courseSourcedId resourceSourcedId",
}
_BASE: Final = "sourcedId status dateLastModified "
_TREES: Final = ("orgs", "academicSessions")
_MODES: Final = ("absent", "bulk", "delta")

Record = dict[str, Any]


class BundleRefused(ValueError):
    """The bundle is not built as the binding says: which file, which line, what was expected."""


@dataclass(frozen=True, slots=True)
class _Column:
    header: str
    field: str
    read: Callable[[str], Any]


def iter_bundle(path: Path) -> Iterator[tuple[str, Record]]:
    """Yield (collection, record) in an order in which references mostly lead backwards.

    Raises:
        BundleRefused: as soon as something is met that is not built as the binding says.
    """
    with _opened(path) as source:
        present = _present(source)
        links = {
            of: _links(source, name) if name in present else {}
            for of, name in (("classes", "classResources"), ("courses", "courseResources"))
        }
        for name in _FILES:
            if name not in present:
                continue
            records = _records(source, name)
            if name in _TREES:
                records = _with_children(list(records))
            for record in records:
                if found := links.get(name, {}).get(record.get("sourcedId", "")):
                    record["resources"] = [_ref("resource", each) for each in found]
                yield name, record


class _Source:
    """Where the files are: a folder, or a zip of which only names asked for are opened."""

    def __init__(self, name: str, open_file: Callable[[str], IO[bytes]], names: set[str]) -> None:
        self.name = name
        self.names = names
        self._open = open_file

    def rows(self, file: str) -> Iterator[tuple[int, list[str]]]:
        """Line number and cells of each row, the header first."""
        line = 0
        try:
            with self._open(file) as raw:
                text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
                reader = csv.reader(text, strict=True)
                for cells in reader:
                    line = reader.line_num
                    if cells:
                        yield line, cells
        except UnicodeDecodeError:
            raise BundleRefused(f"{file}, after line {line}: expected UTF-8") from None
        except csv.Error as error:
            raise BundleRefused(
                f"{file}, line {line + 1}: expected quoting as in RFC 4180 ({error})"
            ) from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            raise BundleRefused(f"{file}: cannot be read from {self.name}: {error}") from None


@contextmanager
def _opened(path: Path) -> Iterator[_Source]:
    if path.is_dir():
        folder = _folder(path)
        names = {each.name for each in folder.iterdir() if each.is_file()}
        yield _Source(path.name, lambda name: (folder / name).open("rb"), names)
        return
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise BundleRefused(f"{path}: there is no such file or folder") from None
    except (zipfile.BadZipFile, OSError) as error:
        raise BundleRefused(f"{path}: expected a folder or a zip file ({error})") from None
    with archive:
        top = _top(archive.namelist())
        inside = {name[len(top) :] for name in archive.namelist() if name.startswith(top)}
        yield _Source(path.name, lambda name: archive.open(top + name), inside)


def _folder(path: Path) -> Path:
    """The folder itself, or the one folder in it, whichever has the manifest."""
    below = [each.parent for each in sorted(path.glob("*/manifest.csv"))]
    return below[0] if len(below) == 1 and not (path / "manifest.csv").exists() else path


def _top(names: Iterable[str]) -> str:
    """What stands before `manifest.csv` in a zip: nothing, or one folder and a slash."""
    tops = {name.removesuffix("manifest.csv") for name in names if name.endswith("manifest.csv")}
    below = [top for top in tops if re.fullmatch(r"[^/]+/", top) and top != "__MACOSX/"]
    return below[0] if "" not in tops and len(below) == 1 else ""


def _present(source: _Source) -> set[str]:
    """The kinds of file the manifest announces; each must be there."""
    if "manifest.csv" not in source.names:
        raise BundleRefused(f"{source.name}: expected manifest.csv, at the top or in one folder")
    rows = source.rows("manifest.csv")
    _check_header("manifest.csv", next(rows, (1, []))[1], ["propertyName", "value"])
    present = set()
    for line, cells in rows:
        name, value = _cells("manifest.csv", line, cells, 2)
        if name == "oneroster.version" and value != "1.1":
            raise BundleRefused(f"manifest.csv, line {line}: expected version 1.1, not {value!r}")
        kind = name.removeprefix("file.")
        if kind == name or kind not in _FILES | _LINK_FILES:
            continue
        if value not in _MODES:
            raise BundleRefused(
                f"manifest.csv, line {line}: expected absent, bulk or delta, not {value!r}"
            )
        if value == "absent":
            continue
        if f"{kind}.csv" not in source.names:
            raise BundleRefused(
                f"{source.name}: expected {kind}.csv, which manifest.csv, line {line}, announces"
            )
        present.add(kind)
    return present


def _records(source: _Source, name: str) -> Iterator[Record]:
    file = f"{name}.csv"
    rows = source.rows(file)
    expected = [_column(token) for token in (_BASE + _FILES[name]).split()]
    header = next(rows, (1, []))[1]
    extensions = header[len(expected) :]
    wanted = [column.header for column in expected]
    _check_header(file, header, wanted + [each for each in extensions if _is_extension(each)])
    reads = [(column.field, column.read) for column in expected]
    width = len(header)
    for line, cells in rows:
        if len(cells) != width:
            _cells(file, line, cells, width)
        record = {
            field: read(cell) for (field, read), cell in zip(reads, cells, strict=False) if cell
        }
        if extensions and any(cells[len(expected) :]):
            pairs = zip(extensions, cells[len(expected) :], strict=True)
            record["metadata"] = {
                key.removeprefix("metadata."): cell for key, cell in pairs if cell
            }
        yield record


def _links(source: _Source, name: str) -> dict[str, list[str]]:
    """What the class or the course (by id) links to."""
    file = f"{name}.csv"
    rows = source.rows(file)
    header = (_BASE + _LINK_FILES[name]).split()
    _check_header(file, next(rows, (1, []))[1], header)
    links: dict[str, list[str]] = defaultdict(list)
    for line, cells in rows:
        owner, resource = _cells(file, line, cells, len(header))[-2:]
        links[owner].append(resource)
    return links


def _with_children(records: list[Record]) -> Iterator[Record]:
    """CSV tells the parent only; REST also tells the children."""
    children: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if (parent := record.get("parent")) and "sourcedId" in record:
            children[parent["sourcedId"]].append(_ref(parent["type"], record["sourcedId"]))
    for record in records:
        if found := children.get(record.get("sourcedId", "")):
            record["children"] = found
        yield record


def _check_header(file: str, found: list[str], wanted: list[str]) -> None:
    if found == wanted:
        return
    for place, name in enumerate(wanted):
        there = found[place] if place < len(found) else "nothing"
        if there != name:
            raise BundleRefused(
                f"{file}, line 1, column {place + 1}: expected {name}, found {there}"
            )
    raise BundleRefused(
        f"{file}, line 1, column {len(wanted) + 1}: expected metadata.… or nothing,"
        f" found {found[len(wanted)]}"
    )


def _cells(file: str, line: int, cells: list[str], width: int) -> list[str]:
    if len(cells) != width:
        raise BundleRefused(f"{file}, line {line}: expected {width} cells, found {len(cells)}")
    return cells


def _is_extension(header: str) -> bool:
    return re.fullmatch(r"metadata\.\S+", header) is not None


def _column(token: str) -> _Column:
    header, _, rest = token.partition("=")
    if not rest:
        field = header.rstrip("#[]{}")
        return _Column(field, field, _READERS[header[len(field) :]])
    field, _, kind = rest.partition(":")
    if field.endswith("[]"):
        return _Column(header, field[:-2], lambda cell: [_ref(kind, i) for i in _list(cell)])
    return _Column(header, field, lambda cell: _ref(kind, cell))


def _ref(kind: str, sourced_id: str) -> Record:
    return {"sourcedId": sourced_id, "type": kind}


def _list(cell: str) -> list[str]:
    return [each.strip() for each in cell.split(",") if each.strip()]


def _number(cell: str) -> float | str:
    try:
        number = float(cell)
    except ValueError:
        return cell
    return number if math.isfinite(number) else cell


def _user_ids(cell: str) -> list[dict[str, str]]:
    pairs = (each.strip("{} ").partition(":") for each in _list(cell))
    return [{"type": kind.strip(), "identifier": value.strip()} for kind, _, value in pairs]


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "": str,
    "#": _number,
    "[]": _list,
    "{}": _user_ids,
}
