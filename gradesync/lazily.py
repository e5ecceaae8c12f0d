"""Mappings of a reading whose pieces are read when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from integration.oneroster.gradebook_types import LineItem, Result

K = TypeVar("K")
V = TypeVar("V")


class Lazy(Mapping[K, V]):
    """A mapping whose pieces are read when they are first asked for."""

    def __init__(self, keys: Callable[[], Sequence[K]], read: Callable[[K], V]) -> None:
        self._keys = keys
        self._read = read
        self._known: dict[K, V] = {}

    def __getitem__(self, key: K) -> V:
        if key not in self._known:
            if key not in self._keys():
                raise KeyError(key)
            self._known[key] = self._read(key)
        return self._known[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._keys())

    def __len__(self) -> int:
        return len(self._keys())


class Known(dict[str, str]):
    """SIS user id to sourcedId; where both are the same, somebody not in the class is known too."""

    def __init__(self, known: Mapping[str, str], *, is_same: bool) -> None:
        super().__init__(known)
        self._is_same = is_same

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]  # one of dict's forms
        return super().get(key) or (key if self._is_same else default)


class Results(Mapping[str, Sequence[Result]]):
    """The results of each line item, read for a whole class when the first is asked for."""

    def __init__(
        self,
        read: Callable[[str, Sequence[str]], list[Result]],
        line_items: Mapping[str, Sequence[LineItem]],
        at_once: int = 0,
    ) -> None:
        self._read = read
        self._line_items = line_items
        self._at_once = at_once
        self._known: dict[str, list[Result]] = {}

    def __getitem__(self, line_item_id: str) -> Sequence[Result]:
        if line_item_id not in self._known:
            class_id, ids = self._beside(line_item_id)
            read = [line_item_id] if self._at_once else ids
            self._known |= {one: [] for one in read}
            for result in self._read(class_id, read):
                self._known[result.line_item_id].append(result)
        return self._known[line_item_id]

    def _beside(self, line_item_id: str) -> tuple[str, list[str]]:
        for class_id, items in self._line_items.items():
            ids = [one.sourced_id for one in items]
            if line_item_id in ids:
                return class_id, ids
        raise KeyError(line_item_id)

    def __iter__(self) -> Iterator[str]:
        return (one.sourced_id for items in self._line_items.values() for one in items)

    def __len__(self) -> int:
        return sum(map(len, self._line_items.values()))
