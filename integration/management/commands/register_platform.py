"""`manage.py register_platform SLUG …`: a Canvas that was given this tool's JSON by hand."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.db import transaction

from integration import claiming
from integration.http import HttpError, check_address
from integration.management.base import DONE, DistrictCommand, Failure
from integration.models import AuditEvent, District, Installation
from lti.models import Deployment, Platform
from lti.registration import environment_of

_URLS = {"auth_url": "auth_url", "token_url": "token_url", "jwks_url": "jwks_url"}


class Command(DistrictCommand):
    help = "Register a Canvas as an LTI platform, and make its deployment this district's."
    makes_district = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--name", help="the district's name, where it is new")
        parser.add_argument("--issuer", required=True)
        parser.add_argument("--client-id", required=True)
        parser.add_argument("--deployment-id", required=True)
        parser.add_argument("--auth-url", required=True)
        parser.add_argument("--token-url", required=True)
        parser.add_argument("--jwks-url", required=True)
        parser.add_argument(
            "--environment",
            choices=Platform.Environment.values,
            help="where the issuer does not tell (default: by the issuer's host)",
        )

    def work(self, district: District, options: dict[str, Any]) -> int:
        for name in _URLS:
            self._check(name, options[name])
        with transaction.atomic():
            if district.pk is None:
                district.full_clean()
                district.save()
            platform = self._platform(options)
            deployment, _ = Deployment.objects.get_or_create(
                platform=platform, deployment_id=options["deployment_id"]
            )
            self._claim(district, deployment)
        self.say(
            f"{district.slug}: launches of deployment {deployment.deployment_id} are this "
            f"district's. Canvas: {platform.environment}."
        )
        self.answer(state="done", environment=platform.environment)
        return DONE

    def _platform(self, options: dict[str, Any]) -> Platform:
        """Made, or brought up to date: repeat the command to correct an address."""
        key = {"issuer": options["issuer"], "client_id": options["client_id"]}
        row = Platform.objects.filter(**key).first() or Platform(**key)
        before = {field: getattr(row, field) for field in _URLS.values()} if row.pk else {}
        for option, field in _URLS.items():
            setattr(row, field, options[option])
        row.environment = options["environment"] or environment_of(row.issuer)
        try:
            row.full_clean(validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            field, texts = next(iter(error.message_dict.items()))
            raise Failure(f"--{field.replace('_', '-')}: {' '.join(texts)}") from error
        row.save()
        after = {field: getattr(row, field) for field in _URLS.values()}
        if after != before:
            AuditEvent.objects.create(
                actor=self.actor,
                action="platform.saved",
                subject=str(row)[:255],
                before=before,
                after=after,
            )
        return row

    def _claim(self, district: District, deployment: Deployment) -> None:
        claimed = Installation.objects.filter(deployment=deployment).select_related("district")
        owner = claimed.first()
        if owner is None:
            claiming.by_operator(deployment=deployment, district=district, by=self.actor)
        elif owner.district_id != district.pk:
            raise Failure(
                "This deployment is another district's already.",
                remedy="Check --deployment-id: Canvas shows it beside the installed app.",
            )

    def _check(self, name: str, url: str) -> None:
        try:
            check_address(url, self.allow_private)
        except HttpError as error:
            raise Failure(f"--{name.replace('_', '-')}: {error}", remedy=error.remedy) from error
