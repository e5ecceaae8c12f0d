"""What stands under a row: why it does not go as it is, and the control that cures it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext, ngettext

from gradesync.screens import words
from gradesync.selectors.home import Row
from gradesync.selectors.home import Trouble as Found

HIDDEN = frozenset({"score.hidden", "score.hidden-again", "score.anonymous", "score.moderated"})

DECIDE = ("score.changed-in-q", "score.removed-in-q", "score.other-in-q")

Fix = Literal[
    "", "category", "due-missing", "due-outside", "title", "off", "on-section", "count",
    "canvas", "gradebook", "which", "again", "send-canvas", "period", "preview", "course",
]  # fmt: skip

FIXES: dict[str, Fix] = {
    "assignment.no-category": "category",
    "assignment.category-gone": "category",
    "assignment.no-due-date": "due-missing",
    "assignment.due-outside": "due-outside",
    "assignment.name-long": "title",
    "assignment.name-taken": "title",
    "assignment.unnamed": "title",
    "assignment.zero-points": "off",
    "assignment.single-students-only": "on-section",
    "assignment.left-uncounted": "count",
    "assignment.unpublished": "canvas",
    "assignment.due-moved": "canvas",
    "assignment.due-date-made": "canvas",
    "assignment.not-for-class": "canvas",
    "line_item.ambiguous": "which",
    "line_item.gone": "again",
    "line_item.maximum-differs": "send-canvas",
    "line_item.conflict": "send-canvas",
    "line_item.no-period": "period",
    "course.totals-hidden": "course",
    **dict.fromkeys(HIDDEN, "gradebook"),
    **dict.fromkeys(
        (
            "score.pending-review",
            "score.checkpoint-pending",
            "score.no-number",
            "score.negative",
            "score.above-maximum",
        ),
        "gradebook",
    ),
    **dict.fromkeys(DECIDE, "preview"),
}
# Warnings that are worth a line of their own; the others stand in the preview.
_TOLD = frozenset({
    "assignment.name-long", "assignment.due-moved", "assignment.due-date-made",
    "assignment.not-counted", "line_item.adopted", "line_item.kept",
})  # fmt: skip
_NAMES = 5


@dataclass(frozen=True, slots=True)
class Trouble:
    """`lead` is said in bold; `options`: what the control offers, in the class `class_id`.

    `more`: names of those it is about.
    """

    code: str
    kind: Literal["err", "warn", "info"]
    lead: str
    remedy: str
    who: str
    fix: Fix
    options: tuple[tuple[str, str], ...] = ()
    chosen: str = ""
    more: str = ""
    class_id: str = ""


def of_row(row: Row, names: Mapping[str, Sequence[str]]) -> tuple[Trouble, ...]:
    """What is worst first; one for each reason, however many classes it is the same in.

    `names`: by code, the students it is about.
    """
    counts = row.counts
    whole = (counts.to_send + counts.same + counts.to_decide + counts.hidden + counts.waiting
             + counts.blocked + counts.failed + counts.empty)  # fmt: skip
    by_code: dict[str, list[Found]] = {}
    for one in row.troubles:
        if one.severity != "warns" or one.code in _TOLD:
            by_code.setdefault(one.code, []).append(one)
    told = [_trouble(found, whole, names.get(code, ())) for code, found in by_code.items()]
    return tuple(sorted(told, key=lambda one: ("err", "warn", "info").index(one.kind)))


def _trouble(alike: Sequence[Found], whole: int, names: Sequence[str]) -> Trouble:
    found = alike[0]
    code, others = found.code, len(alike) - 1
    kind: Literal["err", "warn", "info"] = "err" if found.severity == "blocks" else "warn"
    if found.severity == "warns" or code in HIDDEN:
        kind = "info"
    if found.cells and kind == "err":
        kind = "warn"
    lead = _counted(found, whole) if found.cells else words.sentence(code, found.sentence)
    if others:
        same = ngettext("The same in %d more class.", "The same in %d more classes.", others)
        lead = f"{lead} {same % others}"
    remedy = "" if code in DECIDE else words.remedy(code)
    fix = FIXES.get(code, "")
    return Trouble(code, kind, lead, remedy, words.who(code), fix, more=_named(names))


def _counted(found: Found, whole: int) -> str:
    code, count = found.code, found.cells
    if code in HIDDEN:
        return ngettext(
            "%d hidden score waits until you post it.",
            "%d hidden scores wait until you post them.",
            count,
        ) % (count,)
    if code == "student.not-in-class":
        return ngettext(
            "%(count)d of %(whole)d students is not in the Q class yet.",
            "%(count)d of %(whole)d students are not in the Q class yet.",
            count,
        ) % {"count": count, "whole": whole}
    if code in DECIDE:
        return ngettext(
            "%d score is another one in Q. It stays unless you decide otherwise.",
            "%d scores are other ones in Q. They stay unless you decide otherwise.",
            count,
        ) % (count,)
    counted = ngettext("%d score:", "%d scores:", count) % count
    return f"{counted} {words.sentence(code)}"


def _named(names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:_NAMES])
    rest = len(names) - _NAMES
    return shown if rest <= 0 else gettext("%(names)s and %(rest)d more") % {
        "names": shown, "rest": rest
    }  # fmt: skip
