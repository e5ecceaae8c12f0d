"""A crowd to draw from by chance, where coming, going and a draw cost the same at any size."""

from collections.abc import Iterable, Iterator
from random import Random


class Crowd:
    """Ids in an order that follows from what happened to it, so that equal dice draw the same."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._ids: list[str] = []
        self._place: dict[str, int] = {}
        for each in ids:
            self.add(each)

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __contains__(self, sourced_id: str) -> bool:
        return sourced_id in self._place

    def add(self, sourced_id: str) -> None:
        """Let somebody in who may be in already."""
        if sourced_id not in self._place:
            self._place[sourced_id] = len(self._ids)
            self._ids.append(sourced_id)

    def discard(self, sourced_id: str) -> None:
        """Let somebody out who may be out already; the last one takes the place."""
        place = self._place.pop(sourced_id, None)
        if place is not None:
            last = self._ids.pop()
            if last != sourced_id:
                self._ids[place] = last
                self._place[last] = place

    def draw(self, dice: Random) -> str:
        """Somebody, who stays in. Raises IndexError where nobody is in."""
        return dice.choice(self._ids)
