"""The forms of the page “Rules and schedule”."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from integration.models import ProvisioningPolicy, Recipient
from integration.policies import RULES

# What this form chooses; the schools have a page of their own.
CHOSEN = tuple(name for name in RULES if name != "schools")

LABELS = {
    "grouping": _("Which classes share a Canvas course"),
    "guardians": _("Guardians become observers"),
    "user_sis_id": _("A user’s SIS ID"),
    "sis_id_prefix": _("Put before the SIS IDs of terms, sub-accounts, courses and sections"),
    "enrollment_removal": _("What an enrollment becomes that Q no longer holds"),
    "completed_after_days": _("Days until an inactive one that stays away is completed"),
    "deleted_after_days": _("Days until it is deleted after its last step"),
    "removed_share": _("Largest share that may be removed"),
    "removed_floor": _("So many may always be removed"),
    "removed_ceiling": _("More than this many always wait"),
    "changed_share": _("Largest share that may change"),
    "changed_floor": _("So many may always change"),
    "plan_hours": _("Hours for which a plan that waits may be approved"),
    "silent_feed_days": _("Days without anything new from Q until the overview warns"),
    "end_date_inclusive": _("The last day of Q’s dates is a school day"),
}
HINTS = {
    "user_sis_id": _("sourcedId, identifier, or a type of Q’s userIds"),
    "completed_after_days": _("0: never"),
    "deleted_after_days": _("0: never"),
    "silent_feed_days": _("0: never"),
    "removed_share": _("From 0 to 1: 0.1 is ten of a hundred, in each school and in all"),
    "changed_share": _("From 0 to 1"),
}
CHOICES = {
    "grouping": [
        (ProvisioningPolicy.Grouping.CLASS, _("None: each class has a course of its own")),
        (ProvisioningPolicy.Grouping.COURSE, _("Those of one course, school and term")),
        (ProvisioningPolicy.Grouping.TEACHER, _("Those of one course, teacher and term")),
    ],
    "enrollment_removal": [
        (ProvisioningPolicy.Removal.INACTIVE, _("Inactive: the course is closed to the person")),
        (ProvisioningPolicy.Removal.COMPLETED, _("Completed: the course is past, and can be read")),
        (ProvisioningPolicy.Removal.DELETED, _("Deleted: it is taken out of the course")),
    ],
}
SETS = (
    (_("What comes over"), ("grouping", "guardians", "end_date_inclusive")),
    (_("IDs in Canvas"), ("user_sis_id", "sis_id_prefix")),
    (
        _("What Q no longer holds"),
        ("enrollment_removal", "completed_after_days", "deleted_after_days"),
    ),
    (
        _("When a plan waits for a person"),
        (
            *("removed_share", "removed_floor", "removed_ceiling"),
            *("changed_share", "changed_floor", "plan_hours"),
        ),
    ),
    (_("When the overview warns"), ("silent_feed_days",)),
)


class RulesForm(forms.ModelForm):  # type: ignore[type-arg]
    """The district's rules and limits."""

    class Meta:
        model = ProvisioningPolicy
        fields = CHOSEN
        labels = LABELS
        help_texts = HINTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in CHOICES.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # both are choices

    def sets(self) -> list[dict[str, Any]]:
        """The fields as they stand together on the page."""
        return [{"title": title, "fields": [self[name] for name in names]} for title, names in SETS]


class ScheduleForm(forms.Form):
    """When nights begin by themselves."""

    is_automatic = forms.BooleanField(label=_("Run every night by itself"), required=False)
    at = forms.TimeField(
        label=_("At"), widget=forms.TimeInput({"type": "time"}), input_formats=["%H:%M", "%H:%M:%S"]
    )
    time_zone = forms.CharField(
        label=_("Time zone"), max_length=64, help_text=_("Such as America/Los_Angeles")
    )


class PauseForm(forms.Form):
    """Why nothing begins or goes on for a while."""

    reason = forms.CharField(
        label=_("Reason for a pause"),
        max_length=255,
        error_messages={"required": _("A pause has a reason.")},
    )


class WindowForm(forms.Form):
    """A time in which no night runs, or in which a new school year comes in."""

    sort = forms.ChoiceField(
        label=_("Kind"),
        choices=[("blackout", _("No nights")), ("rollover", _("School-year rollover"))],
    )
    first = forms.DateField(label=_("From"), widget=forms.DateInput({"type": "date"}))
    last = forms.DateField(label=_("Until"), widget=forms.DateInput({"type": "date"}))
    reason = forms.CharField(label=_("Reason"), max_length=200)


class RecipientForm(forms.ModelForm):  # type: ignore[type-arg]
    """Somebody who is told by mail."""

    class Meta:
        model = Recipient
        fields = ("address", "waits", "failed", "silent", "ends")
        labels = {
            "address": _("Mail address"),
            "waits": _("A plan waits"),
            "failed": _("A run failed"),
            "silent": _("Nothing was carried out for two days"),
            "ends": _("A key or a certificate ends soon"),
        }
