"""What a test lets go wrong with the next imports and reports; nothing unless asked for."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

# How an import may end, with the state it is then in and the rows it has imported by then.
ENDINGS: Final = {"failed": ("failed", 0), "aborted": ("aborted", 0), "partial": ("failed", 1)}
ONE_TYPE: Final = "failed_with_messages"
REPORTS: Final = ("error", "endless")


class Senseless(ValueError):
    """Nothing goes wrong in this way."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """The end of one import: in `state` after `rows` rows; or one `type` of file is of no use."""

    state: str = ""
    rows: int = 0
    type: str = ""


_lock = threading.Lock()
_imports: deque[Mishap] = deque()
_reports: deque[str] = deque()
# Cleared: whoever asks for SIS imports is refused with 403.
sis_allowed = threading.Event()
sis_allowed.set()
# Cleared: /api/sis is answered as by a Canvas without a SIS integration.
sis_grades_allowed = threading.Event()
sis_grades_allowed.set()


def plan_import(asked: dict[str, Any]) -> None:
    """`{"how", "rows"?, "state"?, "type"?}` for the next import. Raises Senseless."""
    how = asked.get("how")
    if how == ONE_TYPE:
        _imports.append(Mishap(type=str(asked.get("type", "user"))))
        return
    if how not in ENDINGS:
        raise Senseless(f"how is one of {', '.join([*ENDINGS, ONE_TYPE])}")
    state, rows = ENDINGS[how]
    _imports.append(Mishap(str(asked.get("state", state)), int(asked.get("rows", rows))))


def plan_report(asked: dict[str, Any]) -> None:
    """`{"how"}` for the next report. Raises Senseless."""
    if asked.get("how") not in REPORTS:
        raise Senseless(f"how is one of {', '.join(REPORTS)}")
    _reports.append(asked["how"])


def of_import() -> Mishap:
    """What is to happen to the import that begins."""
    with _lock:
        return _imports.popleft() if _imports else Mishap()


def of_report() -> str:
    """What is to happen to the report that begins; "" for nothing."""
    with _lock:
        return _reports.popleft() if _reports else ""


def clear() -> None:
    """All goes well from now on."""
    with _lock:
        _imports.clear()
        _reports.clear()
    sis_allowed.set()
    sis_grades_allowed.set()
