"""What a run of grade passback did, printed for people and, with `--json`, for machines."""

from __future__ import annotations

from functools import partial
from typing import Any

from gradesync import stored
from gradesync.push import UNFINISHED
from gradesync.story import told as story
from gradesync.undo import undo
from integration.connections import canvas_client, q_client
from integration.management.bar import Bar
from integration.management.base import DONE, FAILED, HELD, Command, Failure
from integration.models import Change, District, Finding, Run

COLUMNS = ("new", "changed", "cleared", "same", "conflict", "waiting", "blocked")
SHOWN_FINDINGS = 10
HOLDS = {
    "first-sync": "This would be the first sync of the course; a person looks at it first.",
    "many-replaced": "Many scores in Q would be replaced; a person looks at it first.",
    "conflicts": "Scores were changed in Q since; a person decides whose stand.",
}
NEXT_SYNC = "Q keeps what was restored until a score changes in Canvas or somebody decides anew."


def report(command: Command, run: Run, to_carry_out: str) -> int:
    """Print it; give the exit code. `to_carry_out` is what to type next where a plan waits."""
    findings = [one.as_dict() for one in Finding.objects.filter(run=run).order_by("pk")]
    outcome = stored.outcome_of(run)
    command.answer(
        run=run.pk,
        state="failed" if run.state in UNFINISHED else run.state,
        digest=run.plan_digest,
        counts=run.counts,
        holds=run.holds,
        findings=findings,
        sent=stored.sent_of(run),
        outcome=outcome,
    )
    command.say(_table(run))
    for finding in findings[:SHOWN_FINDINGS]:
        place = f"{finding['kind']} {finding.get('sourced_id', '')}".strip()
        command.say(f"  {place}: {finding['reason']} {finding['remedy']}")
    if (rest := len(findings) - SHOWN_FINDINGS) > 0:
        command.say(f"  … and {rest:,} more (--json prints the first of each sort)")
    return _state(command, run, outcome, to_carry_out)


def _table(run: Run) -> str:
    lines = [" " * 12 + "".join(f"{name:>10}" for name in COLUMNS)]
    for kind, count in run.counts.items():
        lines.append(f"{kind:<12}" + "".join(f"{count.get(name, 0):>10}" for name in COLUMNS))
    return "\n".join(lines)


def _state(command: Command, run: Run, outcome: dict[str, int], to_carry_out: str) -> int:
    if run.state in (Run.State.FAILED, *UNFINISHED):
        command.complain(run.error)
        command.answer(error=run.error)
        return FAILED
    if run.state == Run.State.HELD:
        command.say("Nothing was sent.")
        for hold in run.holds:
            command.say(f"  {HOLDS.get(hold['code'], hold['code'])}")
        if not any(hold["code"].startswith("course.") for hold in run.holds):
            command.say(f"To send this plan:\n  {to_carry_out} {run.plan_digest}")
        return HELD
    not_sent = sum(outcome.get(state, 0) for state in (Change.State.REFUSED, Change.State.LEFT))
    if not_sent:
        command.say(f"{not_sent:,} did not reach Q; the findings tell why.")
    return FAILED if not_sent else DONE


def undo_grades(command: Command, undone: Run, options: dict[str, Any]) -> int:
    """`manage.py undo RUN` of a sync of grades."""
    with canvas_client(undone.district) as canvas, Bar(show=not command.as_json) as watch:
        run = undo(
            undone,
            q=partial(q_client, undone.district),
            canvas=canvas,
            actor=command.actor,
            plan_only=options["plan_only"],
            digest=options["digest"],
            watch=watch,
        )
    code = report(command, run, f"manage.py undo {undone.pk} --digest")
    if run.state == Run.State.DONE:
        command.say(NEXT_SYNC)
    return code


def explain_score(command: Command, district: District, sourced_id: str) -> int:
    """`manage.py explain SLUG results ID`: why this score is, or is not, in Q."""
    told = story(district, sourced_id)
    if told is None:
        raise Failure(
            f"No plan names a result {sourced_id}.",
            remedy="Take the id from a finding, or from Q; sync_grades --preview makes a plan.",
        )
    command.say(f"results {sourced_id}: {told.verdict}")
    for step in (*told.steps, told.remedy):
        if step:
            command.say(f"  {step}")
    command.answer(
        state="done",
        kind="results",
        sourced_id=sourced_id,
        verdict=told.verdict,
        steps=list(told.steps),
        remedy=told.remedy,
    )
    return DONE
