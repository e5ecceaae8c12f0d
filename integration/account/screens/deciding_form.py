"""The form of a person's word on a plan that waits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integration.account import words
from integration.models import Run
from integration.provisioning.part import Part
from integration.provisioning.rows import CHANGE_SIS_ID

REASON_LENGTH = 1000
SCOPES = ("except-removals", "schools", "kinds", "all", "none")
OF_UNDO = ("all", "none")


class DecisionForm(forms.Form):
    """What goes of a plan, and why.

    `schools`: those that the plan changes. The number of removals is asked for where all of them
    would go.
    """

    scope = forms.ChoiceField(
        label=_("What should be carried out"),
        error_messages={"required": _("Choose what should be carried out.")},
        widget=forms.RadioSelect,
    )
    school = forms.MultipleChoiceField(
        label=_("Schools"), required=False, widget=forms.CheckboxSelectMultiple
    )
    kind = forms.MultipleChoiceField(
        label=_("Objects"), required=False, widget=forms.CheckboxSelectMultiple
    )
    number = forms.CharField(
        label=_("Number of removals"),
        required=False,
        max_length=30,
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "numeric"}),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=REASON_LENGTH,
        help_text=_("Kept in the audit log"),
    )

    def __init__(
        self,
        run: Run,
        schools: Collection[str],
        data: Any = None,
        *,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        scopes = OF_UNDO if run.kind == Run.Kind.UNDO else SCOPES
        kinds = [one for one in run.counts if one != CHANGE_SIS_ID.name]
        for name, values in (("scope", scopes), ("school", schools), ("kind", kinds)):
            self.fields[name].choices = [(one, one) for one in values]  # type: ignore[attr-defined]
        self.asks_number = run.kind == Run.Kind.PROVISIONING
        self.removed = words.total(run, "removed")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        scope = given.get("scope")
        if scope == "schools" and not given.get("school", True):
            self.add_error("school", gettext("Choose at least one school."))
        if scope == "kinds" and not given.get("kind", True):
            self.add_error("kind", gettext("Choose at least one kind of object."))
        if scope == "all" and self.asks_number and self.removed:
            digits = "".join(one for one in given.get("number", "") if one.isdecimal())
            if digits != str(self.removed) and "number" not in self.errors:
                grouped = number_format(self.removed, use_l10n=True, force_grouping=True)
                told = gettext("To let all removals go, type how many they are: %s.")
                self.add_error("number", told % grouped)
        return given

    def part(self) -> Part | None:
        """Which part of the plan goes; None: all of it."""
        given = self.cleaned_data
        match given["scope"]:
            case "schools":
                return Part(schools=frozenset(given["school"]))
            case "kinds":
                return Part(kinds=frozenset(given["kind"]))
            case "except-removals":
                return Part(removals=False)
        return None
