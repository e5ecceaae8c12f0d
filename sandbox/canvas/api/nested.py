"""Parameters as trees: `a[b][][c]=1` as `{"a": {"b": [{"c": "1"}]}}`, the way Rails reads them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_PART = re.compile(r"\[([^\[\]]*)\]")

Tree = dict[str, Any]


def tree(pairs: Iterable[tuple[str, str]]) -> Tree:
    """The parameters, in the order in which they were sent."""
    root: Tree = {}
    for name, value in pairs:
        head, bracket, rest = name.partition("[")
        _put(root, [head, *_PART.findall(bracket + rest)], value)
    return root


def _put(into: Tree, path: list[str], value: str) -> None:
    name, *rest = path
    if not rest:
        into[name] = value
        return
    if rest[0] == "":
        items = into.setdefault(name, [])
        if isinstance(items, list):
            _append(items, rest[1:], value)
        return
    inner = into.setdefault(name, {})
    if isinstance(inner, dict):
        _put(inner, rest, value)


def _append(items: list[Any], path: list[str], value: str) -> None:
    if not path:
        items.append(value)
        return
    last = items[-1] if items and isinstance(items[-1], dict) else None
    # A key that comes again, and is no list itself, begins the next item.
    if last is None or (path[0] in last and path[1:2] != [""]):
        last = {}
        items.append(last)
    _put(last, path, value)


def plain(value: Any) -> Any:
    """A tree out of a JSON body; null is what a form sends empty."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return "" if value is None else value


def listed(value: Any) -> list[Any]:
    """A list out of what stands for one: itself, numbered keys (`a[0]`), or a single text."""
    if isinstance(value, dict):
        return [value[name] for name in sorted(value, key=_place)]
    if isinstance(value, list):
        return value
    return [value] if value else []


def _place(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdigit() else (1 << 62, name)
