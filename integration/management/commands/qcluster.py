"""`manage.py qcluster`: the workers, and what keeps them going."""

from __future__ import annotations

from typing import Any

from integration.cluster import Supervisor, only_one
from integration.management.base import DONE, FAILED
from integration.management.base import Command as BaseCommand


class Command(BaseCommand):
    help = "Do the work: nights, queued and interrupted runs. Serves until it is told to stop."

    def run(self, options: dict[str, Any]) -> int:
        place = only_one()
        try:
            asked = Supervisor().run()
        finally:
            if place:
                place.close()
        self.answer(state="done" if asked else "failed")
        return DONE if asked else FAILED
