"""`manage.py policy SLUG …`: the district's mapping rules and limits, shown and set."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from integration.management.base import DONE, DistrictCommand, Failure
from integration.models import District, ProvisioningPolicy, RosterRow, Run
from integration.models.policy import OF_NO_PLAN
from integration.policies import change_policy, check_schools, rules

SWITCH = {"on": True, "off": False}
# Option: (field, what it means)
MEANING = {
    "grouping": ("grouping", "which classes share a Canvas course"),
    "guardians": ("guardians", "guardians become observers"),
    "schools": ("schools", "which schools come over: all, or sourcedIds with commas between"),
    "user-sis-id": ("user_sis_id", "a user's SIS ID: sourcedId, identifier, or a userIds type"),
    "prefix": ("sis_id_prefix", "put before the SIS IDs of terms, accounts, courses, sections"),
    "removal": ("enrollment_removal", "what an enrollment becomes that Q no longer holds"),
    "completed-after-days": (
        "completed_after_days",
        "an inactive one that stays away becomes completed after so many days; 0: never",
    ),
    "deleted-after-days": (
        "deleted_after_days",
        "… and deleted so many days after its last step; 0: never",
    ),
    "removed-share": (
        "removed_share",
        "a plan waits when it removes more than this share (0 to 1)",
    ),
    "removed-floor": ("removed_floor", "… and more than this many"),
    "removed-ceiling": ("removed_ceiling", "… or more than this many, whatever the share"),
    "changed-share": (
        "changed_share",
        "a plan waits when it changes more than this share (0 to 1)",
    ),
    "changed-floor": ("changed_floor", "… and more than this many"),
    "plan-hours": ("plan_hours", "a plan that waits may be approved for so many hours"),
    "silent-feed-days": (
        "silent_feed_days",
        "the overview warns after so many days of nights that find nothing new in Q; 0: never",
    ),
    "end-date-inclusive": ("end_date_inclusive", "the last day of Q's dates is a school day"),
}
# Rules that name things in Canvas: rows that are there keep the name they have.
NAMING = {"user_sis_id", "sis_id_prefix"}


class Command(DistrictCommand):
    help = "Show a district's mapping rules and limits, or change those that are given."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        kinds: dict[str, dict[str, Any]] = {
            "grouping": {"choices": ProvisioningPolicy.Grouping.values},
            "removal": {"choices": ProvisioningPolicy.Removal.values},
            "guardians": {"choices": list(SWITCH)},
            "end-date-inclusive": {"choices": list(SWITCH)},
            "schools": {"type": _schools},
            **{name: {"type": float} for name in MEANING if name.endswith("-share")},
            **{
                name: {"type": int}
                for name in MEANING
                if name.endswith(("-floor", "-ceiling", "-hours", "-days"))
            },
        }
        for name, (field, meaning) in MEANING.items():
            parser.add_argument(f"--{name}", dest=field, help=meaning, **kinds.get(name, {}))

    def work(self, district: District, options: dict[str, Any]) -> int:
        given = {
            field: SWITCH[options[field]] if options[field] in list(SWITCH) else options[field]
            for field, _ in MEANING.values()
            if options[field] is not None
        }
        before = self._set(district, given) if given else {}
        policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
        self._show(rules(policy), before)
        notes = list(_notes(district, before))
        for note in notes:
            self.say(note)
        self.answer(
            state="done", policy=rules(policy), before=before, changed=sorted(before), notes=notes
        )
        return DONE

    def _set(self, district: District, given: dict[str, Any]) -> dict[str, Any]:
        try:
            check_schools(district, given.get("schools", ()))
            before, _ = change_policy(district, given, actor=self.actor)
        except ValidationError as error:
            field, texts = next(iter(error.message_dict.items()))
            option = next((one for one, (name, _) in MEANING.items() if name == field), field)
            raise Failure(f"--{option}: {' '.join(texts)}") from error
        return before

    def _show(self, policy: dict[str, Any], before: dict[str, Any]) -> None:
        for option, (field, meaning) in MEANING.items():
            was = f"  (was {_shown(before[field])})" if field in before else ""
            self.say(f"--{option:<20}{_shown(policy[field]):<12}{meaning}{was}")


def _schools(text: str) -> list[str]:
    return [] if text == "all" else [one for one in text.split(",") if one]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value) or "all"
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) or "none"


def _notes(district: District, changed: dict[str, Any]) -> list[str]:
    """What a person should know about a change before the next night."""
    notes: list[str] = []
    ours = RosterRow.objects.filter(district=district, origin=RosterRow.Origin.OURS)
    if NAMING & changed.keys() and ours.exists():
        notes.append(
            "SIS IDs that Canvas already has do not change with this rule: every record comes "
            "under a new one. Look at the next plan with --plan-only before anything is sent."
        )
    if "grouping" in changed and ours.exists():
        notes.append("Sections that are in Canvas stay in their course; new ones follow the rule.")
    waits = district.runs.filter(state=Run.State.HELD).order_by("-pk").first()
    if changed.keys() - set(OF_NO_PLAN) and waits is not None:
        notes.append(f"The plan of run {waits.pk} is out of date now; make a new one.")
    return notes
