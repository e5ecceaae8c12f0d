"""Options and fixtures for every test; what only one room needs lives in that room."""

from __future__ import annotations

import pytest

# Too long for `./run test`; every change is held to them all the same (`./run test --ci`).
FOR_CI = (
    *("tests/journeys", "tests/faults/test_at", "tests/faults/test_by", "tests/faults/test_killed"),
    *("tests/simulation", "tests/gradesync/shell", "tests/contracts/test_the_referee"),
    *("tests/contracts/test_canvas_with", "tests/contracts/test_canvas_gradebook_with"),
    *(
        "tests/integration/test_demo",
        "tests/integration/api/test_a_day",
        "tests/lti/test_other_peoples",
        "tests/lti/test_races",
    ),
    *("tests/sandbox/test_calendar", "tests/sandbox/test_quirks", "tests/sandbox/test_command"),
    *(
        f"tests/integration/provisioning/test_{name}"
        for name in (
            *("bundles", "undo", "identity", "rollover", "ladder", "q_that_fails"),
            *("canvas_that_fails", "what_must_stay", "unknown_outcomes", "drift"),
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
