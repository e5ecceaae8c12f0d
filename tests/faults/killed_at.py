"""Runs one of our commands and kills its own process at the n-th effect, like a power cut.

    python -m tests.faults.killed_at N provision lakeside --json

An effect is a statement that writes to the database, or a request that is not a GET. The process
is killed just before effect N; 0 never kills and prints, on the last line of stderr, how many
effects there were. The product has no hook for this: the counting stands around Django's cursor
and the door's one method.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration.settings")


class Effects:
    """Counts effects, and ends the process before the one that was asked for."""

    def __init__(self, kill_at: int) -> None:
        self.kill_at = kill_at
        self.count = 0
        self._lock = threading.Lock()

    def happen(self) -> None:
        with self._lock:
            self.count += 1
            if self.count == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def around_sql(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip().upper().startswith(("SELECT", "PRAGMA", "SAVEPOINT", "RELEASE")):
            self.happen()
        return execute(sql, params, many, context)


def main(words: list[str]) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from integration.http import Http

    effects = Effects(int(words[0]))
    request = Http.request

    def counted(self: Http, method: str, url: str, **how: Any) -> Any:
        if method != "GET":
            effects.happen()
        return request(self, method, url, **how)

    Http.request = counted  # type: ignore[method-assign]
    with connection.execute_wrapper(effects.around_sql):
        try:
            call_command(*words[1:])
        finally:
            sys.stderr.write(f"\n{effects.count}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
