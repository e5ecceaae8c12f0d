"""The closed list of states of an assignment, as icon and words."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext, ngettext

from gradesync.selectors.home import Counts, Row


class Status(NamedTuple):
    """Icon (`templatetags.qsync.ICONS`) and words."""

    kind: str
    words: str


def status(row: Row, *, is_sending: bool = False, is_waiting: bool = False) -> Status:
    """Of one assignment or course grade. `is_waiting`: its plan waits to be sent."""
    if not row.is_on:
        return Status("off", gettext("Not synced"))
    codes = {one.code for one in row.lines}
    if row.lines and all(one.action == "blocked" for one in row.lines):
        return Status("err", gettext("Blocked"))
    if codes == {"assignment.period-closed"}:
        return Status("locked", gettext("Closed"))
    if is_sending and row.counts.to_send:
        return Status("busy", gettext("Sending…"))
    if row.counts.failed or any(one.code == "q.rejected" for one in row.troubles):
        return Status("err", _failed(row.counts.failed))
    if is_waiting and writes(row) and not row.counts.to_send:
        is_new = all(one.action == "new" for one in row.lines if one.verb)
        return Status("new", gettext("To add to Q") if is_new else gettext("To update in Q"))
    return _of_scores(row.counts)


def writes(row: Row) -> int:
    """How many line items of it the plan writes."""
    return sum(bool(one.verb) for one in row.lines)


def _of_scores(count: Counts) -> Status:
    ready, held = count.to_send, count.waiting + count.blocked
    if count.to_decide:
        asked = ngettext("%d to decide", "%d to decide", count.to_decide) % count.to_decide
        return Status("warn", f"{_sends(ready)}, {asked}" if ready else asked)
    if ready and held:
        return Status("warn", f"{_ready(ready)}, {_waiting(held)}")
    if ready:
        return Status("new", _with_hidden(_sends(ready), count))
    if held:
        return Status("waits", _waiting(held))
    if count.same:
        return Status("ok", _with_hidden(_synced(count), count))
    if count.hidden:
        return Status("waits", _hidden(count))
    return Status("waits", gettext("Not graded yet"))


def _failed(count: int) -> str:
    return ngettext("%d failed", "%d failed", count) % count if count else gettext("Failed")


def _synced(count: Counts) -> str:
    if not count.hidden:
        return gettext("In sync")
    return ngettext("%d in sync", "%d in sync", count.same) % count.same


def _sends(ready: int) -> str:
    return ngettext("%d score to send", "%d scores to send", ready) % ready


def _ready(ready: int) -> str:
    return ngettext("%d ready", "%d ready", ready) % ready


def _waiting(held: int) -> str:
    return ngettext("%d waiting", "%d waiting", held) % held


def _hidden(count: Counts) -> str:
    return ngettext("%d hidden", "%d hidden", count.hidden) % count.hidden


def _with_hidden(words: str, count: Counts) -> str:
    return f"{words}, {_hidden(count)}" if count.hidden else words
