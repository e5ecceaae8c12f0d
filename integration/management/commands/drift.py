"""`manage.py drift SLUG`: what we believe Canvas holds, beside what it says itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from integration.connections import canvas_client
from integration.management.bar import Bar
from integration.management.base import DistrictCommand
from integration.management.commands.provision import Command as Provision
from integration.models import District
from integration.provisioning.drift import check_drift


class Command(Provision):
    help = "Compare what Canvas accepted with what it holds now; sends nothing."
    columns = ("same", "differs", "status", "missing", "forgotten")

    def add_arguments(self, parser: CommandParser) -> None:
        DistrictCommand.add_arguments(self, parser)
        parser.add_argument(
            "--repair", action="store_true", help="let the next run send again what is missing"
        )

    def work(self, district: District, options: dict[str, Any]) -> int:
        with canvas_client(district) as canvas, Bar(show=not self.as_json) as watch:
            run = check_drift(
                district,
                canvas=canvas,
                actor=self.actor,
                repair=options["repair"],
                watch=watch,
            )
        return self.report(run)
