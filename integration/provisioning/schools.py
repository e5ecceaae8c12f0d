"""Which schools come over: lines of the others rest, and nothing of them is taken away.

A school that is taken out again is no school that is gone: its courses and enrollments stay in
Canvas as they are, whatever Q says of them, until it is chosen again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from integration.models import Change, ProvisioningPolicy, RosterRow, Run
from integration.provisioning.aside import leave_only
from integration.provisioning.errors import NoSchoolComes
from integration.provisioning.part import Chooses, Part
from integration.provisioning.rows import ACCOUNTS, Kind

BECAUSE = "its school does not come over"


@dataclass(frozen=True, slots=True)
class Coming:
    """SIS IDs of the sub-accounts that come over. What belongs to no school comes with them."""

    accounts: frozenset[str]

    def wants(self, kind: Kind, school: str) -> bool:
        return not school or school in self.accounts


def coming(chosen: Collection[str], parent_of: Mapping[str, str]) -> Coming:
    """Those that are chosen, all that is below them, and what they are in. PURE."""
    children = defaultdict(list)
    for account, parent in parent_of.items():
        children[parent].append(account)
    found = set(chosen)
    waiting = list(chosen)
    while waiting:
        below = [one for one in children[waiting.pop()] if one not in found]
        found.update(below)
        waiting += below
    for account in chosen:
        while (account := parent_of.get(account, "")) and account not in found:
            found.add(account)
    return Coming(frozenset(found))


def chosen_of(run: Run, policy: ProvisioningPolicy) -> Chooses:
    """What the policy lets come over, once the run's accounts are planned.

    Raises:
        NoSchoolComes: neither Q nor Canvas has any of those that are chosen.
    """
    if not policy.schools:
        return Part()
    accounts = [f"{policy.sis_id_prefix}{one}" for one in policy.schools]
    parents = _parents(run)
    if parents.keys().isdisjoint(accounts):
        named = ", ".join(policy.schools)
        raise NoSchoolComes(f"None of the chosen schools is in Q; nothing is done: {named}.")
    return coming(accounts, parents)


def leave_out(run: Run, policy: ProvisioningPolicy) -> None:
    """Let the planned lines of all other schools rest. Called inside `Ledger.guarded`.

    What a line of a chosen school stands on goes with it: a teacher of another one, a term.
    """
    leave_only(run, chosen_of(run, policy), because=BECAUSE)


def _parents(run: Run) -> dict[str, str]:
    """Sub-account to the one it is in, as Canvas has them and as the plan would have them."""
    named = {"kind": ACCOUNTS.name}
    held = RosterRow.objects.filter(district=run.district, removed_at=None, **named)
    planned = Change.objects.filter(run=run, **named)
    rows = [
        *held.values_list("key", "row"),
        *planned.values_list("key", "after"),
    ]
    place = ACCOUNTS.index("parent_account_id")
    return {key: json.loads(row)[place] for key, row in rows}
