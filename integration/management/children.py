"""The product's own processes as children of a command: the web process and the workers."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.conf import settings

from integration.errors import QSyncError

PATIENCE_SECONDS = 60
_END_SECONDS = 30


class ChildFailed(QSyncError):
    code = "child.failed"
    remedy = "Read the lines above: the process says why it ended."


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def web(environment: Mapping[str, str], port: int) -> Iterator[None]:
    """Serve on this port of 127.0.0.1, with threads: a browser keeps spare connections open.

    Raises:
        ChildFailed: it ended, or did not answer in time.
    """
    command = ["-m", "gunicorn", "integration.wsgi", "-k", "gthread", "--threads", "8"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning", "--no-control-socket"]
    with _running(command, environment) as process:
        _wait(process, port)
        yield


@contextmanager
def workers(environment: Mapping[str, str]) -> Iterator[None]:
    """The nights, and whatever is queued."""
    with _running(["manage.py", "qcluster"], environment):
        yield


@contextmanager
def _running(
    words: Sequence[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(  # noqa: S603  # our own interpreter, our own programs
        [sys.executable, *words], cwd=settings.BASE_DIR, env=dict(environment)
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ChildFailed(f"The web process ended with {process.returncode}.")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise ChildFailed(f"The web process does not answer on port {port}.")
