"""What a district is, and its runs: begun, followed, taken back."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from integration import actions, checking
from integration.account import overview
from integration.api import registry, run_shapes, shapes
from integration.api.operation import Api, OfDistrict, operation
from integration.api.pages import Filter, Rows
from integration.api.problems import NotThere
from integration.evaluation.verdict import headline, kept_share, weight_of
from integration.models import ApiToken, AuditEvent, ConnectionCheck, District, Finding, Run
from integration.provisioning.errors import NothingToUndo, PlanRefused
from integration.schedule import described

Right = ApiToken.Right
KEPT = ("users", "sections")
VERIFY = "verify and evaluate"


def wanted(asked: dict[str, Any], **columns: str) -> dict[str, Any]:
    """The filters that were given, by the column that each is about."""
    return {column: asked[name] for name, column in columns.items() if name in asked}


class OfRuns(OfDistrict):
    """Whoever may not see scores sees no run that holds them."""

    def runs(self) -> QuerySet[Run]:
        hidden = [kind for kind, right in registry.RIGHT_TO_SEE.items() if not self.may(right)]
        return self.district.runs.exclude(kind__in=hidden)

    @cached_property
    def run(self) -> Run:
        """The run that the address names. Raises NotThere."""
        run = self.runs().filter(pk=self.kwargs["run"]).first()
        if run is None:
            raise NotThere("There is no such run.")
        return run

    def latest(self, kind: str) -> Run:
        """Raises NotThere."""
        run = self.runs().filter(kind=kind).order_by("-pk").first()
        if run is None:
            raise NotThere("There is none yet.")
        return run


# --- districts ----------------------------------------------------------------------------------


class Districts(Api):
    @operation(
        Right.READ,
        "The districts of this token",
        gives=shapes.DistrictOut,
        query=Filter,
        tag="districts",
        text="There is one: a token is of one district.",
    )
    def get(self, request: Any) -> Rows:
        return Rows(District.objects.filter(pk=self.token.district_id))


class OneDistrict(OfRuns):
    @operation(
        Right.READ,
        "How a district is: connections, schedule, what waits",
        gives=shapes.OverviewOut,
        tag="districts",
    )
    def get(self, request: Any, **_: Any) -> dict[str, Any]:
        shown = overview.of_district(self.district)
        policy = getattr(self.district, "policy", None)
        schedule = described(policy) if policy else {"automatic": False, "at": ""}
        held = self.runs().filter(state=Run.State.HELD).order_by("-pk")
        return {
            "district": self.district,
            "connections": shown.connections,
            "schedule": schedule | {"next_at": shown.next_at},
            "waiting": list(held.values_list("pk", flat=True)[:100]),
            "holdings": {one.kind: one.count for one in shown.holdings},
        }


class History(OfDistrict):
    @operation(
        Right.READ,
        "Who did what, newest first",
        gives=shapes.EventOut,
        query=shapes.EventFilter,
        tag="districts",
    )
    def get(self, request: Any, **_: Any) -> Rows:
        found = AuditEvent.objects.filter(district=self.district.slug)
        chosen = wanted(self.asked, action="action", actor="actor", subject="subject")
        return Rows(found.filter(**chosen), newest_first=True)


# --- runs ---------------------------------------------------------------------------------------


class Runs(OfRuns):
    @operation(
        Right.READ,
        "Runs of every kind, newest first",
        gives=run_shapes.RunOut,
        query=run_shapes.RunFilter,
    )
    def get(self, request: Any, **_: Any) -> Rows:
        chosen = wanted(self.asked, kind="kind", state="state")
        return Rows(self.runs().filter(**chosen), newest_first=True)

    @operation(
        Right.RUN,
        "Read Q, plan, and send what no limit holds",
        gives=run_shapes.RunOut,
        status=202,
        body=run_shapes.RunWish,
        refuses=[409],
        text="A run that is going is joined, whatever it was begun for: see its `plan_only`.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        district = self.may_begin()
        return actions.run_now(district, by=self.by, plan_only=self.wish["plan_only"])


class OneRun(OfRuns):
    @operation(Right.READ, "How a run goes, or went", gives=run_shapes.RunOut)
    def get(self, request: Any, **_: Any) -> Run:
        return self.run


class Findings(OfRuns):
    @operation(
        Right.READ,
        "What a person should know of a run",
        gives=run_shapes.FindingOut,
        query=run_shapes.FindingFilter,
    )
    def get(self, request: Any, **_: Any) -> Rows:
        chosen = wanted(self.asked, code="code", kind="kind", sourced_id="sourced_id")
        return Rows(self.run.findings.filter(**chosen))


class UndoPreview(OfRuns):
    @operation(
        Right.READ,
        "Plan what takes a run back",
        gives=run_shapes.RunOut,
        status=202,
        body=shapes.Nothing,
        refuses=[409],
        text="The run that plans it is held when it is done; its changes show what would be sent. "
        "Needs the right `run` as well, or `send` for a run of grades.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        undone = self.run
        undoer = self.undoer(undone)
        self.must(undoer.right_to_preview)
        self.may_begin()
        return undoer.preview(undone, by=self.by)

    def undoer(self, run: Run) -> registry.Undoer:
        """Raises NothingToUndo."""
        found = registry.UNDOERS.get(run.kind)
        if found is None:
            raise NothingToUndo(f"Run {run.pk} was no run that sends; its kind is {run.kind}.")
        return found


class Undo(UndoPreview):
    @operation(
        Right.READ,
        "Carry an undo out: the plan with this digest, and no other",
        gives=run_shapes.RunOut,
        status=202,
        body=run_shapes.UndoWish,
        refuses=[409],
        text="Said twice, it is done once. Needs the right `approve` as well, or `send` for a run "
        "of grades.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        undone = self.run
        undoer = self.undoer(undone)
        self.must(undoer.right)
        self.may_begin()
        plans = undone.undos.filter(plan_digest=self.wish["digest"]).order_by("-pk")
        undoing = plans.filter(state=Run.State.HELD).first()
        if undoing is not None:
            return undoer.confirm(undoing, by=self.by, reason=self.wish["reason"])
        said = plans.filter(approvals__digest=self.wish["digest"]).first()
        if said is None:
            raise PlanRefused(f"No undo of run {undone.pk} with this digest waits.")
        return said


class Verifications(OfDistrict):
    @operation(
        Right.READ,
        "The latest verifications, newest first",
        gives=shapes.VerificationOut,
        query=Filter,
        tag=VERIFY,
    )
    def get(self, request: Any, **_: Any) -> Rows:
        return Rows(self.district.checks.all(), newest_first=True)

    @operation(
        Right.RUN,
        "Try both connections, each endpoint",
        gives=shapes.VerificationOut,
        status=202,
        body=shapes.VerificationWish,
        refuses=[409],
        tag=VERIFY,
        text="Changes nothing on either side, unless `test_class` names a class of Q made for such "
        "a test, in which grades may be written; that needs the right `send` as well.",
    )
    def post(self, request: Any, **_: Any) -> ConnectionCheck:
        if self.wish["test_class"]:
            self.must(Right.SEND)
        checking.count_trial(self.district)
        return checking.check_now(self.district, by=self.by, test_class=self.wish["test_class"])


class OneVerification(OfDistrict):
    @operation(
        Right.READ,
        "A verification, step by step as they come",
        gives=shapes.VerificationOut,
        tag=VERIFY,
    )
    def get(self, request: Any, **_: Any) -> ConnectionCheck:
        found: ConnectionCheck | None = self.district.checks.filter(pk=self.kwargs["check"]).first()
        if found is None:
            raise NotThere("There is no such verification.")
        return found


class Evaluation(OfRuns):
    @operation(
        Right.READ,
        "The latest evaluation and its verdict",
        gives=run_shapes.EvaluationOut,
        tag=VERIFY,
        text="Its points are the findings of its run, its lines the changes.",
    )
    def get(self, request: Any, **_: Any) -> dict[str, Any]:
        run = self.latest(Run.Kind.EVALUATION)
        is_over = run.state == Run.State.DONE
        codes = Finding.objects.filter(run=run).values_list("code", flat=True) if is_over else ()
        weights = [weight for weight in map(weight_of, codes) if weight]
        return {
            "run": run,
            "verdict": headline(weights) if is_over else "",
            "kept_share": {kind: kept_share(run.counts, kind) for kind in KEPT if is_over},
        }

    @operation(
        Right.RUN,
        "Compare all that Q holds with all that Canvas holds",
        gives=run_shapes.RunOut,
        status=202,
        body=shapes.Nothing,
        refuses=[409],
        tag=VERIFY,
        text="Writes to neither side.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        return actions.evaluate_now(self.may_begin(), by=self.by)


class Drift(OfRuns):
    @operation(
        Right.READ,
        "The latest drift check",
        gives=run_shapes.RunOut,
        tag=VERIFY,
    )
    def get(self, request: Any, **_: Any) -> Run:
        return self.latest(Run.Kind.DRIFT)

    @operation(
        Right.RUN,
        "Compare what Canvas accepted with what it holds now",
        gives=run_shapes.RunOut,
        status=202,
        body=run_shapes.DriftWish,
        refuses=[409],
        tag=VERIFY,
    )
    def post(self, request: Any, **_: Any) -> Run:
        district = self.may_begin()
        return actions.check_drift_now(district, by=self.by, repair=self.wish["repair"])
