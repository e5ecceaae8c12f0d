"""How a client can tell that a quirk is on: one sign for each, whatever else is on."""

from collections.abc import Callable
from typing import Any

from tests.sandbox.asking import Asking

Sign = Callable[[Asking, Any], bool]

ALL = True  # as a value: every record, every path

# name → (sign, the values to try it with)
SIGNS: dict[str, tuple[Sign, tuple[Any, ...]]] = {}


def shows(name: str, *values: Any) -> Callable[[Sign], Sign]:
    def note(sign: Sign) -> Sign:
        SIGNS[name] = (sign, values or (True,))
        return sign

    return note
