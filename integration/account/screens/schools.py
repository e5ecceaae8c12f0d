"""Which schools come over: chosen from those that Q has, beside what Canvas holds of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integration.account.gate import actor, district_form, to
from integration.account.lines import school_names
from integration.connections import q_client
from integration.errors import QSyncError
from integration.models import District, ProvisioningPolicy, RosterRow
from integration.policies import change_policy, known_schools
from integration.provisioning.plan import rules_of
from integration.provisioning.structure import map_accounts


@dataclass(frozen=True, slots=True)
class School:
    """One sub-account to be. `held`: rows that Canvas has from Q for it."""

    sourced_id: str
    name: str
    held: int
    is_chosen: bool


class SchoolsForm(forms.Form):
    """All of them, or those that are ticked.

    `known`: sourcedIds of those there are; none where nobody can say. `is_asked`: Q tells them now,
    else it told them when it was last read.
    """

    how = forms.ChoiceField(
        label=_("Which schools come over"),
        choices=[("all", ""), ("chosen", "")],
        error_messages={"required": _("Choose at least one school, or all of them.")},
        widget=forms.RadioSelect,
    )
    school = forms.Field(label=_("Schools"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, known: Collection[str], is_asked: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known, self.is_asked = known, is_asked

    def clean_school(self) -> list[str]:
        chosen = sorted(set(self.cleaned_data["school"] or ()))
        is_known = bool(self.known) or self.is_asked
        unknown = [one for one in chosen if (is_known and one not in self.known) or "\0" in one]
        if unknown:
            told = gettext("Q has no school %s.")
            if not self.is_asked:
                told = gettext(
                    "Q cannot be asked just now, and had no school %s when it was last read. "
                    "Choose it once Q answers again."
                )
            raise ValidationError(told % ", ".join(unknown)[:200])
        return chosen

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("how") == "chosen" and not given.get("school", True):
            self.add_error("school", self.fields["how"].error_messages["required"])
        return given

    def schools(self) -> list[str]:
        """What the district's rule becomes; empty: all."""
        return self.cleaned_data["school"] if self.cleaned_data["how"] == "chosen" else []


@district_form
def choose(request: Any) -> HttpResponse:
    """All, or those that are ticked; nothing of the others is changed in Canvas."""
    district = request.district
    policy, _made = ProvisioningPolicy.objects.get_or_create(district=district)
    names, error = _names(district, policy)
    known = names.keys() | set(policy.schools) if names or error is None else set()
    form = SchoolsForm(
        request.POST if request.method == "POST" else None,
        known=known,
        is_asked=error is None,
        initial={"how": "chosen" if policy.schools else "all", "school": policy.schools},
    )
    if request.method == "POST" and form.is_valid():
        change_policy(district, {"schools": form.schools()}, actor=actor(request.launch))
        return to(request, "account:rules")
    context = {
        "tab": "rules",
        "form": form,
        "schools": _schools(district, policy, names, form["school"].value() or []),
        "error": error,
    }
    return render(request, "account/schools.html", context, status=400 if form.errors else 200)


def _names(
    district: District, policy: ProvisioningPolicy
) -> tuple[dict[str, str], QSyncError | None]:
    """sourcedId to name, as Q has them now; where Q is away, as it had them last."""
    prefix = policy.sis_id_prefix
    try:
        with q_client(district, is_hurried=True) as q:
            orgs = {one.sourced_id: one for page in q.read("orgs") for one in page.records}
        rows = map_accounts(orgs, rules_of(policy, district.time_zone)).rows
        return {row.account_id.removeprefix(prefix): row.name for row in rows}, None
    except QSyncError as error:
        known = known_schools(district)
        names = school_names(district, (f"{prefix}{one}" for one in known))
        return {one: names.get(f"{prefix}{one}", one) for one in known}, error


def _schools(
    district: District, policy: ProvisioningPolicy, names: dict[str, str], chosen: list[str]
) -> list[School]:
    rows = RosterRow.objects.filter(
        district=district, removed_at=None, origin=RosterRow.Origin.OURS
    )
    held = dict(rows.values_list("school").annotate(count=Count("pk")).order_by())
    # One that was chosen and that Q has no more is shown, so that it can be given up.
    all_names = {one: one for one in (*policy.schools, *chosen)} | names
    return [
        School(one, name, held.get(f"{policy.sis_id_prefix}{one}", 0), one in chosen)
        for one, name in sorted(all_names.items(), key=lambda pair: (pair[1], pair[0]))
    ]
