"""Runs our commands, and kills one at its n-th effect, like a power cut; or its database fails.

    python -m tests.faults.killed_at

reads a line of JSON for each command on stdin, {"words", "kill_at", "kill_after", "now", "ails",
"ails_at"}, and answers with one on stdout:

    {"code", "out", "err", "effects": {"sql", "send"}, "last_send", "traced", "seconds"}

`code` is the exit code, negative where a signal ended it; `last_send` the number of the last
effect that was a request.

An effect is a statement that writes to the database, or a request that is not a GET. The process
is killed just before effect `kill_at`, or after `kill_after` seconds; 0 never kills. The product
has no hook for this: the counting stands around Django's cursor and the door's one method.
`traced` is SQLite's own count of the statements that wrote.

`ails` is what the database does at its write number `ails_at` (see `Ailing`).

`now` is what all clocks say, the database's too. The word `@worker` stands for what a worker does
at that time: sweep, and answer the bells; `@task NAME ID` is one bell that it hears.

Each command is a process of its own, forked from this one, which has only imported the product:
to begin is the dearest part of a command, and a fork costs a hundredth of it.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import sys
import threading
import time
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration.settings")

READS = ("SELECT", "PRAGMA", "SAVEPOINT", "RELEASE", "EXPLAIN")
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
WAIT = 0.02


class Ailing:
    """What the database does from a write on.

    "loses": the connection is lost; "deadlocks": one statement is refused; "is away": so is every
    one from then on; "is full": so is every one that needs room for another row.
    """

    def __init__(self, how: str, at: int) -> None:
        self.how, self.at = how, at
        self._begun = False

    def before(self, connection: Any, sql: str, writes: int) -> None:
        """As a statement is to begin, after so many writes."""
        if not self.how or writes < self.at or (self._begun and not self.how.startswith("is")):
            return
        if self.how == "is full" and not sql.startswith("INSERT"):
            return
        self._begun = True
        if self.how == "loses":
            connection.connection.close()
        else:
            from django.db import OperationalError

            raise OperationalError(f"the database {self.how}")


class Effects:
    """Counts effects, and ends the process before the one that was asked for."""

    def __init__(self, kill_at: int, ailing: Ailing) -> None:
        self.kill_at = kill_at
        self.ailing = ailing
        self.count = 0
        self.of = {"sql": 0, "send": 0}
        self.last_send = 0
        self.statement_at = datetime.now(UTC)
        self.traced = 0
        self._lock = threading.Lock()

    def happen(self, kind: str, times: int = 1) -> None:
        with self._lock:
            self.of[kind] += times
            self.count += times
            if kind == "send":
                self.last_send = self.count
            if self.count - times < self.kill_at <= self.count:
                os.kill(os.getpid(), signal.SIGKILL)

    def around_sql(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.ailing.before(context["connection"], sql, self.of["sql"])
        if sql.lstrip().upper().startswith(READS):
            return execute(sql, params, many, context)
        if not many:
            self.happen("sql")
            return execute(sql, params, many, context)
        for one in params:
            self.happen("sql")
            execute(sql, [one], many, context)
        return None

    def trace(self, statement: str) -> None:
        """As a statement begins."""
        self.statement_at = datetime.now(UTC)
        self.traced += statement.lstrip().upper().startswith(WRITES)


def serve() -> None:
    """Answer commands until stdin ends."""
    # Whoever waits for Canvas looks sooner: its imports are done in no time here.
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(min(seconds, WAIT))
    import django

    django.setup()
    _import_what_commands_need()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(json.loads(line))) + "\n")
        sys.stdout.flush()


def _import_what_commands_need() -> None:
    """Once, before the first fork."""
    from django.core.management import get_commands, load_command_class
    from django.db.migrations.loader import MigrationLoader

    for name in ("provision", "undo", "drift", "connect", "migrate", "schedule", "sync_grades"):
        load_command_class(get_commands()[name], name)
    # Each of them asks whether all migrations were applied, and imports them all for it.
    MigrationLoader(None)


def run(asked: dict[str, Any]) -> dict[str, Any]:
    """One command in a process of its own; what became of it."""
    mine, theirs = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if not child:
        os.close(mine)
        _be_the_command(theirs, asked)
    os.close(theirs)
    timer = threading.Timer(asked["kill_after"], os.kill, (child, signal.SIGKILL))
    if asked["kill_after"]:
        timer.start()
    with open(mine, "rb") as told:  # noqa: PTH123  a pipe
        text = told.read()
    timer.cancel()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    # Nothing is told of a command that was killed, or that an error ended.
    answer: dict[str, Any] = {"out": "", "err": ""} | json.loads(text or "{}")
    return {"code": code, "seconds": time.monotonic() - began, **answer}


def _be_the_command(pipe: int, asked: dict[str, Any]) -> None:
    code, told = 1, {}
    try:
        code, told = _command(asked)
    finally:
        with open(pipe, "wb") as back:
            back.write(json.dumps(told).encode())
        os._exit(code)


def _command(asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    import time_machine

    if now := asked.get("now"):
        time_machine.travel(now, tick=True).start()
    from django.db import connection, connections
    from django.db.backends.signals import connection_created

    from integration.http import Http

    effects = Effects(int(asked["kill_at"]), Ailing(asked["ails"], int(asked["ails_at"])))
    request = Http.request

    def counted(self: Http, method: str, url: str, **how: Any) -> Any:
        if method != "GET":
            effects.happen("send")
        return request(self, method, url, **how)

    Http.request = counted  # type: ignore[method-assign]
    out, err, code = io.StringIO(), io.StringIO(), 0
    connections.close_all()

    def opened(connection: Any, **_: Any) -> None:
        if connection.vendor == "sqlite":
            connection.connection.set_trace_callback(effects.trace)
            if now:
                _let_it_tell_the_time(connection.connection, effects)

    connection_created.connect(opened)
    with ExitStack() as around:
        around.enter_context(redirect_stdout(out))
        around.enter_context(redirect_stderr(err))
        around.enter_context(connection.execute_wrapper(effects.around_sql))
        try:
            _do(asked["words"])
        except SystemExit as ended:
            code = int(ended.code or 0)
    told: dict[str, Any] = {"out": out.getvalue(), "err": err.getvalue()}
    return code, {
        **told,
        "effects": effects.of,
        "traced": effects.traced,
        "last_send": effects.last_send,
    }


def _do(words: list[str]) -> None:
    from django.core.management import call_command
    from django.utils.module_loading import import_string

    if words[0] == "@task":
        import_string(words[1])(int(words[2]))
        return
    if words != ["@worker"]:
        call_command(*words)
        return
    from django_q.models import OrmQ

    from integration import tasks
    from integration.bells import ringing

    tasks.sweep()
    bells = ringing()
    OrmQ.objects.all().delete()
    for name, arguments in sorted(bells):
        if name != tasks.SWEEP:
            import_string(name)(*arguments)


def _let_it_tell_the_time(database: Any, effects: Effects) -> None:
    """SQLite asks this process what time it is: the same all through a statement, as its own is."""
    asking = sqlite3.connect(":memory:", check_same_thread=False)

    def now(form: str) -> str:
        return effects.statement_at.strftime(form)

    def told(form: str, *moments: str) -> Any:
        said = [
            now("%Y-%m-%d %H:%M:%S.%f") if str(one).upper() == "NOW" else one for one in moments
        ]
        marks = ", ".join("?" for _ in said)
        return asking.execute(f"SELECT strftime(?, {marks})", (form, *said)).fetchone()[0]

    database.create_function("strftime", -1, told)
    database.create_function("current_timestamp", 0, lambda: now("%Y-%m-%d %H:%M:%S"))


if __name__ == "__main__":
    serve()
