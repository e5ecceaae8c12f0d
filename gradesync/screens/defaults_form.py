"""The form of what an account, a school or a term chooses for the courses inside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gradesync.course_settings import MOST_MINUTES, Effective
from gradesync.models import SyncDefaults
from gradesync.screens.settings_form import (
    CLOCK,
    LABELS,
    MODES,
    SETS,
    Said,
    is_inside,
    options_of,
    value_of,
    word_of,
)

CATEGORIES = ("default_category", "course_grade_category")
# Settings that are typed, not chosen from a list.
TYPED: dict[str, Said] = {
    "automatic_at": _("At night, at"),
    "automatic_minutes": _("Minutes after grading"),
    "quiet_from": _("Quiet from"),
    "quiet_until": _("Quiet until"),
    "review_above": _("Ask first when more than so many scores would be overwritten or cleared"),
}
TIMES = ("automatic_at", "quiet_from", "quiet_until")
WHEN: tuple[Said, Said, tuple[str, ...]] = (
    _("Automatic sync"),
    _("Where a course has chosen nothing. A first sync is looked at by its teacher all the same."),
    ("automatic", *TYPED),
)
ALL_SETS = (WHEN, *SETS)
LOCK = "lock_"


class DefaultsForm(forms.Form):
    """One level's choices; "" leaves a setting to the levels around it.

    `inherited`: what holds if this level chooses nothing. Beside each stands whether the courses
    may choose otherwise.
    """

    copies_may_write = forms.BooleanField(
        label=_("A beta or test copy of this Canvas may write to Q"), required=False
    )

    def __init__(self, kept: SyncDefaults, inherited: Effective, data: Any = None) -> None:
        self.kept, self.inherited = kept, inherited
        initial = {name: word_of(value) for name, value in kept.chosen.items()}
        locks = {f"{LOCK}{name}": True for name in kept.locked}
        super().__init__(
            data, initial=initial | locks | {"copies_may_write": kept.copies_may_write}
        )
        if kept.where != SyncDefaults.Where.ACCOUNT:
            del self.fields["copies_may_write"]
        for _title, _hint, names in ALL_SETS:
            for name in names:
                self.fields[name] = self._field(name)
                self.fields[f"{LOCK}{name}"] = forms.BooleanField(
                    label=_("The same in every course"), required=False
                )
        for name in inherited.locked:
            self.fields[name].disabled = True
            self.fields[name].help_text = gettext("Set for all by a level above.")
            self.fields[f"{LOCK}{name}"].disabled = True

    def _field(self, name: str) -> forms.Field:
        usual = getattr(self.inherited.settings, name)
        if name == "automatic":
            return self._choice(name, _("When"), list(MODES), usual)
        if name in CATEGORIES:
            said = gettext("A category’s title in Q. Without one: %s.") % (usual or gettext("none"))
            return forms.CharField(
                label=str(LABELS[name]), required=False, max_length=255, help_text=said
            )
        if name not in TYPED:
            return self._choice(name, LABELS[name], options_of(name), usual)
        said = gettext("Without an entry: %s.") % usual
        if name in TIMES:
            return forms.TimeField(
                label=str(TYPED[name]), required=False, widget=CLOCK, help_text=said,
                input_formats=["%H:%M"],
            )  # fmt: skip
        least, most = (0, 100_000) if name == "review_above" else (5, MOST_MINUTES)
        return forms.IntegerField(
            label=str(TYPED[name]), required=False, min_value=least, max_value=most, help_text=said
        )

    def _choice(
        self, name: str, label: Said, options: list[tuple[Any, Said]], usual: Any
    ) -> forms.Field:
        choices = [(word_of(value), words) for value, words in options]
        is_chosen = self.inherited.where[name] != "default"
        inherit = gettext("As the account: %s") if is_chosen else gettext("Usual: %s")
        same = dict(choices)[word_of(usual)]
        return forms.ChoiceField(
            label=str(label), required=False, choices=[("", inherit % same), *choices]
        )

    def sets(self) -> list[dict[str, Any]]:
        """As the page shows them: each field with its lock."""
        return [
            {"title": title, "hint": hint, "name": names[0],
             "fields": [(self[name], self[f"{LOCK}{name}"]) for name in names]}
            for title, hint, names in ALL_SETS
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        night, start, end = (found.get(name) for name in TIMES)
        if night and start and end and is_inside(night, start, end):
            said = gettext("This lies in the quiet hours. Choose another time.")
            self.add_error("automatic_at", said)
        return found

    def chosen(self) -> dict[str, Any]:
        """What the form says, in the types of `Settings`; None gives a choice back."""
        return {
            name: _typed(name, self.cleaned_data.get(name))
            for _title, _hint, names in ALL_SETS
            for name in names
            if not self.fields[name].disabled
        }

    def locked(self) -> set[str]:
        """What the courses inside cannot change."""
        names = {name for _title, _hint, names in ALL_SETS for name in names}
        return {name for name in names if self.cleaned_data.get(f"{LOCK}{name}")}


def _typed(name: str, value: Any) -> Any:
    if value in (None, ""):
        return None
    return value.strftime("%H:%M") if isinstance(value, time) else value_of(name, value)


def version(kept: SyncDefaults) -> str:
    """Names what is stored, so that of two who save none overwrites the other unseen."""
    stored: Mapping[str, Any] = {
        "chosen": kept.chosen,
        "locked": kept.locked,
        "copies_may_write": kept.copies_may_write,
    }
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()[:32]
