"""`manage.py api_token SLUG`: what programs sign in with: made, listed, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from integration import tokens
from integration.management.base import DONE, DistrictCommand, Failure, Usage
from integration.models import ApiToken, District


class Command(DistrictCommand):
    help = "Make a token for the API, list a district's tokens, or revoke one."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        rights = "; ".join(f"{right.value}: {right.label}" for right in ApiToken.Right)
        parser.add_argument("--make", metavar="NAME", help="a new token; shown once")
        parser.add_argument(
            "--right",
            action="append",
            default=[],
            choices=ApiToken.Right.values,
            help=f"with --make (repeatable). {rights}",
        )
        parser.add_argument(
            "--days",
            type=int,
            default=tokens.USUAL_DAYS,
            help=f"with --make: how long it is good (default: {tokens.USUAL_DAYS})",
        )
        parser.add_argument("--revoke", metavar="NUMBER", type=int, help="take a token back")

    def work(self, district: District, options: dict[str, Any]) -> int:
        if options["make"] is not None and options["revoke"] is not None:
            raise Usage("Make a token or revoke one, not both.")
        if options["make"] is not None:
            return self._make(district, options)
        if options["revoke"] is not None:
            return self._revoke(district, options["revoke"])
        found = [token.as_dict() for token in district.api_tokens.order_by("pk")]
        self.answer(state="done", tokens=found)
        for one in found:
            self.say(line(one))
        if not found:
            self.say("No tokens. Make one: --make NAME --right read")
        return DONE

    def _make(self, district: District, options: dict[str, Any]) -> int:
        secret, token = tokens.make(
            district=district,
            name=options["make"],
            rights=options["right"],
            life=timedelta(days=options["days"]),
            by=self.actor,
        )
        self.answer(state="done", secret=secret, **token.as_dict())
        self.say(f"{line(token.as_dict())}\n\n  {secret}\n\nIt is not shown again.")
        return DONE

    def _revoke(self, district: District, number: int) -> int:
        token = district.api_tokens.filter(pk=number).first()
        if token is None:
            raise Failure(
                f"{district.slug} has no token {number}.",
                remedy=f"manage.py api_token {district.slug} lists them.",
            )
        tokens.revoke(token, by=self.actor)
        self.answer(state="done", **token.as_dict())
        self.say(f"Revoked: {line(token.as_dict())}")
        return DONE


def line(token: dict[str, Any]) -> str:
    """A token in a list."""
    if token["revoked_at"]:
        until = f"revoked {token['revoked_at'][:10]}"
    else:
        until = f"until {token['expires_at'][:10]}"
    used = f"used {token['last_used_at'][:10]}" if token["last_used_at"] else "never used"
    rights = " ".join(token["rights"])
    return f"{token['number']:>5}  {token['hint']}…  {token['name']}: {rights}; {until}, {used}"
