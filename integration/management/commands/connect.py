"""`manage.py connect SLUG …`: store how a district's Canvas and Q are reached."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.db import transaction

from integration.connections import canvas_client
from integration.errors import QSyncError
from integration.http import HttpError, check_address
from integration.ledger.leases import held
from integration.management.base import DONE, DistrictCommand, Failure
from integration.models import AuditEvent, CanvasConnection, District, QConnection
from integration.provisioning.forget import forget_canvas
from integration.provisioning.run import resource

# Option to field, of each row.
DISTRICT = {"name": "name", "time_zone": "time_zone"}
CANVAS = {
    "canvas_url": "base_url",
    "canvas_token": "access_token",
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
SECRETS = {"canvas_token", "q_key", "q_secret"}
MASK = "••••"
MOVES = {"canvas_url", "canvas_account"}
UNKNOWN = "unknown"

# Option: (before, after)
Changes = dict[str, tuple[Any, Any]]


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
            **self._fill(district, DISTRICT, options),
            **self._save(CanvasConnection, district, CANVAS, options, needs=("canvas_url",)),
            **self._save(QConnection, district, Q, options, needs=("q_url",)),
        }
        if changes:
            self._audit(
                district,
                "connection.saved",
                before={name: before for name, (before, _) in changes.items()},
                after={name: after for name, (_, after) in changes.items()},
            )
        return sorted(changes)

    def _compare_canvas(self, district: District) -> dict[str, int]:
        """Is it the Canvas whose rows we remember? If not, forget them; how many of each sort."""
        connection = district.canvas_connection
        if not (connection.access_token or connection.refresh_token):
            return {}
        try:
            with canvas_client(district) as canvas:
                uuid = canvas.account().uuid
        except QSyncError as error:
            self.say(f"Canvas does not answer yet: {error}")
            return {}
        with held(resource(district)), transaction.atomic():
            was = connection.account_uuid
            CanvasConnection.objects.filter(pk=connection.pk).update(account_uuid=uuid)
            if was in ("", uuid):
                return {}
            if forgotten := forget_canvas(district):
                self._audit(
                    district,
                    "canvas.replaced",
                    before={"account_uuid": was, "forgotten": forgotten},
                    after={"account_uuid": uuid},
                )
        if forgotten:
            self.say(
                "This is another Canvas than before. What the other one had accepted is forgotten: "
                + ", ".join(f"{count:,} {name}" for name, count in forgotten.items())
                + ". The next plan starts from what this Canvas holds."
            )
        return forgotten

    def _audit(
        self, district: District, action: str, *, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        AuditEvent.objects.create(
            district=district.slug,
            actor=self.actor,
            action=action,
            subject=district.slug,
            before=before,
            after=after,
        )

    def _save(
        self,
        model: type[CanvasConnection] | type[QConnection],
        district: District,
        names: dict[str, str],
        options: dict[str, Any],
        *,
        needs: tuple[str, ...],
    ) -> Changes:
        if not any(options[name] is not None for name in names):
            return {}
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

    def _fill(self, row: Any, names: dict[str, str], options: dict[str, Any]) -> Changes:
        """Set what was given, check it, save it; what differs, before and after."""
        given = [name for name in names if options[name] is not None]
        was = {name: getattr(row, names[name]) for name in given} if row.pk else {}
        for name in given:
            setattr(row, names[name], options[name])
        changes = {
            name: (_shown(name, was.get(name, "")), _shown(name, options[name]))
            for name in given
            if was.get(name, "") != options[name]
        }
        if isinstance(row, CanvasConnection) and row.pk and MOVES & changes.keys():
            # Until it was asked who it is, it counts as another one than runs have written to.
            row.account_uuid = (row.account_uuid or UNKNOWN) if row.district.runs.exists() else ""
        try:
            row.full_clean(exclude=["profile", "scope"])
        except ValidationError as error:
            field, texts = next(iter(error.message_dict.items()))
            option = next((one for one, name in names.items() if name == field), field)
            raise Failure(f"--{option.replace('_', '-')}: {' '.join(texts)}") from error
        row.save()
        return changes


def _shown(name: str, value: Any) -> Any:
    """A value as the audit log may hold it."""
    return MASK if name in SECRETS and value else value
