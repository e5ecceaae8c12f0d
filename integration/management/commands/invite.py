"""`manage.py invite [SLUG]`: a registration link for a new Canvas, or a district's claim code."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.management.base import CommandParser

from integration import invitations
from integration.management.base import DONE, Failure
from integration.management.base import Command as BaseCommand
from integration.models import District
from lti.own_urls import absolute


class Command(BaseCommand):
    help = "Make a one-time registration link; with a district's short name, its claim code."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("district", metavar="SLUG", nargs="?", help="the district's short name")

    def run(self, options: dict[str, Any]) -> int:
        slug = options["district"]
        if slug:
            return self._claim_code(slug)
        code, invitation = invitations.invite(by=self.actor)
        url = f"{absolute('lti:register')}?{urlencode({'invite': code})}"
        self.say(
            f"Paste this into Canvas (Developer Keys, + LTI Registration), once, until "
            f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC:\n\n  {url}\n"
        )
        self.answer(state="done", url=url, expires_at=invitation.expires_at.isoformat())
        return DONE

    def _claim_code(self, slug: str) -> int:
        district = District.objects.filter(slug=slug).first()
        if district is None:
            raise Failure(f"There is no district “{slug}”. Connect it first: manage.py connect")
        code, invitation = invitations.invite(by=self.actor, district=district)
        self.say(
            f"An administrator of {slug}'s root account opens Q Sync in Canvas and types this "
            f"once, until {invitation.expires_at:%Y-%m-%d %H:%M} UTC:\n\n  {code}\n"
        )
        self.answer(
            state="done", district=slug, code=code, expires_at=invitation.expires_at.isoformat()
        )
        return DONE
