"""`manage.py verify SLUG`: each step and endpoint, with status, latency, rows, what to do."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from integration.checking import steps_of
from integration.management.base import DONE, FAILED, DistrictCommand
from integration.models import District
from integration.verification import Step
from integration.who_acts import WHO_IS


class Command(DistrictCommand):
    help = "Try a district's connections step by step; writes only into a class named for it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--test-class",
            default="",
            metavar="SOURCED_ID",
            help="a class of Q, made for such a test, in which grades may be written and removed",
        )

    def work(self, district: District, options: dict[str, Any]) -> int:
        steps: list[Step] = []
        for step in steps_of(district, test_class=options["test_class"], by=self.actor):
            steps.append(step)
            self._say(step)
        failed = [step for step in steps if step.needed and not step.ok]
        self.answer(state="failed" if failed else "done", steps=[step.as_dict() for step in steps])
        self.say(
            f"{len(failed)} of {len(steps)} steps need attention."
            if failed
            else f"All is well. Next: manage.py provision {district.slug} --plan-only"
        )
        return FAILED if failed else DONE

    def _say(self, step: Step) -> None:
        mark = "ok  " if step.ok else ("FAIL" if step.needed else "note")
        rows = "" if step.rows is None else f"{step.rows:,} rows"
        status = str(step.status or "")
        line = f"{mark} {step.name:<28}{status:>5}{step.seconds * 1000:>7.0f} ms  {rows:>14}"
        self.say(f"{line}  {step.message}".rstrip())
        if step.remedy:
            self.say(f"       What to do: {step.remedy}")
        if who := step.as_dict().get("who"):
            self.say(f"       Who can act: {WHO_IS[str(who)]}")
