"""What is killed, or befallen by something else, on the stage; and how it should have ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.faults.stage import NIGHT, Ended, Stage


class Act(NamedTuple):
    """Where it begins, the command that is killed, and what is typed afterwards."""

    begins: str
    command: tuple[str, ...]
    again: tuple[str, ...]


ACTS = {
    "first night": Act("connected", NIGHT, NIGHT),
    "second night": Act("first night", NIGHT, NIGHT),
    "undo": Act("second night", ("undo", "2"), ("undo", "2")),
    "drift": Act("second night", ("drift", "lakeside", "--repair"), ("drift", "lakeside")),
}


@dataclass
class Undisturbed:
    """Each act as it ends by itself: how, the sends that the servers saw, Canvas afterwards."""

    theatre: Stage
    _known: dict[str, tuple[Ended, int, Any]] = field(default_factory=dict)

    def __call__(self, name: str) -> tuple[Ended, int, Any]:
        if name not in self._known:
            self.theatre.begins(ACTS[name].begins)
            self.theatre.forget_log()
            ended = self.theatre.must(*ACTS[name].command)
            sends = self.theatre.sends()
            self._known[name] = ended, sends, self.theatre.canvas()
        return self._known[name]


def killed_and_begun_again(theatre: Stage, name: str, kill_at: int) -> Any:
    """Canvas, once the act was killed at this effect and begun again."""
    act = ACTS[name]
    theatre.begins(act.begins)
    theatre.killed(*act.command, at=kill_at)
    return begun_again(theatre, name, kill_at)


def begun_again(theatre: Stage, name: str, what: object) -> Any:
    """Canvas, once a disturbed act was begun again."""
    theatre.expire_leases()
    again = theatre.run(*ACTS[name].again)
    # An undo that was killed after its last word has nothing left to do.
    assert again.code == 0 or name == "undo", (what, again.out, again.err)
    return theatre.canvas()
