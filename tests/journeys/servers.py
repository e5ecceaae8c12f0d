"""The product as it runs: migrated database, commands, and a web process of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.canaries import found
from tests.sandbox_process import ROOT, Sandbox

PATIENCE_SECONDS = 60
# What workers were asked and what came of it, and each mail, a line each.
KEPT = """
from django_q.models import OrmQ, Task
from integration.models import Notice
for one in Task.objects.all():
    print("task", repr((one.func, one.args, one.kwargs, one.result)))
for one in OrmQ.objects.all():
    print("bell", repr(one.task))
for one in Notice.objects.all():
    print("mail", repr((one.subject, one.body, one.error)))
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Product:
    """Where it is, and its commands."""

    url: str
    environment: dict[str, str] = field(repr=False)
    # What no log may hold, and of it what not even the database may hold; `log` is what its
    # processes have written.
    canaries: list[str] = field(default_factory=list, repr=False)
    secrets: list[str] = field(default_factory=list, repr=False)
    log: Path = Path("/dev/null")

    def manage(self, *words: str) -> Any:
        """Run a command; what its JSON says."""
        ended = subprocess.run(
            [sys.executable, "manage.py", *words, "--json"],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        with self.log.open("a") as log:
            log.write(ended.stderr)
        return json.loads(ended.stdout.splitlines()[-1]) if ended.stdout.strip() else None

    def connect(self, slug: str, sandbox: Sandbox) -> None:
        """A district with both connections, provisioned."""
        self.secrets += secrets_of(sandbox)
        self.canaries += [*self.secrets, *people_of(sandbox)]
        self.manage(
            *("connect", slug, "--name", f"District {slug}"),
            *("--canvas-url", sandbox.canvas.url, "--canvas-token", sandbox.canvas.token),
            *("--q-url", sandbox.q.url, "--q-token-url", sandbox.q.token_url),
            *("--q-key", sandbox.q.key, "--q-secret", sandbox.q.secret),
        )
        self.manage("provision", slug)

    def shell(self, code: str) -> str:
        """Do something inside the product that no page offers; what was printed."""
        command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
        ended = subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        )
        return ended.stdout

    def leaks(self) -> list[str]:
        """Lines of logs, tasks and mails with a planted word; database files with a secret."""
        written = self.log.read_text(errors="replace") + "\n" + self.shell(KEPT)
        words = found(self.canaries, written)
        database = Path(self.environment["DATABASE_URL"].removeprefix("sqlite:///"))
        files = database.parent.glob(f"{database.name}*")
        return [line for line in written.splitlines() if words and found(words, line)] + [
            one.name for one in files if found(self.secrets, one.read_bytes())
        ]

    def tells_nothing(self) -> None:
        """No secret and nobody's name, address or score is where it must not be (S76, S82)."""
        assert self.leaks() == []

    def register(self, slug: str, canvas: Mapping[str, str]) -> None:
        """A platform by hand: `issuer`, `client_id`, `deployment_id`, `auth_url`, …"""
        options = [
            word for name, text in canvas.items() for word in (f"--{name.replace('_', '-')}", text)
        ]
        self.manage("register_platform", slug, *options)

    def configuration(self) -> Any:
        """The developer key's JSON; asked on this machine, by the name the product goes by."""
        parts = urlsplit(self.url)
        return requests.get(
            f"{parts.scheme}://127.0.0.1:{parts.port}/lti/config.json",
            headers={"Host": parts.netloc},
            timeout=30,
        ).json()


def secrets_of(sandbox: Sandbox) -> list[str]:
    return [sandbox.q.secret, sandbox.canvas.token]


def people_of(sandbox: Sandbox) -> list[str]:
    """The name and address of everybody in its Q."""
    q = sandbox.q
    scope = "https://purl.imsglobal.org/spec/or/v1p1/scope/roster.readonly"
    form = {"grant_type": "client_credentials", "scope": scope}
    token = requests.post(q.token_url, data=form, auth=(q.key, q.secret), timeout=60).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    users = requests.get(f"{q.url}/users?limit=1000", headers=headers, timeout=60).json()["users"]
    names = [f"{one['givenName']} {one['familyName']}" for one in users]
    return [*names, *(one["email"] for one in users if one.get("email"))]


@contextmanager
def running_product(
    home: Path,
    reachable: list[str],
    *,
    port: int,
    url: str = "",
    certificate: str = "",
    **environment: str,
) -> Iterator[Product]:
    """Migrate, start the web process, end it with the block.

    `reachable` are the addresses of the servers on this machine that it may ask.
    """
    url = url or f"http://localhost:{port}"
    hosts = ",".join(urlsplit(each).netloc for each in reachable)
    product = Product(
        url,
        os.environ
        | {
            "DEBUG": "1",
            "LOG_LEVEL": "DEBUG",
            "DATABASE_URL": f"sqlite:///{home}/product.sqlite3",
            "BASE_URL": url,
            "ALLOW_PRIVATE_ADDRESSES": hosts,
            "REGISTRATION_HOSTS": hosts,
        }
        | environment,
        log=home / "product.log",
    )
    first = ["migrate"] if product.environment["DEBUG"] == "1" else ["migrate", "collectstatic"]
    for name in first:
        words = [sys.executable, "manage.py", name, "--no-input", "--verbosity", "0"]
        subprocess.run(words, cwd=ROOT, env=product.environment, check=True)
    command = [sys.executable, "-m", "gunicorn", "integration.wsgi", "-k", "gthread"]
    command += ["--threads", "16", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    command += ["--no-control-socket"]
    if certificate:
        command += ["--certfile", certificate, "--keyfile", certificate]
    with (
        product.log.open("ab") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=product.environment, stdout=log, stderr=log
        ) as process,
    ):
        try:
            wait_for(process, port)
            yield product
        finally:
            process.terminate()
    product.tells_nothing()


def wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"the web process ended with {process.returncode}"
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the web process does not answer")
