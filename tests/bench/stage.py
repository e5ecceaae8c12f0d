"""A district between a local Q and a local Canvas, in a database of its own, by our commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.sandbox_process import ROOT, Sandbox


class Stage:
    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self.sandbox = sandbox
        hosts = ",".join(urlsplit(one.url).netloc for one in (sandbox.q, sandbox.canvas))
        self.environment = os.environ | {
            "DEBUG": "1",
            "DATABASE_URL": f"sqlite:///{directory}/bench.sqlite3",
            "ALLOW_PRIVATE_ADDRESSES": hosts,
            "LOG_LEVEL": "WARNING",
        }

    def manage(self, *words: str) -> dict[str, Any]:
        """What a command answers with --json, else nothing."""
        command = [sys.executable, "manage.py", *words]
        ended = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
        return json.loads(ended.stdout) if "--json" in words else {}

    def provision(self, records: dict[str, list[Any]]) -> None:
        """Connect the district "bench", and bring these records of Q into Canvas."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.sandbox.q.url))
        url = f"{origin}/sandbox/records"
        requests.post(url, json={"upsert": records}, timeout=60).raise_for_status()
        self.connect()
        self.manage("provision", "bench")

    def connect(self) -> None:
        """Make the tables, and the district "bench" with both its connections."""
        q, canvas = self.sandbox.q, self.sandbox.canvas
        self.manage("migrate", "--verbosity=0")
        self.manage(
            *("connect", "bench", f"--q-url={q.url}", f"--q-key={q.key}"),
            *(f"--q-secret={q.secret}", f"--q-token-url={q.token_url}"),
            *(f"--canvas-url={canvas.url}", f"--canvas-token={canvas.token}"),
        )
