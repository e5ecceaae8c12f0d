"""A clock that a test sets, for processes of their own: clock.c stands in front of theirs."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import chown, which
from struct import pack
from urllib.parse import quote

import psycopg
import pytest

SOURCE = Path(__file__).with_name("clock.c")
SERVERS = Path("/usr/lib/postgresql")
PATIENCE_SECONDS = 60


def _missing(what: str) -> None:
    """Skips what cannot be proven here; where REQUIRE_CLOCK is set, that is a failure."""
    if os.environ.get("REQUIRE_CLOCK"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")


class Clock:
    """Real time, and so far from it; every process with this `environment` goes by it."""

    def __init__(self, directory: Path) -> None:
        compiler = which("cc")
        if compiler is None:
            _missing("a C compiler")
        library, self._file = directory / "clock.so", directory / "offset"
        self._file.write_bytes(pack("=q", 0))
        words = ["-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"]
        subprocess.run([str(compiler), *words], check=True)
        directory.chmod(0o755)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(self._file)}

    def set(self, moment: str) -> None:
        """Let it be this moment (ISO 8601, UTC) for all, and go on from there."""
        wanted = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
        with self._file.open("r+b") as file:
            file.write(pack("=q", int((wanted - time.time()) * 1e9)))


@contextmanager
def postgresql(directory: Path, clock: Clock) -> Iterator[str]:
    """The URL of a PostgreSQL server of its own, whose time of day is the clock's."""
    tools = max(SERVERS.glob("*/bin"), default=None)
    if tools is None:
        _missing(f"a PostgreSQL server under {SERVERS}")
    data = directory / "data"
    data.mkdir()
    # PostgreSQL refuses to be root.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        chown(data, user, user)
    told = {"cwd": data, "user": user, "group": user, "extra_groups": [] if user else None}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    how = ["--username=postgres", "--auth=trust", "--no-sync", f"--pgdata={data}"]
    subprocess.run([tools / "initdb", *how], check=True, **told, **quiet)
    options = {"listen_addresses": "", "unix_socket_directories": data, "fsync": "off"}
    server = subprocess.Popen(
        [tools / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())],
        env=os.environ | clock.environment,
        **told,
        **quiet,
    )
    url = f"postgres://postgres@{quote(str(data), safe='')}/postgres"
    try:
        _until_it_answers(url)
        yield url
    finally:
        server.terminate()
        server.wait(60)


def _until_it_answers(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "the PostgreSQL server did not start"
            time.sleep(0.1)
        else:
            return
