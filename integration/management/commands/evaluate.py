"""`manage.py evaluate SLUG`: what a conversion would do to Canvas, before anything is done."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from integration.connections import canvas_client, q_client
from integration.evaluation.files import write_files
from integration.evaluation.run import evaluate
from integration.evaluation.verdict import headline, kept_share, weight_of
from integration.management.bar import Bar
from integration.management.base import DONE, FAILED, DistrictCommand, Failure
from integration.management.by_command import by_command
from integration.management.commands.provision import table
from integration.models import District, Run
from integration.provisioning.run import findings_of

COLUMNS = (
    *("q", "canvas", "same", "matched", "new", "gone"),
    *("collides", "unclear", "adopts", "loses"),
)


class Command(DistrictCommand):
    help = "Compare all that Q holds with all that Canvas holds, before converting; writes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--output",
            metavar="DIR",
            type=Path,
            help="write evaluation.csv (every line) and change_sis_id.csv (for Canvas) there",
        )

    def work(self, district: District, options: dict[str, Any]) -> int:
        with canvas_client(district) as canvas, Bar(show=not self.as_json) as watch:
            run = evaluate(
                district,
                q=partial(q_client, district),
                canvas=canvas,
                actor=self.actor,
                watch=watch,
            )
        self.answer(run=run.pk, state=run.state, counts=run.counts)
        if run.state != Run.State.DONE:
            self.complain(run.error)
            self.answer(error=run.error)
            return FAILED
        self._report(run)
        if options["output"]:
            self._write(run, options["output"])
        return DONE

    def _report(self, run: Run) -> None:
        findings = list(findings_of(run))
        points = [one for one in findings if weight_of(one.code)]
        verdict = headline(weight_of(one.code) for one in points)
        self.answer(findings=[one.as_dict() for one in findings], verdict=verdict)
        self.say(verdict)
        shares = {kind: kept_share(run.counts, kind) for kind in ("users", "sections")}
        self.say(
            f"{shares['users']:.1%} of the users and {shares['sections']:.1%} of the sections of Q "
            "would keep their Canvas record, with its submissions and grades."
        )
        self.say(table(run.counts, COLUMNS))
        for one in points:
            self.say(f"{weight_of(one.code)}: {one.reason}\n  What to do: {one.remedy}")
            if command := by_command(one.code):
                self.say(f"  By command: {command}")
        if others := len(findings) - len(points):
            self.say(f"{others:,} records of Q need attention: manage.py provision --plan-only.")

    def _write(self, run: Run, directory: Path) -> None:
        try:
            written = write_files(run, directory)
        except OSError as error:
            raise Failure(
                f"The files could not be written into {directory}: {error.strerror}.",
                remedy="Name a directory that you may write to.",
            ) from error
        self.answer(files={name: str(directory / name) for name in written})
        for name, rows in written.items():
            self.say(f"{directory / name}: {rows:,} rows")
