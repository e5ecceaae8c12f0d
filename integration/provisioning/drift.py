"""The drift check: what we believe Canvas holds, beside its own report. Writes nothing to Canvas.

Hand edits are not fought: what differs is listed. What is missing can be forgotten (`repair`), so
that the next run sends it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db.models.functions import Now

from integration import bulk
from integration.canvas.client import CanvasClient
from integration.ledger.runs import Ledger, Watch, nobody
from integration.models import AuditEvent, District, ProvisioningPolicy, RosterRow, Run
from integration.oneroster.types import Problem
from integration.provisioning import roster
from integration.provisioning.adoption import ObservedRow, as_row, observed
from integration.provisioning.beside import finish_others, no_q, report_name, reported
from integration.provisioning.compare import Accepted, is_unsure
from integration.provisioning.inverse import differing
from integration.provisioning.limits import limits_of
from integration.provisioning.problems import problem
from integration.provisioning.rows import KINDS, SEPARATOR, Kind
from integration.provisioning.run import OpenQ, advance, conditions

KIND = Run.Kind.DRIFT


def check_drift(
    district: District,
    *,
    canvas: CanvasClient,
    actor: str,
    repair: bool = False,
    watch: Watch = nobody,
) -> Run:
    """Compare, and with `repair` let the next run send again what is missing.

    The run that comes back is done or failed; its counts and findings tell all.

    Raises:
        RunUnderWay, AlreadyRunning: the district has a run going.
    """
    finish_others(district, canvas=canvas, watch=watch)
    run = open_check(district, actor=actor, plan_only=not repair)
    return advance(run, q=no_q, canvas=canvas, watch=watch)


def open_check(district: District, *, actor: str, plan_only: bool = True, **fields: Any) -> Run:
    """Write a check down before anything is done for it; `fields` of its row beside the usual."""
    return Run.objects.create(
        district=district,
        kind=KIND,
        actor=actor,
        plan_only=plan_only,
        policy_digest=conditions(district),
        **fields,
    )


def compare_with_canvas(ledger: Ledger, q: OpenQ, canvas: CanvasClient) -> str:
    """All of a drift check; it ends its run, which has nothing to carry out."""
    district = ledger.run.district
    ledger.forget()
    kinds = [
        kind
        for kind in KINDS
        if RosterRow.objects.filter(district=district, kind=kind.name, origin="ours").exists()
    ]
    counts: dict[str, dict[str, int]] = {}
    if kinds:
        with reported(ledger, canvas, kinds) as files:
            for kind in kinds:
                if path := files.get(report_name(kind)):
                    counts[kind.name] = _Check(ledger, kind).run(canvas, path)
                elif kind.reported:
                    ledger.find([problem("drift.not-reported", kind.name, "")])
    ledger.end(Run.State.DONE, counts=counts)
    return ""


class _Check:
    """Compares one kind, row by row of Canvas's report; keeps no more than digests."""

    def __init__(self, ledger: Ledger, kind: Kind) -> None:
        self._ledger = ledger
        self._district = ledger.run.district
        self._kind = kind
        self._counts: Counter[str] = Counter()
        # Digests of the rows that Canvas's report has not shown yet.
        self._unseen = roster.accepted_digests(self._district, kind)
        self._believed = len(self._unseen)

    def run(self, canvas: CanvasClient, report: Path) -> dict[str, int]:
        """Give the kind's counts: same, differs, status, missing, and with repair forgotten."""
        looked_at = 0
        for batch in bulk.batches(observed(self._kind, canvas.report_rows(report))):
            self._ledger.find(self._compared(batch))
            looked_at += len(batch)
            self._ledger.progress("comparing with Canvas", looked_at)
        self._missing()
        return dict(self._counts)

    def _compared(self, batch: Iterable[ObservedRow]) -> list[Problem]:
        there: dict[str, list[ObservedRow]] = {}
        for row in batch:
            there.setdefault(self._kind.key(as_row(row)), []).append(row)
        found: list[Problem] = []
        for key, ours in roster.find(self._district, self._kind, there.keys()).items():
            if ours.ours:
                found += self._told(key, ours, there[key])
        return found

    def _told(self, key: str, ours: Accepted, there: list[ObservedRow]) -> Iterator[Problem]:
        self._unseen.discard(ours.digest)
        row = as_row(ours.row)
        if is_unsure(self._kind, row) or (ours.removed and self._kind.gone is None):
            return  # the next run sends it anyway; or it is only kept, and nothing of it is ours
        # Canvas may hold one enrollment twice, for two whom the same person observes.
        nearest = min(there, key=lambda one: len(differing(self._kind, one, row)))
        columns = differing(self._kind, nearest, row)
        if ours.removed:
            columns = [column for column in columns if column == "status"]
        if not columns:
            self._counts["same"] += not ours.removed
            return
        self._counts["status" if "status" in columns else "differs"] += 1
        for column in columns:
            place = self._kind.index(column)
            yield problem(
                "drift.status" if column == "status" else "drift.differs",
                self._kind.name,
                _shown(key),
                column,
                f"Ours: “{row[place]}”; Canvas's: “{nearest[place]}”.",
            )

    def _missing(self) -> None:
        """List what the report did not show, and let the next run send it if that is wanted."""
        if not self._unseen:
            return
        self._counts["missing"] = len(self._unseen)
        repairs = not self._ledger.run.plan_only and self._is_plausible()
        there = roster.find_by_digest(self._district, self._kind, self._unseen)
        for batch in bulk.batches((key for key, _ in there), bulk.IN_LIMIT):
            self._ledger.find(
                problem("drift.missing", self._kind.name, _shown(key)) for key in batch
            )
            if repairs:
                self._forget(batch)
        if repairs:
            AuditEvent.objects.create(
                district=self._district.slug,
                actor=self._ledger.run.actor,
                action="drift.forgotten",
                subject=f"run {self._ledger.run.pk}",
                after={"kind": self._kind.name, "rows": self._counts["forgotten"]},
            )

    def _is_plausible(self) -> bool:
        """Many missing rows are more likely a report that holds too little than a hand's work."""
        policy = ProvisioningPolicy.objects.get(district=self._district)
        if len(self._unseen) <= limits_of(policy).removable(self._believed):
            return True
        self._ledger.find([problem("drift.too-many-missing", self._kind.name, "")])
        return False

    def _forget(self, keys: list[str]) -> None:
        """Let the rows be no longer believed; what they were is kept as the next plan's before."""
        with self._ledger.guarded():
            self._counts["forgotten"] += RosterRow.objects.filter(
                district=self._district, kind=self._kind.name, key__in=keys
            ).update(removed_at=Now())


def _shown(key: str) -> str:
    return key.replace(SEPARATOR, " ")
