"""An evaluation as a run: read both sides, compare, keep the lines. Writes to neither side."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from integration.canvas.client import CanvasClient
from integration.evaluation import store
from integration.evaluation.entries import Counts, entries
from integration.evaluation.further import COMPARERS, Both, sections_of
from integration.evaluation.matching import match
from integration.evaluation.read import read_canvas, read_q
from integration.evaluation.verdict import points
from integration.ledger.runs import Ledger, Watch, nobody
from integration.models import District, ProvisioningPolicy, Run
from integration.provisioning.plan import rules_of
from integration.provisioning.read import source_of
from integration.provisioning.run import OpenQ, advance, conditions

KIND = Run.Kind.EVALUATION


def evaluate(
    district: District,
    *,
    q: OpenQ,
    canvas: CanvasClient,
    actor: str,
    watch: Watch = nobody,
) -> Run:
    """Compare all that Q holds with all that Canvas holds (design 5.10).

    The run that comes back is done or failed. Its counts are {kind: {"q", "canvas", "same",
    "matched", "new", "gone", "collides", "unclear", "adopts", "loses"}}, its changes the lines, its
    findings the points to fix, decide and know, and the records of Q that cannot be used.

    Raises:
        AlreadyRunning: the district has a run going.
    """
    return advance(open_evaluation(district, actor=actor), q=q, canvas=canvas, watch=watch)


def open_evaluation(district: District, *, actor: str, **fields: Any) -> Run:
    """Write an evaluation down before anything is done for it; `fields` beside the usual."""
    return Run.objects.create(
        district=district,
        kind=KIND,
        actor=actor,
        policy_digest=conditions(district),
        **fields,
    )


def compare_both(ledger: Ledger, q: OpenQ, canvas: CanvasClient) -> str:
    """All of an evaluation; it ends its run, which has nothing to carry out."""
    district = ledger.run.district
    policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
    ledger.forget()
    there = read_canvas(ledger, canvas)
    with q() as client:
        source = source_of(ledger, client)
        here = read_q(source, rules_of(policy, district.time_zone), there)
        ledger.progress("comparing", 0)
        found = match(here, there)
        section_of = sections_of(here, there, found, policy.sis_id_prefix)
        both = Both(district, client, canvas, section_of)
        more = [compare(both) for compare in COMPARERS]
    counts: Counts = {}
    with ledger.guarded():
        store.write(ledger.run, entries(here, there, found, counts))
        for one in more:
            store.write(ledger.run, one.entries)
    further = [point for one in more for point in one.points]
    told = points(here, there, found, counts, further)
    ledger.find([point.as_problem() for point in told])
    counts |= {one.kind: dict(one.counts) for one in more if one.counts}
    ledger.end(Run.State.DONE, counts=counts, read_at=timezone.now())
    return ""
