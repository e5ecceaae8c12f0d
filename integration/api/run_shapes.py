"""What the operations about runs, plans and evaluations take and give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integration.api import lines
from integration.api.pages import Filter
from integration.api.shapes import Out
from integration.evaluation.verdict import WEIGHTS, weight_of
from integration.models import Change, Finding, Run
from integration.provisioning.holds import SENTENCES, Hold, sentence
from integration.provisioning.rows import IMPORTED

KINDS = [kind.name for kind in IMPORTED]


class RunWish(serializers.Serializer[Any]):
    plan_only = serializers.BooleanField(help_text="store the plan, send nothing")


class DriftWish(serializers.Serializer[Any]):
    repair = serializers.BooleanField(
        default=False, help_text="let the next run send again what is missing"
    )


class RunFilter(Filter):
    kind = serializers.ChoiceField(Run.Kind.choices, required=False)
    state = serializers.ChoiceField(Run.State.choices, required=False)


class HoldOut(serializers.Serializer[Any]):
    """Why a plan waits. Those of grades have a code, and mostly a count."""

    code = serializers.CharField()
    kind = serializers.CharField(required=False, allow_blank=True)
    school = serializers.CharField(required=False, allow_blank=True)
    count = serializers.IntegerField(required=False)
    share = serializers.FloatField(required=False)
    limit = serializers.FloatField(required=False)
    reason = serializers.SerializerMethodField()

    def get_reason(self, hold: Mapping[str, Any]) -> str:
        return sentence(Hold(**hold)) if hold["code"] in SENTENCES else ""


class ProgressOut(serializers.Serializer[Any]):
    stage = serializers.CharField(allow_blank=True)
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)


class RunErrorOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    remedy = serializers.CharField(allow_blank=True)


class RunOut(Out):
    """One go at one piece of work. It has ended once its state is held, done or failed."""

    id = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    kind = serializers.ChoiceField(Run.Kind.choices)
    state = serializers.ChoiceField(Run.State.choices)
    trigger = serializers.CharField()
    actor = serializers.CharField(allow_blank=True)
    plan_only = serializers.BooleanField()
    night = serializers.DateField(allow_null=True)
    undoes = serializers.IntegerField(source="undoes_id", allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    pruned_at = serializers.DateTimeField(allow_null=True)
    progress = serializers.SerializerMethodField()
    digest = serializers.CharField(source="plan_digest", allow_blank=True)
    counts = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))
    holds = HoldOut(many=True)
    sent = serializers.DictField()
    error = serializers.SerializerMethodField()

    def get_url(self, run: Run) -> str:
        return self.address("run", run.pk)

    @extend_schema_field(ProgressOut)
    def get_progress(self, run: Run) -> dict[str, Any]:
        told = run.progress
        return {"stage": run.stage, "done": told.get("done") or 0, "total": told.get("total")}

    @extend_schema_field(RunErrorOut(allow_null=True))
    def get_error(self, run: Run) -> dict[str, str] | None:
        names = ("code", "message", "remedy")
        return {name: run.error.get(name, "") for name in names} if run.error else None


class FindingFilter(Filter):
    code = serializers.CharField(required=False, max_length=64)
    kind = serializers.CharField(required=False, max_length=24)
    sourced_id = serializers.CharField(required=False, max_length=800)


class FindingOut(Out):
    """One thing that a person should know: which record, which field, why, and what to do."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    sourced_id = serializers.CharField(allow_blank=True)
    field = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    reason = serializers.CharField()
    remedy = serializers.CharField()
    more = serializers.IntegerField(help_text="of a line that stands for many: how many more")
    weight = serializers.SerializerMethodField(help_text="of a point of an evaluation")

    @extend_schema_field(serializers.ChoiceField([*WEIGHTS, ""]))
    def get_weight(self, finding: Finding) -> str:
        return weight_of(finding.code)


class ChangeFilter(Filter):
    kind = serializers.CharField(required=False, max_length=16)
    school = serializers.CharField(required=False, max_length=255)
    action = serializers.ChoiceField(Change.Action.choices, required=False)
    state = serializers.ChoiceField(Change.State.choices, required=False)


class FileFilter(serializers.Serializer[Any]):
    kind = serializers.CharField(required=False, max_length=16)
    school = serializers.CharField(required=False, max_length=255)
    action = serializers.ChoiceField(Change.Action.choices, required=False)
    state = serializers.ChoiceField(Change.State.choices, required=False)
    text = serializers.CharField(required=False, max_length=100, help_text="in ids and names")


