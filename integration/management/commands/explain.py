"""`manage.py explain SLUG KIND SOURCED_ID`: why this record is, or is not, in Canvas."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from integration.connections import q_client
from integration.management.base import DONE, DistrictCommand
from integration.management.registries import EXPLAINERS
from integration.models import District
from integration.provisioning.explain import COLLECTIONS, Explanation
from integration.provisioning.why import why


class Command(DistrictCommand):
    help = "Tell why a Q record is, or is not, in Canvas."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("kind", choices=sorted({*COLLECTIONS, *EXPLAINERS}))
        parser.add_argument("sourced_id")

    def work(self, district: District, options: dict[str, Any]) -> int:
        if explainer := EXPLAINERS.get(options["kind"]):
            return explainer(self, district, options["sourced_id"])
        collection, sourced_id = COLLECTIONS[options["kind"]], options["sourced_id"]
        with q_client(district) as q:
            told = why(district, collection, sourced_id, q)
        self._print(told, collection, sourced_id)
        return DONE

    def _print(self, told: Explanation, collection: str, sourced_id: str) -> None:
        self.say(f"{collection} {sourced_id}: {told.verdict}")
        for step in told.steps:
            self.say(f"  {step}")
        self.answer(
            state="done",
            kind=collection,
            sourced_id=sourced_id,
            verdict=told.verdict,
            steps=list(told.steps),
        )
