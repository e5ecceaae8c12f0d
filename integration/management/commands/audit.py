"""`manage.py audit`: is the audit log what was written, and nothing left out?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from integration import audit
from integration.management.base import DONE, FAILED
from integration.management.base import Command as BaseCommand


class Command(BaseCommand):
    help = "Check the audit log against its chain. Exit 1: it was changed by other hands."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--head", default="", help="a head written down earlier: is it still in the chain?"
        )

    def run(self, options: dict[str, Any]) -> int:
        found = audit.verify(head=options["head"].strip())
        for fault in found.faults:
            self.say(fault)
        self.say(
            f"{found.sealed} events are in the chain, {found.waiting} wait for the next sweep."
        )
        self.say(f"Its head, to be written down elsewhere: {found.head}")
        self.answer(state="failed" if found.faults else "done", **asdict(found))
        return FAILED if found.faults else DONE
