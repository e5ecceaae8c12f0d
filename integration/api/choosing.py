"""What a district has chosen: its rules and its schedule; and lines as files for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import Any

from django.core.exceptions import ValidationError
from django.http import StreamingHttpResponse
from rest_framework import serializers

from integration import policies, schedule, spreadsheets
from integration.account import lines
from integration.api import run_shapes, shapes
from integration.api.operation import OfDistrict, operation
from integration.api.problems import NotThere
from integration.api.registry import RIGHT_TO_SEE
from integration.api.views import OfRuns, Right
from integration.evaluation.files import changed_ids
from integration.models import ProvisioningPolicy, Run
from integration.nights import Blackout, Rollover
from integration.provisioning import csv
from integration.provisioning.rows import CHANGE_SIS_ID
from integration.schedule import ScheduleRefused, Wish

TAG = "settings"
CSV = "text/csv"


class Chosen(OfDistrict):
    @property
    def policy(self) -> ProvisioningPolicy:
        return ProvisioningPolicy.of(self.district)


class Rules(Chosen):
    @operation(Right.READ, "Mapping rules and limits", gives=shapes.RulesOut, tag=TAG)
    def get(self, request: Any, **_: Any) -> ProvisioningPolicy:
        return self.policy

    @operation(
        Right.CONFIGURE,
        "Change mapping rules and limits",
        gives=shapes.RulesOut,
        body=shapes.RulesWish,
        tag=TAG,
        text="What is not named stays. A plan that was made by other rules is out of date.",
    )
    def post(self, request: Any, **_: Any) -> ProvisioningPolicy:
        try:
            policies.check_schools(self.district, self.wish.get("schools", ()))
            policies.change_policy(self.district, self.wish, actor=self.by)
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from None
        return self.policy


class Schedule(Chosen):
    @operation(Right.READ, "When nights begin", gives=shapes.TimetableOut, tag=TAG)
    def get(self, request: Any, **_: Any) -> dict[str, Any]:
        return schedule.described(self.policy)

    @operation(
        Right.CONFIGURE,
        "Change when nights begin; pause with a reason, or resume",
        gives=shapes.TimetableOut,
        body=shapes.TimetableWish,
        tag=TAG,
        text="What is not named stays; windows that are named replace all of their kind.",
    )
    def post(self, request: Any, **_: Any) -> dict[str, Any]:
        wish = self.wish
        asked = Wish(
            at=wish.get("at"),
            is_automatic=wish.get("automatic"),
            pause=wish.get("pause"),
            clear="blackouts" in wish,
            add=self._windows(Blackout, "blackouts"),
            clear_rollovers="rollovers" in wish,
            add_rollovers=self._windows(Rollover, "rollovers"),
        )
        return schedule.described(schedule.change(district=self.district, wish=asked, by=self.by))

    def _windows(self, sort: Any, name: str) -> tuple[Any, ...]:
        """Raises serializers.ValidationError."""
        try:
            return tuple(
                schedule.window_of(sort, f"{one['from']}", f"{one['until']}", one["reason"])
                for one in self.wish.get(name, ())
            )
        except ScheduleRefused as error:
            raise serializers.ValidationError({name: [str(error)]}) from None


class ChangesFile(OfRuns):
    @operation(
        Right.READ,
        "The lines of a plan or of an evaluation, for a spreadsheet",
        gives=str,
        media=CSV,
        query=run_shapes.FileFilter,
        tag="plans",
        text="One row for each field; what would be a formula is text.",
    )
    def get(self, request: Any, **_: Any) -> StreamingHttpResponse:
        if self.run.kind in RIGHT_TO_SEE:
            raise NotThere("The lines of this run are scores: see the cells of its course.")
        wanted = lines.Wanted(**self.asked)
        return streamed(spreadsheets.stream(lines.COLUMNS, lines.cells_of(self.run, wanted)))


class ChangedIds(OfRuns):
    @operation(
        Right.READ,
        "The changed ids of an evaluation, as the file that Canvas imports",
        gives=str,
        media=CSV,
        tag="verify and evaluate",
    )
    def get(self, request: Any, **_: Any) -> StreamingHttpResponse:
        if self.run.kind != Run.Kind.EVALUATION:
            raise NotThere("This run was no evaluation.")
        text = StringIO(newline="")
        csv.write(CHANGE_SIS_ID, changed_ids(self.run), text)
        return streamed([text.getvalue()])


def streamed(made: Iterable[str]) -> StreamingHttpResponse:
    return StreamingHttpResponse(made, content_type=f"{CSV}; charset=utf-8")
