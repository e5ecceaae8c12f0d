"""`manage.py sandbox`: a local Canvas and a local Q, until Ctrl-C."""

from __future__ import annotations

import subprocess
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from integration.management import sandbox
from integration.management.base import DONE
from integration.management.base import Command as BaseCommand


class Command(BaseCommand):
    help = "Run a local Canvas and a local Q. Prints one JSON line with addresses and keys."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        sandbox.add_arguments(parser)

    def run(self, options: dict[str, Any]) -> int:
        words = sandbox.command(options)
        try:
            ended = subprocess.run(words, cwd=settings.BASE_DIR, check=False)  # noqa: S603  # our own interpreter, our own options
        except KeyboardInterrupt:
            return DONE
        return ended.returncode
