"""`manage.py rotate_keys [--tool | --encryption]`: new keys, while everything goes on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from integration.management.base import DONE, Usage
from integration.management.base import Command as BaseCommand
from integration.models import AuditEvent
from integration.rotation import reseal
from lti import tool_keys


class Command(BaseCommand):
    help = "Rotate this tool's signing key, or seal all secrets under the newest ENCRYPTION_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tool", action="store_true", help="a new key for /lti/jwks.json")
        parser.add_argument("--encryption", action="store_true", help="seal all secrets anew")

    def run(self, options: dict[str, Any]) -> int:
        if options["tool"] == options["encryption"]:
            raise Usage("Say which: --tool or --encryption.")
        return self._tool() if options["tool"] else self._encryption()

    def _tool(self) -> int:
        key, until = tool_keys.rotate()
        self._audit("keys.tool-rotated", {"kid": key.kid})
        self.say(
            f"The new key is published now and signs from {key.signs_from:%Y-%m-%d %H:%M} UTC; "
            f"the old ones stay published until {until:%Y-%m-%d %H:%M} UTC."
        )
        self.answer(
            state="done",
            kid=key.kid,
            signs_from=key.signs_from.isoformat(),
            old_published_until=until.isoformat(),
        )
        return DONE

    def _encryption(self) -> int:
        count = reseal()
        self._audit("keys.encryption-rotated", {"secrets": count})
        self.say(
            f"{count} secrets are sealed with the first of ENCRYPTION_KEYS now. The others can be "
            "taken out of the setting once every process was restarted."
        )
        self.answer(state="done", secrets=count)
        return DONE

    def _audit(self, action: str, after: dict[str, Any]) -> None:
        AuditEvent.objects.create(actor=self.actor, action=action, after=after)
