"""The rules the sandbox keeps, each of which can be switched off: `--without NAME`.

A contract test that stays green without its rule tests nothing; that is what the switch shows.
"""

from collections.abc import Iterable

from sandbox.canvas.rules import RULES as CANVAS_RULES
from sandbox.q.rules import RULES as Q_RULES

RULES: dict[str, str] = {**Q_RULES, **CANVAS_RULES}

_off: frozenset[str] = frozenset()


def switch_off(names: Iterable[str]) -> None:
    """Break these rules from now on, and keep all others. Raises KeyError for an unknown name."""
    global _off
    wanted = frozenset(names)
    for unknown in sorted(wanted - RULES.keys()):
        raise KeyError(unknown)
    _off = wanted


def on(name: str) -> bool:
    """Whether the rule is kept. An unknown name is a slip of the pen: KeyError."""
    if name not in RULES:
        raise KeyError(name)
    return name not in _off
