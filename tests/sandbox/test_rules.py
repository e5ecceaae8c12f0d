"""Rules can be broken on purpose, one by one, and a misspelt one is noticed."""

import pytest

from sandbox import rules


@pytest.fixture(autouse=True)
def _all_kept():
    yield
    rules.switch_off([])


def test_every_rule_is_kept_unless_switched_off():
    assert all(rules.on(name) for name in rules.RULES)


def test_only_the_rule_named_is_broken():
    first, second = sorted(rules.RULES)[:2]
    rules.switch_off([first])
    assert (rules.on(first), rules.on(second)) == (False, True)


def test_a_rule_that_does_not_exist_cannot_be_switched_off():
    with pytest.raises(KeyError, match=r"q\.no-such-rule"):
        rules.switch_off(["q.no-such-rule"])


def test_code_that_asks_for_a_misspelt_rule_stops():
    with pytest.raises(KeyError, match=r"q\.no-such-rule"):
        rules.on("q.no-such-rule")
