"""`manage.py demo`: the main job on one machine, with the commands that a person would type."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandParser

from integration.errors import QSyncError
from integration.management import sandbox
from integration.management.base import DONE
from integration.management.base import Command as BaseCommand

SLUG = "demo"
STUDENTS = 600
SECRET_OPTIONS = ("--canvas-token", "--q-key", "--q-secret")


class DemoFailed(QSyncError):
    code = "demo.failed"
    remedy = "The lines above tell which step failed, and what to do."


class Command(BaseCommand):
    help = "Start the sandbox, connect a district, provision it, and say where to look."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--once", action="store_true", help="end when the work is done")
        sandbox.add_arguments(parser)
        parser.set_defaults(q_port=0, canvas_port=0)

    def run(self, options: dict[str, Any]) -> int:
        if options["data"] is None and options["students"] is None:
            options["students"] = STUDENTS
        self.say("Starting a local Q and a local Canvas …")
        with sandbox.running(sandbox.command(options, "--exit-with-parent")) as servers:
            seconds = self._work(servers)
            self._tell(servers, seconds)
            self.answer(state="done", q=servers["q"]["pages"], canvas=servers["canvas"]["pages"])
            if not options["once"]:
                self._stay()
        return DONE

    def _work(self, servers: dict[str, Any]) -> float:
        q, canvas = servers["q"], servers["canvas"]
        self.environment = os.environ | {
            "ALLOW_PRIVATE_ADDRESSES": ",".join(
                urlsplit(server["url"]).netloc for server in (q, canvas)
            )
        }
        self._manage(
            *("connect", SLUG, "--name", "Demo district"),
            *("--canvas-url", canvas["url"], "--canvas-token", canvas["token"]),
            *("--q-url", q["url"], "--q-token-url", q["token_url"]),
            *("--q-key", q["key"], "--q-secret", q["secret"]),
        )
        started = time.monotonic()
        self._manage("provision", SLUG)
        return time.monotonic() - started

    def _manage(self, *words: str) -> None:
        """Run one of our commands as a person would, and show it."""
        shown = [
            "••••" if before in SECRET_OPTIONS else word
            for before, word in zip(("", *words), words, strict=False)
        ]
        self.say(f"\n$ manage.py {' '.join(shown)}")
        self.stdout.flush()
        out = sys.stderr if self.as_json else sys.stdout
        ended = subprocess.run(  # noqa: S603  # our own interpreter, our own commands
            [sys.executable, settings.BASE_DIR / "manage.py", *words],
            env=self.environment,
            stdout=out,
            check=False,
        )
        if ended.returncode:
            raise DemoFailed(f"manage.py {words[0]} ended with {ended.returncode}.")

    def _tell(self, servers: dict[str, Any], seconds: float) -> None:
        self.say(
            f"\nQ became Canvas in {seconds:.1f} seconds. Where to look:\n"
            f"  Canvas  {servers['canvas']['pages']}\n"
            f"  Q       {servers['q']['pages']}"
        )

    def _stay(self) -> None:
        self.say("\nBoth keep running; change something in Q and provision again. Ctrl-C ends.")
        self.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            self.say("Ended.")
