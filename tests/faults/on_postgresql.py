"""The stage on PostgreSQL: a database of its own, copied from a template before each act."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.faults.stage import Stage, commands
from tests.runner import POSTGRESQL, unreachable
from tests.sandbox_process import Sandbox, running_sandbox

SERVER = os.environ.get("TEST_POSTGRESQL_URL", POSTGRESQL)


class PostgresqlStage(Stage):
    """As the other, but for where the product keeps its rows."""

    def __init__(
        self, sandbox: Sandbox, directory: Path, runner: subprocess.Popen[str], name: str
    ) -> None:
        super().__init__(sandbox, directory, runner)
        self.name = name
        self.kept: dict[str, str] = {}
        self.empty()

    def restore(self, act: str) -> None:
        self.drop(self.name)
        _on_server(f"CREATE DATABASE {self.name} TEMPLATE {self.kept[act]}")

    def empty(self) -> None:
        self.drop(self.name)
        _on_server(f"CREATE DATABASE {self.name}")

    def back_up(self, act: str) -> None:
        name = self.kept.setdefault(act, f"{self.name}_{len(self.kept)}")
        self.drop(name)
        self.leave()
        _on_server(f"CREATE DATABASE {name} TEMPLATE {self.name}")

    def leave(self) -> None:
        """A killed command's connection may outlive it for a moment."""
        _on_server(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{self.name}' AND pid <> pg_backend_pid()"
        )

    @staticmethod
    def drop(name: str) -> None:
        _on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def expire_leases(self) -> None:
        self.leave()
        super().expire_leases()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url_of(self.name), autocommit=True) as database:
            cursor = database.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def url_of(name: str) -> str:
    return f"{SERVER.rpartition('/')[0]}/{name}"


def _on_server(statement: str) -> None:
    with psycopg.connect(SERVER, autocommit=True) as database:
        database.execute(statement.encode())


@contextmanager
def stage_on_postgresql(directory: Path) -> Iterator[PostgresqlStage]:
    """Everything started, the templates built; ended and dropped on leaving."""
    if reason := unreachable(SERVER):
        pytest.skip(f"no PostgreSQL: {reason}")
    name = f"qsync_{uuid4().hex[:12]}"
    with (
        running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as sandbox,
        commands(directory, sandbox, url_of(name)) as runner,
    ):
        made = PostgresqlStage(sandbox, directory, runner, name)
        try:
            made.build()
            yield made
        finally:
            for one in (name, *made.kept.values()):
                made.drop(one)
