"""`manage.py connect SLUG …`: store how a district's Canvas and Q are reached."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.db import transaction

from integration.connecting import Changes, ConnectionRefused, audit, compare_canvas, fill
from integration.errors import QSyncError
from integration.ledger.leases import AlreadyRunning
from integration.management.base import DONE, DistrictCommand, Failure
from integration.models import CanvasConnection, District, QConnection

# Option to field, of each row.
DISTRICT = {"name": "name", "time_zone": "time_zone"}
CANVAS = {
    "canvas_url": "base_url",
    "canvas_token": "access_token",
    "canvas_token_ends": "access_token_ends_on",
    "canvas_account": "root_account_id",
}
Q = {
    "q_url": "base_url",
    "q_key": "key",
    "q_secret": "secret",
    "q_auth": "auth",
    "q_service": "service",
    "q_token_url": "token_url",
    "q_page_size": "page_size",
    "q_concurrency": "concurrency",
}


class Command(DistrictCommand):
    help = "Connect a district's Canvas and Q. Repeat it to change something; secrets stay."
    makes_district = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--name", help="the district's name, for people")
        parser.add_argument("--canvas-url")
        parser.add_argument("--canvas-token")
        parser.add_argument(
            "--canvas-token-ends",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="the token's last day, as Canvas shows it where the token was made",
        )
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
        given = [name for name in (*DISTRICT, *CANVAS, *Q) if options[name] is not None]
        if district.pk is None and not set(given) & {*CANVAS, *Q}:
            raise Failure(
                f"There is no district “{district.slug}”, and nothing to connect it to was given.",
                remedy="Give --canvas-url and --q-url with their keys; see --help.",
            )
        changed = self._store(district, options)
        forgotten = self._compare_canvas(district) if set(given) & set(CANVAS) else {}
        missing = [
            side
            for side, model in (("Canvas", CanvasConnection), ("Q", QConnection))
            if not model.objects.filter(district=district).exists()
        ]
        self.say(f"Changed: {', '.join(changed) or 'nothing'}.")
        self.say(
            f"{district.slug} is not connected to {' and '.join(missing)} yet."
            if missing
            else f"{district.slug} is connected. Next: manage.py verify {district.slug}"
        )
        self.answer(state="done", changed=changed, missing=missing, forgotten=forgotten)
        return DONE

    @transaction.atomic
    def _store(self, district: District, options: dict[str, Any]) -> list[str]:
        """Save what was given, and who changed what; the names of what differs now."""
        changes = {
            **self._name(district, options),
            **self._save(CanvasConnection, district, CANVAS, options),
            **self._save(QConnection, district, Q, options),
        }
        if changes:
            audit(district, "connection.saved", by=self.actor, changes=changes)
        return sorted(changes)

    def _compare_canvas(self, district: District) -> dict[str, int]:
        try:
            forgotten = compare_canvas(district, by=self.actor)
        except AlreadyRunning:
            raise
        except QSyncError as error:
            self.say(f"Canvas does not answer yet: {error}")
            return {}
        if forgotten:
            self.say(
                "This is another Canvas than before. What the other one had accepted is forgotten: "
                + ", ".join(f"{count:,} {name}" for name, count in forgotten.items())
                + ". The next plan starts from what this Canvas holds."
            )
        return forgotten

    def _name(self, district: District, options: dict[str, Any]) -> Changes:
        """Set the district's own fields, check them, save them; what differs."""
        given = {DISTRICT[name]: options[name] for name in DISTRICT if options[name] is not None}
        was = {name: getattr(district, name) for name in given} if district.pk else {}
        for name, value in given.items():
            setattr(district, name, value)
        try:
            district.full_clean()
        except ValidationError as error:
            field, texts = next(iter(error.message_dict.items()))
            raise Failure(f"--{field.replace('_', '-')}: {' '.join(texts)}") from error
        district.save()
        return {
            name: (was.get(name, ""), value)
            for name, value in given.items()
            if was.get(name, "") != value
        }

    def _save(
        self,
        model: type[CanvasConnection] | type[QConnection],
        district: District,
        names: dict[str, str],
        options: dict[str, Any],
    ) -> Changes:
        """Save what was given of a connection; what differs, by option. Raises Failure."""
        if all(options[name] is None for name in names):
            return {}
        connection = model.objects.filter(district=district).first()
        address = next(name for name, field in names.items() if field == "base_url")
        if connection is None:
            if not options[address]:
                raise Failure(f"--{address.replace('_', '-')} is needed the first time.")
            connection = model(district=district)
        option_of = {field: name for name, field in names.items()}
        try:
            given = {
                field: options[name] for name, field in names.items() if options[name] is not None
            }
            changes = fill(connection, given)
        except ConnectionRefused as error:
            option = option_of.get(error.field, error.field).replace("_", "-")
            raise Failure(f"--{option}: {error}", remedy=error.remedy) from error
        connection.save()
        return {option_of[field]: change for field, change in changes.items()}
