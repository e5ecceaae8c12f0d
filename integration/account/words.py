"""What our own words for states, kinds and changes are called on a page."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_lazy, ngettext

from integration.models import Run

KINDS = {
    "accounts": gettext_lazy("Sub-accounts"),
    "terms": gettext_lazy("Terms"),
    "courses": gettext_lazy("Courses"),
    "sections": gettext_lazy("Sections"),
    "users": gettext_lazy("Users"),
    "enrollments": gettext_lazy("Enrollments"),
    "observers": gettext_lazy("Observers"),
    "change_sis_id": gettext_lazy("Changed IDs"),
    "lineItems": gettext_lazy("Line items of Q"),
    # As Q calls what it holds.
    "orgs": gettext_lazy("Schools and organisations"),
    "schools": gettext_lazy("Schools"),
    "academicSessions": gettext_lazy("Terms and sessions"),
    "classes": gettext_lazy("Classes"),
}
ACTIONS = {
    "added": gettext_lazy("Create"),
    "changed": gettext_lazy("Update"),
    "removed": gettext_lazy("Remove"),
    "kept": gettext_lazy("Left in Canvas"),
    "equal": gettext_lazy("There already"),
    "matched": gettext_lazy("Other ID"),
    "new": gettext_lazy("Only in Q"),
    "gone": gettext_lazy("Only in Canvas"),
    "collides": gettext_lazy("Collides"),
    "unclear": gettext_lazy("Unclear"),
    "adopts": gettext_lazy("Takes over"),
    "loses": gettext_lazy("Would lose access"),
}
STATES = {
    "planned": gettext_lazy("Planned"),
    "confirmed": gettext_lazy("Done"),
    "refused": gettext_lazy("Refused by Canvas"),
    "blocked": gettext_lazy("Refused before"),
    "set aside": gettext_lazy("Set aside"),
    "proposed": gettext_lazy("Waits for you"),
    "left": gettext_lazy("Left for the next run"),
}
RUNS = {
    "provisioning": gettext_lazy("Provisioning"),
    "undo": gettext_lazy("Undo"),
    "drift": gettext_lazy("Check against Canvas"),
    "evaluation": gettext_lazy("Evaluation"),
    "renames": gettext_lazy("Changed IDs"),
    "grades": gettext_lazy("Grade sync"),
    "grades undo": gettext_lazy("Grade sync undone"),
}
# Of a SIS import, by Canvas's own word for it.
IMPORTS = {
    "initializing": gettext_lazy("Waits in Canvas"),
    "created": gettext_lazy("Waits in Canvas"),
    "importing": gettext_lazy("Under way in Canvas"),
    "cleanup_batch": gettext_lazy("Under way in Canvas"),
    "imported": gettext_lazy("Taken by Canvas"),
    "imported_with_messages": gettext_lazy("Taken by Canvas, with remarks"),
    "aborted": gettext_lazy("Stopped in Canvas"),
    "failed": gettext_lazy("Failed in Canvas"),
    "failed_with_messages": gettext_lazy("Failed in Canvas, with remarks"),
    "partially_restored": gettext_lazy("Partly taken back in Canvas"),
    "restored": gettext_lazy("Taken back in Canvas"),
}
PILLS = {
    "added": "new",
    "changed": "neutral",
    "removed": "err",
    "kept": "warn",
    "matched": "warn",
    "collides": "err",
    "unclear": "warn",
    "adopts": "warn",
    "loses": "err",
    "new": "new",
}
# Who can mend what a test of the connections found.
WHO = {
    "you": gettext_lazy("You, on this page"),
    "q": gettext_lazy("Q’s administrator"),
    "canvas": gettext_lazy("Canvas’s administrator"),
    "operator": gettext_lazy("Whoever operates Q Sync"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run stands: the kind of its status line, and its words."""

    kind: str
    words: str


def outcome(run: Run) -> Outcome:
    """How a run stands, in a line."""
    if run.state == Run.State.HELD:
        return Outcome("warn", gettext("Waits for you"))
    if run.state in (Run.State.QUEUED, Run.State.RUNNING):
        return Outcome("busy", gettext("Running"))
    if run.state == Run.State.WAITING:
        return Outcome("waits", gettext("Waits for Canvas"))
    if run.state == Run.State.FAILED:
        return Outcome("err", gettext("Failed"))
    if refused := total(run, "refused"):
        words = ngettext("%d record refused", "%d records refused", refused) % refused
        return Outcome("warn", words)
    return Outcome("ok", gettext("Done"))


def total(run: Run, what: str) -> int:
    """The sum of one count over all kinds."""
    return sum(int(count.get(what, 0)) for count in run.counts.values())
