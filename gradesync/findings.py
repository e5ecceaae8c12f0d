"""What a person should know of a plan and of its sending, as findings. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradesync.catalogue import CATALOGUE
from gradesync.lines import ItemLine, Line
from gradesync.problems import Problem as OfCourse
from integration.oneroster.types import Problem

_SILENT = frozenset({"new", "changed", "cleared", "same"})


def of_problems(problems: Iterable[OfCourse]) -> Iterator[Problem]:
    """Of the course and its sections."""
    for one in problems:
        place = one.class_id or one.section_id
        yield Problem(one.scope, place, "", one.code, one.sentence, one.remedy)


def of_lines(lines: Iterable[Line]) -> Iterator[Problem]:
    """Of whatever waits for somebody; what stops a line item is told once, not for each score."""
    sentences: dict[str, str] = {}
    for line in lines:
        if isinstance(line, ItemLine):
            sentences = dict(zip(line.codes, line.sentences, strict=True))
        elif line.code in sentences:
            continue
        if line.action in _SILENT or not line.code:
            continue
        entry = CATALOGUE[line.code]
        told = sentences.get(line.code, entry.sentence)
        yield Problem(line.kind, _place(line), "", line.code, told, entry.remedy)


def of_line(line: Line, code: str, reason: str, remedy: str) -> Problem:
    """Of one line that was sent."""
    return Problem(line.kind, _place(line), "", code, reason, remedy)


def _place(line: Line) -> str:
    """Whose anonymous work it is, is told to nobody."""
    if isinstance(line, ItemLine):
        return line.sourced_id
    return line.line_item_id if line.is_nameless else line.sourced_id
