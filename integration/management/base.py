"""What all our commands share: `--json`, exit codes, errors in three sentences (design section 9).

Exit 0: all that the plan held is confirmed. 1: something that should have been sent was not, or
the command could not work. 2: nothing was sent because a person must decide first. 64: usage.
"""

from __future__ import annotations

import getpass
import json
import logging
import sys
import time
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integration.errors import QSyncError
from integration.logs import bare
from integration.management.by_command import by_command
from integration.models import District

logger = logging.getLogger(__name__)

DONE, FAILED, HELD, USAGE = 0, 1, 2, 64


class Failure(QSyncError):
    """The command cannot work with what it was given."""

    code = "command.unusable"
    remedy = "See the command's --help."

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy or self.remedy


class Usage(Failure):
    """The options do not go together."""

    code = "command.usage"


class Interrupted(QSyncError):
    code = "command.interrupted"
    remedy = "Run it again: what was begun goes on from where it was, and nothing is done twice."


class Unexpected(QSyncError):
    """Not one of ours: an error in the product itself."""

    code = "command.unexpected"


class Command(BaseCommand):
    """A command that prints for people, or with `--json` one object for machines."""

    requires_migrations_checks = True

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)

        def usage(message: str) -> NoReturn:
            parser.print_usage(sys.stderr)
            sys.stderr.write(f"{message}\n")
            sys.exit(USAGE)

        parser.error = usage  # type: ignore[method-assign]  # argparse would exit with 2
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")

    @property
    def actor(self) -> str:
        return f"{getpass.getuser()} (command line)"

    @property
    def allow_private(self) -> list[str]:
        return list(settings.ALLOW_PRIVATE_ADDRESSES)

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json: bool = options["json"]
        self.subcommand = type(self).__module__.rpartition(".")[2]
        self._answer: dict[str, Any] = {"command": self.subcommand}
        started = time.monotonic()
        code = self._worked(options)
        if self.as_json:
            self._answer["seconds"] = round(time.monotonic() - started, 3)
            self.stdout.write(json.dumps(self._answer, ensure_ascii=False))
        if code:
            sys.exit(code)

    def check_migrations(self) -> None:
        """What Django says of missing ones goes to stderr: stdout is for the answer."""
        stdout, self.stdout = self.stdout, self.stderr
        try:
            super().check_migrations()
        finally:
            self.stdout = stdout

    def _worked(self, options: dict[str, Any]) -> int:
        """Whatever ends the work, there is an exit code, and with `--json` an object."""
        try:
            return self.run(options)
        except QSyncError as known:
            error = known
        except KeyboardInterrupt:
            error = Interrupted("Ended by Ctrl-C.")
        except CommandError:
            raise
        except Exception as unexpected:
            logger.exception(
                "%s stopped in an unexpected way", self.subcommand, exc_info=bare(unexpected)
            )
            error = Unexpected(
                f"{self.subcommand} stopped in an unexpected way; the log tells where."
            )
        self.complain(error.as_dict())
        self.answer(state="failed", error=error.as_dict())
        return USAGE if isinstance(error, Usage) else FAILED

    def run(self, options: dict[str, Any]) -> int:
        """Do the work; give the exit code."""
        raise CommandError("A command says what it does.")

    def say(self, text: str = "") -> None:
        """For people; with `--json` it goes to stderr."""
        (self.stderr if self.as_json else self.stdout).write(text)

    def complain(self, error: dict[str, str]) -> None:
        """What is wrong, and what to do."""
        self.stderr.write(f"{error['message']}\n  What to do: {error['remedy']}")
        if command := by_command(error["code"]):
            self.stderr.write(f"  By command: {command}")
        self.stderr.write(f"  Code: {error['code']}")

    def answer(self, **fields: Any) -> None:
        """Add to the JSON object."""
        self._answer |= fields


class DistrictCommand(Command):
    """A command about one district, named by its slug."""

    makes_district = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("district", metavar="SLUG", help="the district's short name")

    def run(self, options: dict[str, Any]) -> int:
        slug = options["district"]
        self.answer(district=slug)
        district = District.objects.filter(slug=slug).first()
        if district is None:
            if not self.makes_district:
                raise Failure(f"There is no district “{slug}”. Connect it first: manage.py connect")
            district = District(slug=slug, name=options.get("name") or slug)
        return self.work(district, options)

    def work(self, district: District, options: dict[str, Any]) -> int:
        """Do the work; give the exit code."""
        raise CommandError("A command says what it does.")
