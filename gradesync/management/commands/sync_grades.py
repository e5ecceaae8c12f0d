"""`manage.py sync_grades SLUG --course ID`: a course's grades become Q's, in the foreground."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from django.core.management.base import CommandParser

from gradesync import stored, sync
from gradesync.errors import PlanRefused
from gradesync.models import CourseSync
from gradesync.push import UNFINISHED, advance
from integration.connections import canvas_client, q_client
from integration.ledger.leases import AlreadyRunning
from integration.management.bar import Bar
from integration.management.base import DONE, FAILED, HELD, DistrictCommand, Usage
from integration.models import Change, District, Finding, Run

COLUMNS = ("new", "changed", "cleared", "same", "conflict", "waiting", "blocked")
SHOWN_FINDINGS = 10
WAIT_SECONDS = 0.5


class Command(DistrictCommand):
    help = "Show, or send, what a Canvas course's grades change in Q."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--course", required=True, metavar="CANVAS_ID")
        parser.add_argument("--preview", action="store_true", help="store the plan, send nothing")
        parser.add_argument(
            "--approve", metavar="DIGEST", help="send the plan with this digest that was shown"
        )
        parser.add_argument(
            "--on-conflict",
            choices=["keep-q", "send-canvas"],
            default="keep-q",
            help="whose value stands where both have changed (default: Q's)",
        )
        parser.add_argument(
            "--force", action="store_true", help="send again what is the same; decides no conflict"
        )

    def work(self, district: District, options: dict[str, Any]) -> int:
        if options["approve"] is not None and (options["preview"] or not options["approve"]):
            raise Usage("--approve needs the digest of a plan, and goes with no --preview.")
        course = sync.course_of(district, options["course"])
        if options["approve"]:
            run = self._approve(course, options["approve"].strip())
        else:
            run, is_new = sync.press(
                course,
                actor=self.actor,
                preview=options["preview"],
                on_conflict=options["on_conflict"],
                force=options["force"],
            )
            if not is_new:
                self.say(f"Run {run.pk} is going already; this joins it.")
        return self.report(self.finish(run))

    def _approve(self, course: CourseSync, digest: str) -> Run:
        waiting = Run.objects.filter(sync__course=course, plan_digest=digest).order_by("-pk")
        run = waiting.first()
        if run is None:
            raise PlanRefused(f"No plan of this course has the digest {digest}.")
        return sync.approve(run, digest, actor=self.actor)

    def finish(self, run: Run) -> Run:
        """Bring it to its end, or wait for whoever is at it."""
        with canvas_client(run.district) as canvas, Bar(show=not self.as_json) as watch:
            while True:
                try:
                    q = partial(q_client, run.district)
                    return advance(run, q=q, canvas=canvas, watch=watch)
                except AlreadyRunning:
                    time.sleep(WAIT_SECONDS)
                    run.refresh_from_db()
                    if run.state not in UNFINISHED:
                        return run

    def report(self, run: Run) -> int:
        """Print what the run did; give the exit code."""
        findings = [one.as_dict() for one in Finding.objects.filter(run=run).order_by("pk")]
        outcome = stored.outcome_of(run)
        self.answer(
            run=run.pk,
            state="failed" if run.state in UNFINISHED else run.state,
            digest=run.plan_digest,
            counts=run.counts,
            holds=run.holds,
            findings=findings,
            sent=stored.sent_of(run),
            outcome=outcome,
        )
        self._say_counts(run)
        for finding in findings[:SHOWN_FINDINGS]:
            place = f"{finding['kind']} {finding.get('sourced_id', '')}".strip()
            self.say(f"  {place}: {finding['reason']} {finding['remedy']}")
        if (rest := len(findings) - SHOWN_FINDINGS) > 0:
            self.say(f"  … and {rest:,} more (--json prints the first of each sort)")
        return self._say_state(run, outcome)

    def _say_counts(self, run: Run) -> None:
        self.say(" " * 12 + "".join(f"{name:>10}" for name in COLUMNS))
        for kind, count in run.counts.items():
            self.say(f"{kind:<12}" + "".join(f"{count.get(name, 0):>10}" for name in COLUMNS))

    def _say_state(self, run: Run, outcome: dict[str, int]) -> int:
        if run.state in (Run.State.FAILED, *UNFINISHED):
            self.complain(run.error)
            self.answer(error=run.error)
            return FAILED
        if run.state == Run.State.HELD:
            self.say("Nothing was sent.")
            if not run.holds:
                self.say(f"To send this plan:\n  {self.to_carry_out(run)}")
            return HELD
        not_sent = sum(outcome.get(state, 0) for state in (Change.State.REFUSED, Change.State.LEFT))
        if not_sent:
            self.say(f"{not_sent:,} did not reach Q; the findings tell why.")
        return FAILED if not_sent else DONE

    def to_carry_out(self, run: Run) -> str:
        """What to type next where a plan waits."""
        course = f"--course {run.sync.course.canvas_id}"
        return f"manage.py sync_grades {run.district.slug} {course} --approve {run.plan_digest}"
