"""`manage.py connect SLUG …`: store how a district's Canvas and Q are reached."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.db import transaction

from integration.http import HttpError, check_address
from integration.management.base import DistrictCommand, Failure
from integration.models import AuditEvent, CanvasConnection, District, QConnection
from integration.provisioning.store import forget_canvas


def _place(district: District) -> list[str] | None:
    """Which Canvas, and which account of it, the district is connected to."""
    connection = CanvasConnection.objects.filter(district=district.pk).first()
    return [connection.base_url, connection.root_account_id] if connection else None


class Command(DistrictCommand):
    help = "Connect a district's Canvas and Q. Repeat it to change something; secrets stay."
    makes_district = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--name", help="the district's name, for people")
        parser.add_argument("--canvas-url")
        parser.add_argument("--canvas-token")
        parser.add_argument("--canvas-account", help="id of the root account (default: self)")
        parser.add_argument("--q-url")
        parser.add_argument("--q-key")
        parser.add_argument("--q-secret")
        parser.add_argument("--q-auth", choices=QConnection.Auth.values)
        parser.add_argument("--q-service", choices=QConnection.Service.values)
        parser.add_argument("--q-token-url")
        parser.add_argument("--q-page-size", type=int)
        parser.add_argument("--q-concurrency", type=int)
        parser.add_argument("--time-zone", help="an IANA name such as America/Los_Angeles")

    def work(self, district: District, options: dict[str, Any]) -> int:
        if district.pk is None and not any(options[name] for name in ("q_url", "canvas_url")):
            raise Failure(
                f"There is no district “{district.slug}” yet.",
                remedy="Connect it with --canvas-url and --q-url; see --help.",
            )
        before = _place(district)
        with transaction.atomic():
            changed = [
                *self._fill(district, {"name": "name", "time_zone": "time_zone"}, options),
                *self._connect_canvas(district, options),
                *self._connect_q(district, options),
            ]
            moved = before != _place(district) and before is not None
            if moved:
                forget_canvas(district)
            AuditEvent.objects.create(
                district=district.slug,
                actor=self.actor,
                action="connection.saved",
                subject=district.slug,
                before={"canvas": before},
                after={"changed": sorted(changed), "canvas": _place(district)},
            )
        if moved:
            self.say("This is another Canvas: the next run compares with what that one holds.")
        self.say(f"{district.slug} is connected. Next: manage.py verify {district.slug}")
        self.answer(state="done", changed=sorted(changed))
        return 0

    def _connect_canvas(self, district: District, options: dict[str, Any]) -> list[str]:
        names = {
            "canvas_url": "base_url",
            "canvas_token": "access_token",
            "canvas_account": "root_account_id",
        }
        return self._save(CanvasConnection, district, names, options, needs=("canvas_url",))

    def _connect_q(self, district: District, options: dict[str, Any]) -> list[str]:
        names = {
            "q_url": "base_url",
            "q_key": "key",
            "q_secret": "secret",
            "q_auth": "auth",
            "q_service": "service",
            "q_token_url": "token_url",
            "q_page_size": "page_size",
            "q_concurrency": "concurrency",
        }
        return self._save(QConnection, district, names, options, needs=("q_url",))

    def _save(
        self,
        model: type[CanvasConnection] | type[QConnection],
        district: District,
        names: dict[str, str],
        options: dict[str, Any],
        *,
        needs: tuple[str, ...],
    ) -> list[str]:
        if not any(options[name] is not None for name in names):
            return []
        connection = model.objects.filter(district=district).first()
        if connection is None:
            for name in needs:
                if not options[name]:
                    raise Failure(f"--{name.replace('_', '-')} is needed the first time.")
            connection = model(district=district)
        for name in ("canvas_url", "q_url", "q_token_url"):
            if name in names and options[name]:
                self._check(name, options[name])
        return self._fill(connection, names, options)

    def _check(self, name: str, url: str) -> None:
        try:
            check_address(url, self.allow_private)
        except HttpError as error:
            option = name.replace("_", "-")
            raise Failure(f"--{option}: {error}", remedy=error.remedy) from error

    def _fill(self, row: Any, names: dict[str, str], options: dict[str, Any]) -> list[str]:
        """Set what was given, check it, save it; say which options changed something."""
        given = [name for name in names if options[name] is not None]
        for name in given:
            setattr(row, names[name], options[name])
        try:
            row.full_clean(exclude=["profile", "scope"])
        except ValidationError as error:
            field, texts = next(iter(error.message_dict.items()))
            option = next((one for one, name in names.items() if name == field), field)
            raise Failure(f"--{option.replace('_', '-')}: {' '.join(texts)}") from error
        row.save()
        return given
