"""`manage.py requests`: who asked for the integration, and was not answered yet."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from integration.management.base import DONE
from integration.management.base import Command as BaseCommand
from integration.models import IntegrationRequest


class Command(BaseCommand):
    help = "List the requests for the integration; --answered NUMBER takes one off the list."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--answered", type=int, metavar="NUMBER")

    def run(self, options: dict[str, Any]) -> int:
        open_ones = IntegrationRequest.objects.filter(answered_at=None)
        if options["answered"]:
            open_ones.filter(pk=options["answered"]).update(answered_at=timezone.now())
        asked = list(open_ones.order_by("pk"))
        for one in asked:
            self.say(f"{one.pk}: {one.institution}, {one.contact} <{one.address}>")
            self.say(f"   Canvas: {one.canvas}; in use now: {one.in_use or 'not said'}")
        self.say(f"{len(asked)} wait. Answer with a claim code: manage.py invite SLUG")
        told = ("pk", "institution", "contact", "address", "canvas", "in_use")
        self.answer(state="done", requests=[{k: getattr(one, k) for k in told} for one in asked])
        return DONE
