"""Settings over account, school or term, and course; each says where it comes from."""

from __future__ import annotations

import pytest

from gradesync.course_settings import Layer, Settings, effective


def test_the_inner_level_wins_and_each_setting_says_where_it_was_chosen():
    found = effective(
        [
            Layer("course", {"decimals": 1}),
            Layer("account", {"decimals": 0, "missing": "zero", "late": "entered"}),
            Layer("term", {"late": "deducted"}),
        ]
    )
    assert (found.settings.decimals, found.where["decimals"]) == (1, "course")
    assert (found.settings.missing, found.where["missing"]) == ("zero", "account")
    assert (found.settings.late, found.where["late"]) == ("deducted", "term")
    assert (found.settings.scale, found.where["scale"]) == ("points", "default")


def test_what_the_district_has_locked_no_course_can_change():
    locked = Layer("account", {"missing": "zero"}, frozenset({"missing", "scale"}))
    found = effective([locked, Layer("course", {"missing": "nothing", "scale": "percent"})])
    assert (found.settings.missing, found.where["missing"]) == ("zero", "account")
    assert (found.settings.scale, found.where["scale"]) == ("points", "default")
    assert found.locked == {"missing", "scale"}


def test_a_setting_of_another_release_is_passed_over():
    found = effective([Layer("course", {"colour": "green"}, frozenset({"colour"}))])
    assert found.settings == Settings()
    assert "colour" not in found.where
    assert found.locked == frozenset()


@pytest.mark.parametrize(
    ("name", "value"),
    [("missing", "sometimes"), ("decimals", 7), ("review_above", "25"), ("default_category", 3)],
)
def test_what_cannot_be_chosen_is_named(name, value):
    with pytest.raises(ValueError, match=name):
        effective([Layer("course", {name: value})])
