"""`manage.py undo RUN`: what a run did is taken back, as far as that is safe."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from integration.connections import canvas_client
from integration.management.bar import Bar
from integration.management.base import Command as Plain
from integration.management.base import Failure
from integration.management.commands.provision import Command as Provision
from integration.management.registries import UNDOERS
from integration.models import Run
from integration.provisioning.undo import undo

NEXT_NIGHT = (
    "Q still holds what the run brought: the next night sends it again unless Q is corrected "
    "or the district is paused."
)


class Command(Provision):
    help = "Take back what a run did, as far as that is safe; what is left is listed."
    columns = ("changed", "removed", "left", "blocked")

    def add_arguments(self, parser: CommandParser) -> None:
        Plain.add_arguments(self, parser)
        parser.add_argument("number", metavar="RUN", type=int, help="the number of the run")
        parser.add_argument("--plan-only", action="store_true", help="show it, send nothing")
        parser.add_argument("--digest", help="only if the plan is still the one with this digest")

    def run(self, options: dict[str, Any]) -> int:
        undone = Run.objects.filter(pk=options["number"]).select_related("district").first()
        if undone is None:
            raise Failure(f"There is no run {options['number']}.")
        self.answer(district=undone.district.slug, undoes=undone.pk)
        if undone.kind in UNDOERS:
            return UNDOERS[undone.kind](self, undone, options)
        with canvas_client(undone.district) as canvas, Bar(show=not self.as_json) as watch:
            run = undo(
                undone,
                canvas=canvas,
                actor=self.actor,
                plan_only=options["plan_only"],
                digest=options["digest"],
                watch=watch,
            )
        code = self.report(run)
        if run.plan_digest and (run.state == Run.State.HELD or run.sent):
            self.say(NEXT_NIGHT)
            self.answer(note=NEXT_NIGHT)
        return code

    def to_carry_out(self, run: Run) -> str:
        assert run.undoes
        return f"manage.py undo {run.undoes.pk} --digest {run.plan_digest}"
