"""The days of the invented district: the same for a seed, and the records say what is true."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from itertools import islice, pairwise

import pytest

from sandbox.generate import district
from sandbox.invented.days import days, school_days
from sandbox.invented.year import Year
from tests.sandbox.feed import Followed
from tests.sandbox_process import ROOT

A_YEAR = 215
DIGEST = """
import hashlib, json
from sandbox.invented.year import Year
year = Year(80, 3)
days = [year.day(n).asked() for n in range(1, 230)]
print(hashlib.sha256(json.dumps(days).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def town() -> Year:
    return Year(300, seed=4)


# -- the same for the same seed


@pytest.mark.parametrize(
    ("students", "seed", "digest"),
    [(12, 1, "b32ab9d6"), (300, 1, "0c5c7626"), (700, 5, "f5e15be3"), (3_000, 2, "a306ccb7")],
)
def test_day_0_is_the_district_that_seed_always_gave(students, seed, digest):
    records = json.dumps(list(district(students, seed))).encode()
    assert hashlib.sha256(records).hexdigest().startswith(digest)
    assert json.dumps(list(Year(students, seed).records())).encode() == records


def test_every_process_lives_through_the_same_days():
    told = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", DIGEST]
        told.add(subprocess.check_output(command, cwd=ROOT, env=environment, text=True))
    assert len(told) == 1


def test_days_may_be_asked_for_in_any_order():
    backwards, forwards = Year(40, 1), Year(40, 1)
    later = [backwards.day(n) for n in (9, 3, 1)]
    assert [forwards.day(n) for n in (1, 3, 9)] == later[::-1]
    forwards.day(30)
    assert forwards.truth(3) == Year(40, 1).truth(3)


def test_another_seed_lives_through_other_days():
    assert Year(40, 1).day(1) != Year(40, 2).day(1)


def test_what_a_day_told_is_not_altered_by_later_days():
    year = Year(60, 3)
    told = json.dumps([year.day(n).asked() for n in range(1, 40)])
    year.day(A_YEAR)
    assert json.dumps([year.day(n).asked() for n in range(1, 40)]) == told


def test_day_0_changes_nothing_and_cannot_be_asked_for():
    with pytest.raises(ValueError, match="day 1"):
        Year(10, 1).day(0)


# -- records and truth


@pytest.mark.parametrize("seed", range(6))
def test_on_every_day_the_records_say_what_is_true(seed):
    feed = Followed(Year(120, seed))
    for number in range(A_YEAR):
        truth = feed.year.truth(number)
        feed.until(number)
        assert feed.taught(truth.date) == truth.taught, number
        assert feed.coming(truth.date) == truth.coming, number
        assert set(feed.active("users")) == truth.users, number
        standing = set(feed.active("classes"))
        assert truth.classes <= standing <= truth.classes | truth.finished_classes, number


@pytest.mark.parametrize("students", [1, 12, 59, 60])
def test_a_district_of_any_size_lives_through_a_year(students):
    feed = Followed(Year(students, 2)).until(A_YEAR)
    truth = feed.year.truth(A_YEAR)
    assert feed.taught(truth.date) == truth.taught != set()


def test_what_is_active_refers_to_what_is_active(town):
    feed = Followed(town)
    for number in range(0, A_YEAR, 5):
        users, classes = feed.until(number).active("users"), feed.active("classes")
        for each in feed.active("enrollments").values():
            assert each["user"]["sourcedId"] in users, number
            assert each["class"]["sourcedId"] in classes, number
        for each in users.values():
            assert {agent["sourcedId"] for agent in each.get("agents", ())} <= set(users), number


def test_students_and_guardians_always_name_each_other(town):
    users = Followed(town).until(A_YEAR).active("users")
    pairs = {(a, b["sourcedId"]) for a, each in users.items() for b in each.get("agents", ())}
    assert pairs == {(b, a) for a, b in pairs}


def test_a_class_that_goes_on_always_has_one_primary_teacher(town):
    feed = Followed(town)
    for number in range(0, A_YEAR, 4):
        truth = town.truth(number)
        primary = Counter(
            each["class"]["sourcedId"]
            for each in feed.until(number).active("enrollments").values()
            if each["primary"] == "true" and each["endDate"] > truth.date
        )
        assert {each: primary[each] for each in truth.classes} == dict.fromkeys(truth.classes, 1)


def test_what_is_over_stays_true_after_q_has_forgotten_it(town):
    day = town.when("terms-forgotten")
    before, after = town.truth(day - 1), town.truth(day)
    assert before.finished == after.finished != frozenset()
    known = {member for member, *_ in Followed(town).until(day).members()}
    assert after.finished - known


def test_what_somebody_finished_stays_true_when_they_leave(town):
    for number in range(1, A_YEAR):
        if not town.day(number).renames:
            assert town.truth(number - 1).finished <= town.truth(number).finished, number


# -- the calendar


@pytest.mark.parametrize("year", range(2026, 2036))
def test_a_year_has_about_190_school_days_on_weekdays(year):
    found = school_days(year)
    assert 183 < len(found) < 197
    assert all(each.weekday() < 5 for each in found)
    assert all(date(year, 12, 19) > each or each > date(year + 1, 1, 3) for each in found)


def test_days_are_numbered_in_order_and_named_days_come_every_year():
    found = list(islice(days(2026), 800))
    assert all(a.date < b.date and a.number + 1 == b.number for a, b in pairwise(found))
    assert Counter(each.name for each in found if each.name)["persons-rekeyed"] == 4
