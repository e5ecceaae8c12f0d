"""The sandbox as a child process: the only tie between the product's commands and it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from integration.errors import QSyncError


class SandboxFailed(QSyncError):
    code = "sandbox.failed"
    remedy = "Read the lines above; a busy port and an unreadable --data are the usual reasons."


def add_arguments(parser: Any) -> None:
    """The options that `python -m sandbox` shares with our commands."""
    parser.add_argument("--data", help="a OneRoster 1.1 CSV bundle, folder or zip")
    parser.add_argument("--students", type=int, help="or: make up a district of this size")
    parser.add_argument("--seed", type=int, help="of the made-up district")
    parser.add_argument("--q-port", type=int, help="0 takes any free port")
    parser.add_argument("--canvas-port", type=int, help="0 takes any free port")


def command(options: dict[str, Any], *more: str) -> list[str]:
    """The command line of the child."""
    names = ("data", "students", "seed", "q_port", "canvas_port")
    given = [(name, options[name]) for name in names if options[name] is not None]
    words = [word for name, value in given for word in (f"--{name.replace('_', '-')}", str(value))]
    return [sys.executable, "-m", "sandbox", *words, *more]


@contextmanager
def running(words: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Start it, wait until it serves, give its addresses and keys; end it with the block.

    Raises:
        SandboxFailed: it ended before it served.
    """
    with subprocess.Popen(  # noqa: S603  # our own interpreter, our own options
        words, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            line = child.stdout.readline() if child.stdout else ""
            if not line:
                raise SandboxFailed("The sandbox did not start.")
            yield json.loads(line)
        finally:
            child.terminate()
