"""Options and fixtures for every test; what only one room needs lives in that room."""

from __future__ import annotations

import pytest

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only",
        action="store_true",
        help="only tests that use the database: the second pass, on PostgreSQL",
    )
    parser.addoption("--fault", metavar="F7", help="only tests of this row of the fault catalogue")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
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
