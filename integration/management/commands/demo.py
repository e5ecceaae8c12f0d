"""`manage.py demo`: the main job on one machine, with the commands that a person would type."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandParser

from integration.http import Http
from integration.management import children, registering, registries, sandbox
from integration.management.base import DONE
from integration.management.base import Command as BaseCommand
from integration.management.stage import DemoFailed, Stage

SLUG = "demo"
STUDENTS = 600
SECRET_OPTIONS = ("--canvas-token", "--q-key", "--q-secret")


class Command(BaseCommand):
    help = "Start the sandbox, connect and provision a district, open the tool, sync a course."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--once", action="store_true", help="end when the work is done")
        parser.add_argument("--web-port", type=int, default=0, help="0 takes any free port")
        sandbox.add_arguments(parser)
        parser.set_defaults(q_port=0, canvas_port=0)

    def run(self, options: dict[str, Any]) -> int:
        if options["data"] is None and options["students"] is None:
            options["students"] = STUDENTS
        # Whoever ends the demo ends all that it started.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        self.say("Starting a local Q and a local Canvas …")
        with sandbox.running(sandbox.command(options, "--exit-with-parent")) as servers:
            port = options["web_port"] or children.free_port()
            self._look_for(servers, port)
            seconds = self._provision(servers)
            with ExitStack() as stack:
                stack.enter_context(children.web(self.environment, port))
                allowed = [*self.reachable, urlsplit(self.web_url).netloc]
                http = stack.enter_context(closing(Http(allow_private=allowed)))
                self._install(http, servers["canvas"])
                stage = Stage(SLUG, servers["canvas"], http, self._manage, self.say)
                told = {k: v for step in registries.DEMO_STEPS for k, v in step(stage).items()}
                where = self._tell(servers, seconds) | told
                self.answer(state="done", **where)
                if not options["once"]:
                    stack.enter_context(children.workers(self.environment))
                    self._stay()
        return DONE

    def _look_for(self, servers: dict[str, Any], port: int) -> None:
        """What each of our processes is told: where it is, and whom it may ask."""
        self.web_url = f"http://localhost:{port}"
        canvas = servers["canvas"]
        urls = (servers["q"]["url"], canvas["url"], canvas["sso"])
        self.reachable = [urlsplit(url).netloc for url in urls]
        self.environment = os.environ | {
            "DEBUG": "1",
            "BASE_URL": self.web_url,
            "ALLOW_PRIVATE_ADDRESSES": ",".join(self.reachable),
            "REGISTRATION_HOSTS": ",".join(self.reachable[1:]),
        }

    def _provision(self, servers: dict[str, Any]) -> float:
        q, canvas = servers["q"], servers["canvas"]
        self._manage(
            *("connect", SLUG, "--name", "Demo district"),
            *("--canvas-url", canvas["url"], "--canvas-token", canvas["token"]),
            *("--q-url", q["url"], "--q-token-url", q["token_url"]),
            *("--q-key", q["key"], "--q-secret", q["secret"]),
        )
        started = time.monotonic()
        self._manage("provision", SLUG)
        return time.monotonic() - started

    def _install(self, http: Http, canvas: dict[str, str]) -> None:
        """Register the tool as an administrator does in Canvas, and make it the district's."""
        self.say("\nInstalling the tool into Canvas by dynamic registration …")
        invited = json.loads(self._manage("invite", "--json", is_read=True))
        made = registering.register(http, canvas_url=canvas["url"], invite_url=invited["url"])
        self._manage(
            *("register_platform", SLUG, "--issuer", canvas["issuer"]),
            *("--client-id", made["client_id"], "--deployment-id", made["deployment_id"]),
            *("--auth-url", f"{canvas['sso']}/api/lti/authorize_redirect"),
            *("--token-url", f"{canvas['sso']}/login/oauth2/token"),
            *("--jwks-url", f"{canvas['sso']}/api/lti/security/jwks"),
        )

    def _manage(self, *words: str, is_read: bool = False) -> str:
        """Run one of our commands as a person would, and show it; what it printed, if read."""
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
            stdout=subprocess.PIPE if is_read else out,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise DemoFailed(f"manage.py {words[0]} ended with {ended.returncode}.")
        return ended.stdout or ""

    def _tell(self, servers: dict[str, Any], seconds: float) -> dict[str, str]:
        q, canvas = servers["q"]["pages"], servers["canvas"]["pages"]
        act_as = f"{canvas}act-as"
        self.say(
            f"\nQ became Canvas in {seconds:.1f} seconds, and a course’s grades are in Q."
            " Where to look:\n"
            f"  Canvas  {canvas}\n"
            f"  Q       {q}\n"
            f"  Q Sync  {act_as}\n"
            "          Choose the teacher, then click “Q Grade Sync” in the course’s navigation;\n"
            "          or the admin, then “Q Sync” in the account’s."
        )
        return {"q": q, "canvas": canvas, "act_as": act_as, "web": self.web_url}

    def _stay(self) -> None:
        self.say("\nAll keep running; change something in Q and provision again. Ctrl-C ends.")
        self.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            self.say("Ended.")
