"""`manage.py sync_grades SLUG --course ID`: a course's grades become Q's, in the foreground."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Any

from django.core.management.base import CommandParser

from gradesync import sync
from gradesync.actions.repairs import forget_links
from gradesync.checking import CHECK
from gradesync.errors import PlanRefused
from gradesync.management.report import report
from gradesync.models import CourseSync, SyncRun
from gradesync.push import KIND, UNFINISHED, advance
from gradesync.review import Review
from integration.connections import canvas_client, q_client
from integration.ledger.leases import AlreadyRunning
from integration.management.bar import Bar
from integration.management.base import DONE, DistrictCommand, Usage
from integration.models import District, Run

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
            default="",
            help="whose value stands where both have changed (default: as the course chose; Q's)",
        )
        parser.add_argument(
            "--yes",
            action="store_true",
            help="send without asking, also a first sync and one that replaces many scores",
        )
        parser.add_argument(
            "--force", action="store_true", help="send again what is the same; decides no conflict"
        )

        parser.add_argument(
            "--verify",
            action="store_true",
            help="read back what Q has confirmed and list what it does not hold any more",
        )
        parser.add_argument(
            "--retry", type=int, metavar="RUN", help="only what of that run did not reach Q"
        )
        parser.add_argument(
            "--forget-links",
            action="store_true",
            help="forget which line items are ours, as for a gradebook of Q that was replaced",
        )

    def _consents(self, options: dict[str, Any]) -> bool:
        """Nobody can be asked where there is no terminal: the command line itself is the yes."""
        return not options["preview"] and (options["yes"] or not sys.stdin.isatty())

    def work(self, district: District, options: dict[str, Any]) -> int:
        if options["approve"] is not None and (options["preview"] or not options["approve"]):
            raise Usage("--approve needs the digest of a plan, and goes with no --preview.")
        course = sync.course_of(district, options["course"])
        if options["forget_links"]:
            return self._forget(course)
        if options["approve"]:
            run = self._approve(course, options["approve"].strip())
        else:
            run, is_new = self._press(course, options)
            if not is_new:
                self.say(f"Run {run.pk} is going already; this joins it.")
        run = self._asked(self.finish(run))
        return report(
            self,
            run,
            f"manage.py sync_grades {district.slug} --course {course.canvas_id} --approve",
        )

    def _press(self, course: CourseSync, options: dict[str, Any]) -> tuple[Run, bool]:
        failed = None
        if options["retry"] is not None:
            failed = Run.objects.filter(sync__course=course, pk=options["retry"]).first()
            if failed is None:
                raise Usage(f"This course has no run {options['retry']}.")
        return sync.press(
            course,
            actor=self.actor,
            preview=options["preview"] or options["verify"],
            kind=CHECK if options["verify"] else KIND,
            on_conflict=options["on_conflict"],
            force=options["force"],
            retries=failed,
            scope=sync.failed_scope(failed) if failed else sync.WHOLE,
            consents=self._consents(options),
        )

    def _forget(self, course: CourseSync) -> int:
        forgotten = forget_links(course, by=self.actor)
        told = ", ".join(f"{number:,} {name}" for name, number in forgotten.items())
        self.say(f"Forgotten: {told}. The next sync of this course is as a first one.")
        self.answer(state="done", forgotten=forgotten)
        return DONE

    def _approve(self, course: CourseSync, digest: str) -> Run:
        # A plan that was made again has the same digest as the one that was sent.
        waiting = Run.objects.filter(sync__course=course, state=Run.State.HELD, plan_digest=digest)
        run = waiting.order_by("-pk").first()
        if run is None:
            raise PlanRefused(f"No plan of this course that waits has the digest {digest}.")
        # Whoever names a digest was shown it.
        sync.see(run, actor=self.actor)
        return sync.approve(run, digest, actor=self.actor)

    def _asked(self, run: Run) -> Run:
        """A first plan, or one that replaces many values: name the counts, and ask."""
        told = Review(**SyncRun.objects.get(run=run).review)
        is_asking = [hold["code"] for hold in run.holds] == [told.why]
        if run.state != Run.State.HELD or not is_asking or not sys.stdin.isatty():
            return run
        self.say(told.sentence)
        if input("Send them to Q? [y/N] ").strip().lower() not in ("y", "yes"):
            return run
        return self.finish(self._approve(run.sync.course, run.plan_digest))

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
