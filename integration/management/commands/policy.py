"""`manage.py policy SLUG …`: show and set a district's mapping rules and limits."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.db import transaction

from integration.management.base import DONE, DistrictCommand, Failure
from integration.models import AuditEvent, District, ProvisioningPolicy

SWITCHES = ("guardians", "end_date_inclusive")
CHOICES = {
    "grouping": ProvisioningPolicy.Grouping.values,
    "enrollment_removal": ProvisioningPolicy.Removal.values,
}
TEXTS = ("user_sis_id", "sis_id_prefix")
SHARES = ("removed_share", "changed_share")
NUMBERS = ("removed_floor", "removed_ceiling", "changed_floor", "plan_hours")
FIELDS = (*CHOICES, *SWITCHES, *TEXTS, *SHARES, *NUMBERS)


class Command(DistrictCommand):
    help = (
        "Show a district's mapping rules and limits, or set some. A plan that waits is stale then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        for name, choices in CHOICES.items():
            parser.add_argument(_option(name), choices=choices)
        for name in SWITCHES:
            parser.add_argument(_option(name), choices=["on", "off"])
        for name in TEXTS:
            parser.add_argument(_option(name))
        for name in SHARES:
            parser.add_argument(_option(name), type=float, help="0 to 1")
        for name in NUMBERS:
            parser.add_argument(_option(name), type=int)

    def work(self, district: District, options: dict[str, Any]) -> int:
        with transaction.atomic():
            policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
            before = _values(policy)
            for name in FIELDS:
                if options[name] is not None:
                    value = options[name]
                    setattr(policy, name, value == "on" if name in SWITCHES else value)
            changed = {name for name, value in _values(policy).items() if value != before[name]}
            if changed:
                self._save(policy, before, changed)
        for name, value in _values(policy).items():
            self.say(f"{'*' if name in changed else ' '} {_option(name)[2:]:<20} {value}")
        self.answer(state="done", policy=_values(policy), changed=sorted(changed))
        return DONE

    def _save(self, policy: ProvisioningPolicy, before: dict[str, Any], changed: set[str]) -> None:
        try:
            policy.full_clean()
        except ValidationError as error:
            field, texts = next(iter(error.message_dict.items()))
            raise Failure(f"{_option(field)}: {' '.join(texts)}") from error
        policy.save()
        after = _values(policy)
        AuditEvent.objects.create(
            district=policy.district.slug,
            actor=self.actor,
            action="policy.changed",
            subject=policy.district.slug,
            before={name: before[name] for name in sorted(changed)},
            after={name: after[name] for name in sorted(changed)},
        )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _values(policy: ProvisioningPolicy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in FIELDS}
