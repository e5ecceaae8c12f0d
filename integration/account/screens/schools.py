"""Which schools come over: chosen from those that Q has, beside what Canvas holds of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from integration.account.gate import actor, district_form, to
from integration.account.lines import school_names
from integration.connections import q_client
from integration.errors import QSyncError
from integration.models import District, ProvisioningPolicy, RosterRow
from integration.policies import change_policy
from integration.provisioning.plan import rules_of
from integration.provisioning.structure import map_accounts


@dataclass(frozen=True, slots=True)
class School:
    """One sub-account to be. `held`: rows that Canvas has from Q for it."""

    sourced_id: str
    name: str
    held: int
    is_chosen: bool


@district_form
def choose(request: Any) -> HttpResponse:
    """All, or those that are ticked; nothing of the others is changed in Canvas."""
    district = request.district
    policy, _made = ProvisioningPolicy.objects.get_or_create(district=district)
    names, error = _names(district, policy)
    told, chosen = "", list(policy.schools)
    if request.method == "POST":
        is_all = request.POST.get("how") == "all"
        chosen = [] if is_all else sorted(set(request.POST.getlist("school")))
        if not chosen and not is_all:
            told = gettext("Choose at least one school, or all of them.")
        elif unknown := set(chosen) - names.keys() - set(policy.schools):
            told = gettext("Q has no school %s.") % ", ".join(sorted(unknown))[:200]
        else:
            change_policy(district, {"schools": chosen}, actor=actor(request.launch))
            return to(request, "account:rules")
    context = {
        "tab": "rules",
        "schools": _schools(district, policy, names, chosen),
        "is_all": not (chosen or told),
        "error": error,
        "told": told,
    }
    return render(request, "account/schools.html", context, status=400 if told else 200)


def _names(
    district: District, policy: ProvisioningPolicy
) -> tuple[dict[str, str], QSyncError | None]:
    """sourcedId to name, as Q has them now; where Q is away, as Canvas has them."""
    prefix = policy.sis_id_prefix
    try:
        with q_client(district, is_hurried=True) as q:
            orgs = {one.sourced_id: one for page in q.read("orgs") for one in page.records}
        rows = map_accounts(orgs, rules_of(policy, district.time_zone)).rows
        return {row.account_id.removeprefix(prefix): row.name for row in rows}, None
    except QSyncError as error:
        held = RosterRow.objects.filter(district=district, kind="accounts", removed_at=None)
        names = school_names(district, held.values_list("key", flat=True))
        return {key.removeprefix(prefix): name for key, name in names.items()}, error


def _schools(
    district: District, policy: ProvisioningPolicy, names: dict[str, str], chosen: list[str]
) -> list[School]:
    rows = RosterRow.objects.filter(district=district, removed_at=None)
    held = dict(rows.values_list("school").annotate(count=Count("pk")).order_by())
    # One that was chosen and that Q has no more is shown, so that it can be given up.
    all_names = {one: one for one in chosen} | names
    return [
        School(one, name, held.get(f"{policy.sis_id_prefix}{one}", 0), one in chosen)
        for one, name in sorted(all_names.items(), key=lambda pair: (pair[1], pair[0]))
    ]