class ChangeOut(Out):
    """One line of a plan or an evaluation: what is there, what will be, and why.

    In an evaluation `after` has `q_id`, `canvas_id` and `name`.
    """

    id = serializers.IntegerField()
    kind = serializers.CharField()
    key = serializers.SerializerMethodField(help_text="the ids that name the row, in their order")
    school = serializers.CharField(source="group", allow_blank=True)
    action = serializers.ChoiceField(Change.Action.choices)
    state = serializers.ChoiceField(Change.State.choices)
    reason = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    before = serializers.SerializerMethodField(help_text="columns of the row as it was")
    after = serializers.SerializerMethodField(help_text="columns of the row as it will be")

    @extend_schema_field(serializers.ListField(child=serializers.CharField(allow_blank=True)))
    def get_key(self, change: Change) -> list[str]:
        return lines.key_of(change)

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_before(self, change: Change) -> dict[str, Any] | None:
        return lines.row_of(change.kind, change.before)

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_after(self, change: Change) -> dict[str, Any] | None:
        return lines.row_of(change.kind, change.after, self.context["view"].run.kind)


# --- plans --------------------------------------------------------------------------------------


class PartOut(serializers.Serializer[Any]):
    """How many lines of a plan are alike: what can be approved by itself."""

    kind = serializers.CharField()
    school = serializers.CharField(source="group", allow_blank=True)
    action = serializers.ChoiceField(Change.Action.choices)
    state = serializers.ChoiceField(Change.State.choices)
    rows = serializers.IntegerField()


class PlanOut(Out):
    """What a run would do, or has done."""

    run = RunOut()
    changes_url = serializers.SerializerMethodField()
    is_waiting = serializers.BooleanField(help_text="it can be approved by its digest")
    stale = serializers.CharField(
        allow_blank=True, help_text="why it may no longer be approved, where it waits"
    )
    parts = PartOut(many=True)

    def get_changes_url(self, plan: Mapping[str, Any]) -> str:
        return self.address("changes", plan["run"].pk)


class ApprovalWish(serializers.Serializer[Any]):
    digest = serializers.CharField(max_length=64, help_text="of the plan as it was read")
    schools = serializers.ListField(
        child=serializers.CharField(max_length=255),
        default=list,
        max_length=500,
        help_text="only these accounts, and what they stand on; the rest is set aside",
    )
    kinds = serializers.ListField(
        child=serializers.ChoiceField(KINDS), default=list, help_text="only these kinds"
    )
    removals = serializers.BooleanField(
        default=True, help_text="false: nothing is taken away; removals are set aside"
    )
    reason = serializers.CharField(default="", allow_blank=True, max_length=1000)


class DeclineWish(serializers.Serializer[Any]):
    digest = serializers.CharField(max_length=64)
    old_ids = serializers.ListField(
        child=serializers.CharField(max_length=255),
        default=list,
        max_length=500,
        help_text="only these changed ids; none means all",
    )
    reason = serializers.CharField(default="", allow_blank=True, max_length=1000)


class DiscardWish(serializers.Serializer[Any]):
    digest = serializers.CharField(max_length=64)
    reason = serializers.CharField(default="", allow_blank=True, max_length=1000)


class UndoWish(serializers.Serializer[Any]):
    digest = serializers.CharField(
        max_length=64, help_text="of the undo's plan, which undo-preview made"
    )
    reason = serializers.CharField(default="", allow_blank=True, max_length=1000)


class ScopeOut(serializers.Serializer[Any]):
    """What was approved; empty lists mean all."""

    schools = serializers.ListField(child=serializers.CharField(), default=list)
    kinds = serializers.ListField(child=serializers.CharField(), default=list)
    removals = serializers.BooleanField(default=True)


class ApprovalOut(Out):
    id = serializers.IntegerField()
    run = serializers.IntegerField(source="run_id")
    digest = serializers.CharField()
    by = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    part = ScopeOut(source="scope")
    created_at = serializers.DateTimeField()


class EvaluationOut(Out):
    run = RunOut()
    verdict = serializers.CharField(allow_blank=True, help_text="blank until it has ended")
    kept_share = serializers.DictField(
        child=serializers.FloatField(),
        help_text="of Q's records, those that keep their Canvas record, 0 to 1",
    )
