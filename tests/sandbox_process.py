"""A sandbox as a child process, for whoever tests against it over HTTP."""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Q:
    """Where the local Q is, and how to come in."""

    url: str
    token_url: str
    key: str
    secret: str
    pages: str = ""


@dataclass(frozen=True)
class Canvas:
    """Where the local Canvas is, and how to come in."""

    url: str
    token: str
    account_id: str
    pages: str = ""
    sso: str = ""
    issuer: str = ""


@dataclass(frozen=True)
class Sandbox:
    """Both, and the process that serves them."""

    q: Q
    canvas: Canvas
    process: subprocess.Popen[str]


class SandboxDidNotStart(Exception):
    """With the end of what it wrote on stderr."""


@contextmanager
def running_sandbox(*arguments: str, patience_seconds: float = 300) -> Iterator[Sandbox]:
    """Start `python -m sandbox` with these arguments; end it on leaving."""
    command = [sys.executable, "-m", "sandbox", "--exit-with-parent", *arguments]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield _ready(process, errors, patience_seconds)
        finally:
            process.terminate()
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()
            process.wait(30)


def _ready(process: subprocess.Popen[str], errors: IO[str], patience: float) -> Sandbox:
    assert process.stdout
    watchdog = threading.Timer(patience, process.kill)
    watchdog.start()
    line = process.stdout.readline()
    watchdog.cancel()
    if not line:
        process.wait()
        errors.seek(0)
        raise SandboxDidNotStart(f"exit {process.returncode}\n{errors.read()[-4000:]}")
    told = json.loads(line)
    return Sandbox(Q(**told["q"]), Canvas(**told["canvas"]), process)
