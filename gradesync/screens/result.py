"""A run as its page shows it: steps while it goes, figures and failures once it has ended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext, ngettext

from gradesync import stored
from gradesync.push import KIND, UNFINISHED
from gradesync.screens import words
from gradesync.screens.labels import STEPS
from gradesync.screens.preview import Row, Wanted, row_of, show_of, token_of
from gradesync.screens.tally import Status
from gradesync.screens.viewer import Viewer
from gradesync.selectors import plans
from integration.models import Change, Run

State = Change.State
MOST_FAILED = 200


@dataclass(frozen=True, slots=True)
class Failed:
    """A score that is not in Q: what happened, what to do, and who does it."""

    row: Row
    why: str
    remedy: str
    who: str


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An assignment that is not in Q as it should be; `token` names its line."""

    token: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Item:
    """An assignment in the result."""

    item: str
    kind: str
    name: str
    sent: int
    same: int
    failed: int
    status: Status


@dataclass(frozen=True, slots=True)
class Result:
    """`sent` were confirmed by reading back. `all` is every cell: the figures add up to it."""

    run: Run
    sent: int
    failed: int
    left: int
    kept: int
    waiting: int
    same: int
    items_sent: int
    items_failed: tuple[FailedItem, ...]
    failures: tuple[Failed, ...]
    items: tuple[Item, ...]
    seconds: int

    @property
    def planned(self) -> int:
        return self.sent + self.failed + self.left

    @property
    def all(self) -> int:
        return self.planned + self.kept + self.waiting + self.same

    @property
    def again(self) -> int:
        """What a retry would be about."""
        return self.failed + self.left + len(self.items_failed)


def result(viewer: Viewer, run: Run) -> Result:
    counted = plans.counts(run, sections=viewer.sections)
    items = plans.items(run, sections=viewer.sections)
    total: Counter[str] = Counter()
    by_item: dict[str, Counter[str]] = defaultdict(Counter)
    for one in counted:
        figure = where(one)
        total[figure] += one.cells
        by_item[one.item][figure] += one.cells
    lines = [(row, line) for each in items.values() for row, line in each]
    missed = stored.missed(run)
    asked = replace(Wanted(show="failed").asked(), states=missed)
    page = plans.page(run, sections=viewer.sections, asked=asked, size=MOST_FAILED)
    ended = run.ended_at or run.heartbeat_at
    took = ended - run.started_at if ended and run.started_at else timedelta()
    return Result(
        run,
        total["sent"],
        total["failed"],
        total["left"],
        total["kept"],
        total["waiting"],
        total["same"],
        sum(row.state == State.CONFIRMED and bool(line.verb) for row, line in lines),
        tuple(
            FailedItem(
                token_of(row.key),
                line.source or line.title,
                gettext(row.message) if row.message else "",
            )
            for row, line in lines
            if row.state in missed
        ),
        tuple(_failed(viewer, cell) for cell in page.cells),
        tuple(_item(viewer, item, each, by_item[item]) for item, each in items.items()),
        round(took.total_seconds()),
    )


def where(one: plans.Counted) -> str:
    """In which figure a cell counts."""
    if one.code == "score.empty" and one.action == "same":
        return "empty"
    if one.state == State.REFUSED:
        return "failed"
    if one.state in (State.LEFT, State.PLANNED):
        return "left"
    if one.action in ("new", "changed", "cleared"):
        return "sent"
    return {"decide": "kept", "same": "same"}.get(show_of(one), "waiting")


def _failed(viewer: Viewer, cell: plans.Cell) -> Failed:
    row = row_of(viewer, cell)
    if cell.state in (State.LEFT, State.PLANNED):
        why = row.note if cell.state == State.LEFT else gettext("It was not sent any more.")
        return Failed(row, why, gettext("Compare again, and send it then."), gettext("You"))
    why = gettext("Q did not take it: %s") % cell.message if cell.message else row.note
    remedy, who = words.remedy("q.rejected"), words.who("q.rejected")
    return Failed(row, why, remedy, who)


def _item(
    viewer: Viewer, item: str, lines: Sequence[tuple[Change, Any]], count: Counter[str]
) -> Item:
    what, _, canvas_id = item.partition(":")
    found = [one for one in viewer.picture.assignments if one.canvas_id == canvas_id]
    kind = "grade" if what != "assignment" else found[0].kind if found else "assignment"
    name = found[0].name if found else lines[0][1].source or lines[0][1].title
    failed = count["failed"] + sum(row.state == State.REFUSED for row, _ in lines)
    sent = count["sent"] + sum(
        row.state == State.CONFIRMED and bool(line.verb) for row, line in lines
    )
    status = came_to(count, failed, sent)
    return Item(
        item, {"new_quiz": "quiz"}.get(kind, kind), name,
        count["sent"], count["same"], failed, status,
    )  # fmt: skip


def came_to(count: Mapping[str, int], failed: int, sent: int) -> Status:
    """What is worst of it as the icon, and all of it in words."""
    waiting, kept, left = count["waiting"], count["kept"], count["left"]
    told = (
        (failed, ngettext("%d failed", "%d failed", failed) % failed),
        (left, ngettext("%d not sent", "%d not sent", left) % left),
        (sent and not (failed or left), gettext("Confirmed")),
        (kept, ngettext("%d kept in Q", "%d kept in Q", kept) % kept),
        (waiting, ngettext("%d waiting", "%d waiting", waiting) % waiting),
    )
    said = ", ".join(words for number, words in told if number)
    if not said:
        return Status("off", gettext("Nothing to send"))
    return Status("err" if failed else "warn" if left else "ok" if sent else "waits", said)


def title(run: Run, shown: Result) -> str:
    """The outcome in a sentence."""
    if run.error.get("code") == "grades.cancelled":
        return gettext("Stopped")
    if run.kind != KIND:
        return ngettext(
            "%(sent)d of %(all)d grade was taken back",
            "%(sent)d of %(all)d grades were taken back",
            shown.planned,
        ) % {"sent": shown.sent, "all": shown.planned}
    if run.state == Run.State.FAILED and not shown.sent:
        return gettext("Nothing was sent")
    if not shown.planned:
        if shown.items_sent:
            return gettext("The assignments in Q are up to date")
        return gettext("There was nothing to send")
    return ngettext(
        "%(sent)d of %(all)d grade is in Q", "%(sent)d of %(all)d grades are in Q", shown.planned
    ) % {"sent": shown.sent, "all": shown.planned}


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    state: str
    detail: str


def steps(run: Run, details: Sequence[str]) -> list[Step]:
    """Done, going, or to come; `details` says of each what it is about."""
    at = next((n for n, (_, cursors) in enumerate(STEPS) if run.cursor in cursors), len(STEPS))
    return [
        Step(str(name), "done" if n < at else "now" if n == at else "todo", detail)
        for n, ((name, _), detail) in enumerate(zip(STEPS, details, strict=True))
    ]


def is_going(run: Run) -> bool:
    return run.state in UNFINISHED
