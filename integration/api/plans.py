"""Plans: what waits, line by line, and a person's word on it through a program."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q

from integration import actions
from integration.api import registry, run_shapes, shapes
from integration.api.operation import operation
from integration.api.pages import Filter, Rows
from integration.api.problems import NotThere
from integration.api.views import OfRuns, Right, wanted
from integration.connections import q_client
from integration.models import Approval, Run
from integration.provisioning import proposed
from integration.provisioning.approval import decline
from integration.provisioning.errors import PlanRefused
from integration.provisioning.explain import COLLECTIONS
from integration.provisioning.part import Part
from integration.provisioning.run import KIND, stale
from integration.provisioning.why import why

TAG = "plans"
WHOLE = Part()


class Changes(OfRuns):
    @operation(
        Right.READ,
        "The lines of a plan or of an evaluation",
        gives=run_shapes.ChangeOut,
        query=run_shapes.ChangeFilter,
        tag=TAG,
    )
    def get(self, request: Any, **_: Any) -> Rows:
        if self.run.kind in registry.RIGHT_TO_SEE:
            raise NotThere("The lines of this run are scores: see the cells of its course.")
        chosen = wanted(self.asked, kind="kind", school="group", action="action", state="state")
        return Rows(self.run.changes.filter(**chosen))


class OfPlans(OfRuns):
    """Plans of provisioning; those of undos are carried out at the run that they take back."""

    @property
    def plan(self) -> Run:
        """Raises NotThere."""
        run = self.run
        if run.kind != KIND or not run.plan_digest:
            raise NotThere("This run has no plan to approve.")
        return run

    def named(self) -> Run:
        """The plan, if the wish names it by its digest. Raises NotThere, PlanRefused."""
        plan = self.plan
        if plan.plan_digest != self.wish["digest"]:
            raise PlanRefused(f"This plan's digest is {plan.plan_digest}.")
        return plan


class Plans(OfPlans):
    @operation(
        Right.READ,
        "The plans that wait, newest first",
        gives=run_shapes.RunOut,
        query=Filter,
        tag=TAG,
    )
    def get(self, request: Any, **_: Any) -> Rows:
        proposes = Q(state=Run.State.DONE, pk__in=proposed.runs_with(self.district))
        found = self.runs().filter(Q(state=Run.State.HELD) | proposes, kind=KIND)
        return Rows(found, newest_first=True)


class OnePlan(OfPlans):
    @operation(Right.READ, "A plan: why it waits, and its parts", gives=run_shapes.PlanOut, tag=TAG)
    def get(self, request: Any, **_: Any) -> dict[str, Any]:
        plan = self.plan
        is_held = plan.state == Run.State.HELD or proposed.proposals(plan).exists()
        why = stale(plan) if is_held else ""
        parts = plan.changes.values("kind", "group", "action", "state").annotate(rows=Count("pk"))
        return {
            "run": plan,
            "is_waiting": is_held and not why,
            "stale": why,
            "parts": parts.order_by("kind", "group", "action", "state"),
        }


class Approvals(OfPlans):
    @operation(
        Right.READ,
        "Who approved what of a plan",
        gives=run_shapes.ApprovalOut,
        query=Filter,
        tag=TAG,
    )
    def get(self, request: Any, **_: Any) -> Rows:
        plan = self.plan
        # Changed ids that are approved by themselves are carried out by a run of their own.
        mine = Approval.objects.filter(run__district=self.district, digest=plan.plan_digest)
        return Rows(mine)

    @operation(
        Right.APPROVE,
        "Let a plan be carried out, whole or in part",
        gives=run_shapes.RunOut,
        status=202,
        body=run_shapes.ApprovalWish,
        refuses=[409],
        tag=TAG,
        text="The digest must be that of the plan as it is stored. Said twice, it is done once.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        plan, wish = self.named(), self.wish
        self.may_begin()
        part = Part(frozenset(wish["schools"]), frozenset(wish["kinds"]), wish["removals"])
        scope = part.as_dict() if part != WHOLE else {}
        if (said := self._said_before(plan, scope)) is not None:
            return said
        return actions.approve_now(
            self.district,
            plan.plan_digest,
            by=self.by,
            part=part if scope else None,
            reason=wish["reason"],
        )

    def _said_before(self, plan: Run, scope: dict[str, Any]) -> Run | None:
        """The run that carries out the same word, unless another plan of this digest waits."""
        waiting = self.district.runs.filter(state=Run.State.HELD, plan_digest=plan.plan_digest)
        if waiting.filter(kind=KIND).exists():
            return None
        said = Approval.objects.filter(run__district=self.district, digest=plan.plan_digest)
        same = [one for one in said.select_related("run").order_by("-pk") if one.scope == scope]
        return same[0].run if same else None


class Declines(OfPlans):
    @operation(
        Right.APPROVE,
        "Say of changed ids that they are not the same thing",
        gives=run_shapes.RunOut,
        body=run_shapes.DeclineWish,
        refuses=[409],
        tag=TAG,
        text="The next run treats them as what is new, and what is gone.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        plan, wish = self.named(), self.wish
        return decline(
            self.district,
            plan.plan_digest,
            old_ids=set(wish["old_ids"]),
            actor=self.by,
            reason=wish["reason"],
        )


class Discard(OfPlans):
    @operation(
        Right.APPROVE,
        "Let a plan never be carried out",
        gives=run_shapes.RunOut,
        body=run_shapes.DiscardWish,
        refuses=[409],
        tag=TAG,
    )
    def post(self, request: Any, **_: Any) -> Run:
        plan, wish = self.named(), self.wish
        return actions.discard(self.district, plan.plan_digest, by=self.by, reason=wish["reason"])


class Explain(OfRuns):
    @operation(
        Right.READ,
        "Why a record is, or is not, in Canvas",
        gives=shapes.ExplanationOut,
        query=shapes.ExplainFilter,
        refuses=[409, 502],
        tag="explain",
        text="`kind` is one of "
        + ", ".join(f"`{kind}`" for kind in sorted(COLLECTIONS))
        + ", or `results` for a score in Q, which needs the right `grades` as well. Asks Q for the "
        "record, once.",
    )
    def get(self, request: Any, **_: Any) -> dict[str, Any]:
        kind, sourced_id = self.asked["kind"], self.asked["sourced_id"]
        told: registry.Told | None
        if explainer := registry.EXPLAINERS.get(kind):
            self.must(explainer.right)
            told = explainer.explain(self.district, sourced_id)
        elif kind in COLLECTIONS:
            with q_client(self.district, is_hurried=True) as q:
                told = why(self.district, COLLECTIONS[kind], sourced_id, q)
        else:
            told = None
        if told is None:
            raise NotThere("Nothing is known of such a record.")
        return {
            "kind": kind,
            "sourced_id": sourced_id,
            "verdict": told.verdict,
            "steps": told.steps,
        }
