"""The form of the course's settings: each choice beside what it would be without one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import time
from typing import Any, get_args, get_type_hints

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gradesync.course_settings import Effective, Settings
from gradesync.models import CourseSync
from gradesync.picture import Picture
from gradesync.profile import Profile

Said = str | Promise

# Title, hint, and the names of the settings that stand in it.
SETS: tuple[tuple[Said, Said, tuple[str, ...]], ...] = (
    (_("What to send"), _("How values appear in the Q gradebook."),
     ("selection", "scale", "decimals", "uncounted", "single_students", "zero_points")),
    (_("Missing and late work"), _("What Q receives when a score alone is not the whole story. "
       "Excused work is always sent as exempt, never as a bare 0."),
     ("missing", "late", "pending_review", "comments")),
    (_("Differences"), _("What happens where Q and Canvas do not agree."),
     ("on_conflict", "hidden_again")),
    (_("Due dates"), _("What is sent where Canvas’s date does not fit Q."),
     ("due_date_missing", "due_date_outside", "closed_periods")),
    (_("Course grades"), _("As a percentage, of what students can see."),
     ("course_grades", "course_grade_number", "course_grade_letter", "course_grade_category")),
    (_("Categories"), _("New assignments use the category of their Canvas group."),
     ("default_category",)),
)  # fmt: skip
LABELS: dict[str, Said] = {
    "selection": _("Assignments that are on"),
    "scale": _("Scores"),
    "decimals": _("Decimals"),
    "uncounted": _("Work that does not count towards the final grade"),
    "single_students": _("Work assigned to single students"),
    "zero_points": _("Assignments worth 0 points"),
    "missing": _("Missing work without a grade"),
    "late": _("Late work"),
    "pending_review": _("Work of which a part is not graded yet"),
    "comments": _("Marks in Q’s comment"),
    "on_conflict": _("A score that was changed in Q"),
    "hidden_again": _("Scores that are hidden again after they were sent"),
    "due_date_missing": _("No due date in Canvas"),
    "due_date_outside": _("Due date outside the class’s dates"),
    "closed_periods": _("Closed grading periods"),
    "course_grades": _("Course grades"),
    "course_grade_number": _("Which number"),
    "course_grade_letter": _("Letter grade"),
    "course_grade_category": _("Category for course grades"),
    "default_category": _("Category for groups without a match"),
}
OPTIONS: dict[tuple[str, Any], Said] = {
    ("selection", "all"): _("All graded work"),
    ("selection", "flagged"): _("Only work marked “Sync to SIS” in Canvas"),
    ("selection", "none"): _("Only what I switch on"),
    ("scale", "points"): _("Points, as 17 of 20"),
    ("scale", "percent"): _("Percent, as 85"),
    ("uncounted", "send"): _("Send it"),
    ("uncounted", "skip"): _("Leave it out"),
    ("single_students", "section-date"): _("Send it with the date of the section"),
    ("single_students", "skip"): _("Wait"),
    ("zero_points", "skip"): _("Leave them out"),
    ("zero_points", "send"): _("Send them as extra credit"),
    ("missing", "nothing"): _("Send nothing"),
    ("missing", "not-submitted"): _("Mark it as not submitted"),
    ("missing", "zero"): _("Mark it as not submitted, with 0"),
    ("late", "deducted"): _("Send the score after the deduction"),
    ("late", "entered"): _("Send the score before the deduction"),
    ("pending_review", "wait"): _("Wait"),
    ("pending_review", "send"): _("Send it as partly graded"),
    ("comments", "none"): _("None"),
    ("comments", "marks"): _("“Late” and “Missing”"),
    ("on_conflict", "keep-q"): _("Q’s stays, and I am asked"),
    ("on_conflict", "send-canvas"): _("Canvas’s is sent"),
    ("hidden_again", "keep"): _("They stay in Q"),
    ("hidden_again", "clear"): _("They are taken back from Q"),
    ("due_date_missing", "ask"): _("Block, and ask me"),
    ("due_date_missing", "assigned"): _("Send the day it was assigned"),
    ("due_date_missing", "end"): _("Send the last day of the class"),
    ("due_date_outside", "ask"): _("Block, and ask me"),
    ("due_date_outside", "nearest"): _("Send the nearest day of the class"),
    ("closed_periods", "hold"): _("Hold changes back"),
    ("closed_periods", "send"): _("Send changes all the same"),
    ("course_grades", "off"): _("Do not send"),
    ("course_grades", "periods"): _("For each grading period"),
    ("course_grades", "course"): _("For the whole course"),
    ("course_grades", "both"): _("For both"),
    ("course_grade_number", "current"): _("Current: graded work only"),
    ("course_grade_number", "final"): _("Final: missing work counts as 0"),
    ("course_grade_letter", False): _("Do not send"),
    ("course_grade_letter", True): _("Send it too"),
}
MODES: tuple[tuple[str, Said], ...] = (
    (CourseSync.Mode.OFF, _("Off")),
    (CourseSync.Mode.NIGHTLY, _("Every night")),
    (CourseSync.Mode.AFTER_GRADING, _("Some minutes after I grade")),
)
# The form's names, which are those of the course's columns, and those of the settings.
AUTOMATIC = {
    "mode": "automatic",
    "at": "automatic_at",
    "minutes": "automatic_minutes",
    "quiet_from": "quiet_from",
    "quiet_until": "quiet_until",
}
_HINTS = get_type_hints(Settings)
CLOCK = forms.TimeInput(format="%H:%M", attrs={"autocomplete": "off", "inputmode": "numeric"})


class SettingsForm(forms.Form):
    """`effective` says what holds now and who chose it; "" in a field gives the choice back."""

    mode = forms.ChoiceField(label=_("When"), choices=MODES)
    at = forms.TimeField(
        label=_("At night, at"), help_text=_("The district’s clock, as 23:30."), widget=CLOCK
    )
    minutes = forms.IntegerField(
        label=_("Minutes after grading"), min_value=5, max_value=720,
        help_text=_("So that one sync takes many grades."),
    )  # fmt: skip
    quiet_from = forms.TimeField(
        label=_("Quiet from"), help_text=_("Nothing begins by itself then."), widget=CLOCK
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"), help_text=_("Equal times: never quiet."), widget=CLOCK
    )
    review_above = forms.IntegerField(
        label=_("Ask me when more than so many scores would be overwritten or cleared"),
        min_value=0, max_value=100_000, required=False,
    )  # fmt: skip

    def __init__(
        self, course: CourseSync, effective: Effective, inherited: Effective, profile: Profile,
        picture: Picture, data: Any = None,
    ) -> None:  # fmt: skip
        self.course, self.effective, self.inherited = course, effective, inherited
        super().__init__(data, initial=_initial(course, effective))
        for _title, _hint, names in SETS:
            for name in names:
                self.fields[name] = self._field(name, profile, picture)
        for name, field in self.fields.items():
            if AUTOMATIC.get(name, name) in effective.locked:
                field.disabled = True
                field.help_text = gettext("Set by your district.")
        default = self.inherited.settings.review_above
        if "review_above" not in effective.locked:
            said = gettext("Without a number: %d, as everywhere.") % default
            self.fields["review_above"].help_text = said

    def _field(self, name: str, profile: Profile, picture: Picture) -> forms.Field:
        choices = [(word_of(value), words) for value, words in self._options(name, picture)]
        default = getattr(self.inherited.settings, name)
        same = dict(choices).get(word_of(default), str(default) or gettext("none"))
        inherit = (
            gettext("As the district: %s") if self._is_district(name) else gettext("Usual: %s")
        )
        field = forms.ChoiceField(
            label=str(LABELS[name]), required=False, choices=[("", inherit % same), *choices]
        )
        if name == "course_grade_letter" and not profile.letter_field:
            field.disabled = True
            field.help_text = gettext("Not available: your Q takes numbers only.")
        if name == "zero_points" and not profile.takes_zero_maximum:
            field.disabled = True
            field.help_text = gettext("Not available: your Q takes no assignment worth 0 points.")
        return field

    def _is_district(self, name: str) -> bool:
        return self.inherited.where[name] != "default"

    def _options(self, name: str, picture: Picture) -> list[tuple[Any, Said]]:
        if name in ("default_category", "course_grade_category"):
            titles = {one.title for each in picture.classes for one in each.categories}
            own = str(self.course.chosen.get(name, ""))
            return [(one, one) for one in sorted(titles | ({own} - {""}))]
        return options_of(name)

    def sets(self) -> list[dict[str, Any]]:
        """As the page shows them."""
        return [
            {"title": title, "hint": hint, "fields": [self[name] for name in names],
             "name": names[0]}
            for title, hint, names in SETS
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("mode") == CourseSync.Mode.NIGHTLY and isinstance(found.get("at"), time):
            start, end = found.get("quiet_from"), found.get("quiet_until")
            if start and end and is_inside(found["at"], start, end):
                self.add_error("at", gettext("This lies in the quiet hours. Choose another time."))
        return found

    def chosen(self) -> dict[str, Any]:
        """What the form says, in the types of `Settings`; None leaves it to the levels above."""
        kept: dict[str, Any] = {}
        for name in (*LABELS, "review_above"):
            if not self.fields[name].disabled:
                value = self.cleaned_data.get(name)
                kept[name] = None if value in (None, "") else value_of(name, value)
        for name, setting in AUTOMATIC.items():
            if not self.fields[name].disabled:
                value = self.cleaned_data[name]
                value = value.strftime("%H:%M") if isinstance(value, time) else value
                is_usual = value == getattr(self.inherited.settings, setting)
                kept[setting] = None if is_usual else value
        return kept


def _initial(course: CourseSync, effective: Effective) -> dict[str, Any]:
    own = {
        name: word_of(value)
        for name, value in course.chosen.items()
        if effective.where.get(name) == "course"
    }
    return own | {name: getattr(course, name) for name in AUTOMATIC}


def options_of(name: str) -> list[tuple[Any, Said]]:
    """The values that a setting can have, and what each is called."""
    hint = _HINTS[name]
    values = [False, True] if hint is bool else get_args(hint)
    return [(value, OPTIONS.get((name, value), str(value))) for value in values]


def word_of(value: Any) -> str:
    """A value as a form carries it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def value_of(name: str, word: Any) -> Any:
    """What a form carries as a value of `Settings`."""
    hint = _HINTS[name]
    if hint is bool:
        return word == "yes"
    numbers = hint is int or (get_args(hint) and isinstance(get_args(hint)[0], int))
    return int(word) if numbers else word


def is_inside(at: time, start: time, end: time) -> bool:
    """Does a time of the day lie in a span that may go past midnight?"""
    return start <= at < end if start <= end else at >= start or at < end


def version(course: CourseSync) -> str:
    """Names what is stored, so that two people who save do not overwrite each other unseen."""
    stored: Mapping[str, Any] = {
        "chosen": course.chosen,
        **{name: str(getattr(course, name)) for name in
           ("mode", "at", "minutes", "quiet_from", "quiet_until")},
    }  # fmt: skip
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()[:32]
