"""The page of a plan of 100,000 changes: leafed through, searched, narrowed, and as a file.

    python -m tests.bench.plans

Of the file, the time to its first byte.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tests.bench.pages import Figures, by_itself, measured, measured_by

CHANGES, SCHOOLS, ROUNDS, AIM = 100_000, 200, 10, 1000
PAGES = ("run", "first", "next", "deep", "search", "rare", "none", "filter", "school", "csv")


def measure() -> Figures:
    print(f"A plan of {CHANGES:,} changes in {SCHOOLS} schools", flush=True)
    names = [f"plan_{page}" for page in PAGES]
    return measured_by(__name__, names, rounds=ROUNDS, aim=AIM)


def _figures() -> Figures:
    from integration.models import District, ProvisioningPolicy
    from tests.integration.account.visiting import installed, visit

    district = District.objects.create(slug="bench", name="Bench")
    ProvisioningPolicy.objects.create(district=district)
    run = a_large_plan(district)
    admin = visit(installed(district))
    page = f"runs/{run.pk}/changes/"
    asked: dict[str, Callable[[], Any]] = {
        "run": lambda: admin.get(f"runs/{run.pk}/"),
        "first": lambda: admin.get(page),
        "next": lambda: admin.get(page, page=2),
        "deep": lambda: admin.get(page, page=CHANGES // 50 - 10),
        "search": lambda: admin.get(page, text="Given"),
        "rare": lambda: admin.get(page, text="P-99990"),
        "none": lambda: admin.get(page, text="nobody at all"),
        "filter": lambda: admin.get(page, kind="users", action="added"),
        "school": lambda: admin.get(page, school="S150"),
        "csv": lambda: _first_byte(admin.get(f"runs/{run.pk}/changes.csv")),
    }
    figures: Figures = {}
    for name, ask in asked.items():
        figures |= measured(f"plan_{name}", ask, rounds=ROUNDS)
    return figures


def _first_byte(answer: Any) -> Any:
    next(iter(answer.streaming_content))
    return answer


def a_large_plan(district: Any, changes: int = CHANGES, schools: int = SCHOOLS) -> Any:
    """A held plan: half of it new users and enrollments, some changed, some removed."""
    from django.utils import timezone

    from integration import bulk
    from integration.models import Change, RosterRow, Run

    run = Run.objects.create(
        district=district, kind="provisioning", state="held", actor="schedule",
        read_at=timezone.now(), started_at=timezone.now(), plan_digest="d" * 64,
        holds=[{"code": "too-many-removed", "kind": "enrollments", "count": 9_000,
                "share": 0.2, "limit": 2_000}],
    )  # fmt: skip
    fields = ("run", "kind", "key", "group", "action", "before", "after", "digest", "reason",
              "state", "message", "item", "person", "places")  # fmt: skip
    RosterRow.objects.bulk_create(
        RosterRow(district=district, kind="accounts", key=f"S{n}", digest=b"0" * 16,
                  row=json.dumps([f"S{n}", "", f"School {n}", "active"]))
        for n in range(schools)
    )  # fmt: skip
    bulk.insert(Change, fields, _lines(run, changes, schools))
    counts: dict[str, dict[str, int]] = {}
    for kind, action in Change.objects.filter(run=run).values_list("kind", "action"):
        of_kind = counts.setdefault(kind, {})
        of_kind[action] = of_kind.get(action, 0) + 1
    run.counts = counts
    run.save(update_fields=["counts"])
    return run


def _lines(run: Any, changes: int, schools: int) -> Iterator[tuple[object, ...]]:
    for n in range(changes):
        school, user = f"S{n % schools}", f"P-{n}"
        person = [user, f"{user.lower()}@bench.example", f"Given{n % 97}", f"Family{n % 997}",
                  f"{user.lower()}@bench.example", "active"]  # fmt: skip
        seat = [f"K{n % 4000}", user, "student", "active", "", ""]
        kind, key, action, before, after = {
            0: ("users", user, "added", None, person),
            1: ("users", user, "changed", [*person[:2], "Before", *person[3:]], person),
        }.get(n % 4, ("enrollments", "\x1f".join(seat[:3]), "added", None, seat))
        if n % 4 == 3:
            action, before, after = "removed", seat, [*seat[:3], "inactive", "", ""]
        text = json.dumps(before) if before else ""
        yield (run.pk, kind, key, school, action, text, json.dumps(after), b"0" * 16, "",
               "planned", "", "", "", "")  # fmt: skip


if __name__ == "__main__":
    sys.exit(by_itself(_figures))
