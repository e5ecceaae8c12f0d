"""What Python tells an administrator: every text that is given to an error, a step or a finding."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import gradesync
import integration
import lti
from integration.errors import QSyncError
from lti.errors import LtiError

ROOT = Path(__file__).parents[3]
# Said to programs, to whoever types commands, and to whoever sets the product up.
TO_MACHINES = ("integration.api", "integration.management", "integration.cluster",
               "integration.settings", "integration.wsgi", "integration.tokens",
               "integration.secrets", "gradesync.api", "gradesync.management")  # fmt: skip
# Calls that take a text beside the errors, and which of their arguments it is.
TAKE = {
    "Step": ("message", "remedy", 0),
    "Point": (3, 4),
    "Problem": (4, 5),
    "problem": ("detail",),
    "Unusable": (1, 2),
    "Found": (0, "detail"),
    "progress": (0,),
    "_tell": (0,),
    "_carry": (2,),
    "_tried": (0,),
    "counted": (2, 3),
    "Clash": (2, 3, 4),
    "Phrase": (0,),
    "replace": ("message", "remedy"),
    "ValidationError": (0,),
    "RegexValidator": (1,),
}
# What stands for whatever is filled in.
FILLED = "Zq7"


class Text(NamedTuple):
    """A text as it may be read, and where it is written."""

    words: str
    place: str


def errors() -> Iterator[type[QSyncError] | type[LtiError]]:
    """Each error that a person may meet on a page."""
    for package in (integration, gradesync, lti):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(TO_MACHINES) and ".migrations" not in module.name:
                importlib.import_module(module.name)
    found: list[type[QSyncError] | type[LtiError]] = [QSyncError, LtiError]
    for one in found:
        found += one.__subclasses__()
        if not one.__module__.startswith((*TO_MACHINES, "tests")):
            yield one


def texts() -> Iterator[Text]:
    """Every text that is written where it is told."""
    takes = TAKE | {one.__name__: (0, "remedy") for one in errors()}
    for room in ("integration", "gradesync", "lti"):
        for path in (ROOT / room).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if not name.startswith(TO_MACHINES):
                yield from _of_module(path, takes)


def _of_module(path: Path, takes: dict[str, tuple[int | str, ...]]) -> Iterator[Text]:
    tree = ast.parse(path.read_text())
    known = _named(tree.body)
    for scope in ast.walk(tree):
        if isinstance(scope, ast.Module | ast.FunctionDef):
            named = known if scope is tree else known | _named(ast.walk(scope))
            for call in (one for one in ast.walk(scope) if isinstance(one, ast.Call)):
                for which in takes.get(_name(call.func), ()):
                    for words in _told(_argument(call, which), named):
                        yield Text(words, f"{path.relative_to(ROOT)}:{call.lineno}")


def _named(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """What each name is set to."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def _name(function: ast.expr) -> str:
    return getattr(function, "id", "") or getattr(function, "attr", "")


def _argument(call: ast.Call, which: int | str) -> ast.expr | None:
    if isinstance(which, int):
        return call.args[which] if which < len(call.args) else None
    return next((one.value for one in call.keywords if one.arg == which), None)


def _told(value: ast.expr | None, named: Mapping[str, list[ast.expr]]) -> Iterator[str]:
    """The text with something filled in; all where it is one of several."""
    several: list[ast.expr] = []
    if isinstance(value, ast.IfExp):
        several = [value.body, value.orelse]
    elif isinstance(value, ast.BoolOp):
        several = value.values
    elif isinstance(value, ast.Name):
        several, named = named.get(value.id, []), {}
    for one in several:
        yield from _told(one, named)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        parts = (one.value if isinstance(one, ast.Constant) else FILLED for one in value.values)
        yield "".join(map(str, parts))
