"""Options and fixtures for every test; what only one room needs lives in that room."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

# Too long for `./run test`; every change is held to them all the same (`./run test --ci`).
FOR_CI = (
    *("tests/journeys", "tests/faults/test_at", "tests/faults/test_by", "tests/faults/test_killed"),
    *("tests/simulation", "tests/gradesync/shell", "tests/contracts/test_the_referee"),
    *("tests/gradesync/screens/test_sizes", "tests/gradesync/screens/test_sections"),
    *("tests/contracts/test_canvas_with", "tests/contracts/test_canvas_gradebook_with"),
    *(
        "tests/test_record",
        "tests/integration/test_demo",
        "tests/integration/account/test_grade_defaults",
        "tests/integration/api/test_a_day",
        "tests/integration/evaluation/test_evaluate",
        "tests/lti/test_other_peoples",
        "tests/lti/test_races",
    ),
    *("tests/sandbox/test_calendar", "tests/sandbox/test_quirks", "tests/sandbox/test_command"),
    *("tests/sandbox/test_mishaps", "tests/sandbox/test_teacher_gradebook"),
    *(
        f"tests/integration/provisioning/test_{name}"
        for name in (
            *("bundles", "undo", "identity", "rollover", "ladder", "q_that_fails"),
            *("canvas_that_fails", "what_must_stay", "unknown_outcomes", "drift", "why", "schools"),
        )
    ),
)
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only",
        action="store_true",
        help="only tests that use the database: the second pass, on PostgreSQL",
    )
    parser.addoption("--fault", metavar="F7", help="only tests of this row of the fault catalogue")


def pytest_configure(config: pytest.Config) -> None:
    """No property is decided by how busy the machine is."""
    if not config.pluginmanager.hasplugin("hypothesispytest"):
        return
    from hypothesis import HealthCheck, settings

    slow = [HealthCheck.too_slow]
    settings.register_profile("unhurried", deadline=None, database=None, suppress_health_check=slow)
    settings.load_profile("unhurried")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(FOR_CI):
            item.add_marker("ci")
    wanted = [item for item in items if is_wanted(item)]
    if len(wanted) == len(items):
        return
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = wanted


def is_wanted(item: pytest.Item) -> bool:
    fault = item.config.getoption("--fault")
    if fault and not any(fault in mark.args for mark in item.iter_markers("fault")):
        return False
    return uses_database(item) or not item.config.getoption("--database-only")


def uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """PostgreSQL drops no database that somebody is still in: the last threads may leave first."""
    _let_tables_be_emptied()
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            _wait_for_the_others()


def _let_tables_be_emptied() -> None:
    """Between two tests also those tables are emptied whose triggers refuse it."""
    # For the whole class: beside a browser's event loop this thread has a connection of its own.
    operations: Any = type(connection.ops)
    flush = operations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Any, **how: Any) -> list[str]:
        if connection.vendor == "postgresql":
            named = [table for table in tables if table.startswith("integration_audit")]
            off, on = (
                [f"ALTER TABLE {table} {how} TRIGGER USER" for table in named]
                for how in ("DISABLE", "ENABLE")
            )
            # TRUNCATE gives each table new files, which takes a hundred times as long.
            emptied = [f"DELETE FROM {self.quote_name(table)}" for table in tables]
            return [*off, *emptied, "SET CONSTRAINTS ALL IMMEDIATE", *on]
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
        off, on = [f"DROP TRIGGER {name}" for name, _ in triggers], [sql for _, sql in triggers]
        return [*off, *flush(self, style, tables, **how), *on] if tables else []

    operations.sql_flush = sql_flush


OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


def _wait_for_the_others(seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while True:
            cursor.execute(f"SELECT state, left(query, 200) {OTHERS}")  # a constant
            if not (there := cursor.fetchall()):
                return
            if time.monotonic() > until:
                break
            time.sleep(0.2)
        sys.stderr.write(f"sessions that did not end with their test: {there}\n")
        cursor.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}")  # a constant
