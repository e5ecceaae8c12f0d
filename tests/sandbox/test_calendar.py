"""The invented district from day to day: what changes, how much of it, and what is true."""

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
from sandbox.invented.days import ROLLOVER, days, school_days
from sandbox.invented.district import GRADES
from sandbox.invented.year import FOLLOWING, KINDS, NAMED, Year
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


@pytest.fixture(scope="module")
def rolled(town: Year) -> tuple[Followed, Followed]:
    """The feed of the day before the rollover, and that of the rollover."""
    day = town.when(ROLLOVER)
    return Followed(town).until(day - 1), Followed(town).until(day)


def around(town: Year, name: str) -> tuple[Followed, Followed]:
    """The feed before and after the first day of that name."""
    day = town.when(name)
    return Followed(town).until(day - 1), Followed(town).until(day)


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


def test_a_class_that_goes_on_has_one_primary_teacher_every_day(town):
    feed = Followed(town)
    for number in range(A_YEAR):
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


# -- what happens


@pytest.mark.parametrize("seed", range(1, 9))
def test_every_kind_of_event_happens_within_a_year_of_300_students(seed):
    year, told = Year(300, seed), Counter()
    for number in range(1, year.when(ROLLOVER) + 1):
        told.update(year.day(number).events)
    assert set(told) == {*KINDS, *NAMED, *FOLLOWING, ROLLOVER}


def test_enrollments_and_users_are_taken_back_in_both_ways(town):
    ways = Counter()
    for number in range(1, 150):
        changes = town.day(number)
        for name in ("users", "enrollments", "classes"):
            told = [each["status"] for each in changes.upsert.get(name, ())]
            ways[name, "tobedeleted"] += told.count("tobedeleted")
            ways[name, "absent"] += len(changes.delete.get(name, ()))
    assert min(ways.values()) > 0
    assert len(ways) == 6


def test_an_enrollment_may_also_end_by_its_date(town):
    feed = Followed(town).until(100)
    end = town.date(100).date
    term_ends = {each["endDate"] for each in feed.held["academicSessions"].values()}
    cut = {each["endDate"] for each in feed.active("enrollments").values()} - term_ends
    assert any(each < end for each in cut - {"2026-12-19"})


def test_somebody_who_was_to_be_deleted_is_active_again():
    found = set()
    for seed in range(1, 6):
        feed, gone = Followed(Year(200, seed)), set()
        for number in range(1, 190):
            users = feed.until(number).held["users"]
            found |= gone & set(feed.active("users"))
            gone |= {each for each, user in users.items() if user["status"] == "tobedeleted"}
    assert found


def test_an_enrollment_may_be_there_twice_under_two_ids(town):
    members = Counter(member for member, *_ in Followed(town).until(100).members())
    assert members.most_common(1)[0][1] > 1


def test_a_student_may_have_no_classes_and_stay(town):
    without = [n for n in range(1, 190) if "student-without-classes" in town.day(n).events]
    truth = town.truth(without[0])
    students = {k for k, v in Followed(town).until(without[0]).active("users").items()
                if v["role"] == "student"}  # fmt: skip
    busy = {each.user_id for each in truth.taught | truth.coming}
    assert students & truth.users - busy


def test_the_switch_of_terms_needs_no_change_of_records(town):
    day = town.when("term-switched")
    before, after = town.truth(day - 1), town.truth(day)
    begun = {each for each in before.coming if each in after.taught}
    assert begun
    assert {each for each in before.taught if each in after.finished}


def test_enrollments_change_at_the_rate_of_real_districts():
    year = Year(2_000, 1)
    enrolled = len(year.truth(0).taught | year.truth(0).coming)
    changed = [len(year.day(n).upsert.get("enrollments", ())) / enrolled for n in range(1, 80)]
    assert 0.02 < sum(changed[:9]) / 9 < 0.05
    assert 0.001 < sum(changed[10:]) / len(changed[10:]) < 0.005


# -- other ids


def test_persons_under_other_ids_are_the_same_persons(town):
    before, after = around(town, "persons-rekeyed")
    renames = [each for each in town.day(after.day).renames if each.kind == "user"]
    assert len(renames) == 4
    for each in renames:
        old, new = before.held["users"][each.old], after.held["users"][each.new]
        assert [old[k] for k in ("identifier", "username", "role")] == [
            new[k] for k in ("identifier", "username", "role")
        ]
        assert each.old not in after.active("users")


def test_who_has_another_id_keeps_all_classes(town):
    day = town.when("persons-rekeyed")
    renamed = {each.old: each.new for each in town.day(day).renames}
    moved = {each.user_id: each for each in town.truth(day - 1).taught if each.user_id in renamed}
    assert moved
    for old, member in moved.items():
        new = member._replace(user_id=renamed[old])
        assert new in town.truth(day).taught or new in town.truth(day).finished


def test_a_class_under_another_id_has_the_same_title_and_people(town):
    before, after = around(town, "class-rekeyed")
    (rename,) = town.day(after.day).renames
    titles = [f.held["classes"][i]["title"] for f, i in ((before, rename.old), (after, rename.new))]
    assert titles[0] == titles[1]
    assert rename.old not in after.held["classes"]
    assert any(each.class_id == rename.new for each in town.truth(after.day).taught)


def test_a_term_under_another_id_is_followed_by_what_names_it(town):
    before, after = around(town, "term-rekeyed")
    (rename,) = town.day(after.day).renames
    assert rename.old in json.dumps(before.held["classes"])
    for name in ("classes", "academicSessions"):
        assert rename.old not in json.dumps(after.active(name))
        assert rename.new in json.dumps(after.active(name))


def test_ended_terms_are_gone_and_no_class_that_goes_on_names_them(town):
    before, after = around(town, "terms-forgotten")
    gone = set(before.held["academicSessions"]) - set(after.held["academicSessions"])
    assert gone
    going_on = [after.held["classes"][each] for each in town.truth(after.day).classes]
    assert not any(term["sourcedId"] in gone for each in going_on for term in each["terms"])


# -- the rollover


def test_a_rollover_brings_other_sessions_classes_and_enrollments(rolled):
    before, after = rolled
    for name in ("academicSessions", "enrollments"):
        assert set(before.held[name]).isdisjoint(after.active(name))
    assert len(set(before.held["classes"]) & set(after.active("classes"))) == 1


def test_the_id_of_one_class_is_recycled_for_another(town, rolled):
    day = rolled[1].day
    (class_id,) = town.day(day).recycled
    old, new = (each.held["classes"][class_id] for each in rolled)
    assert old["terms"] != new["terms"]
    assert town.truth(day).recycled == {class_id}


def test_students_are_a_grade_up_and_graduates_are_gone(rolled):
    before, after = (each.active("users") for each in rolled)
    for sourced_id, user in before.items():
        if user["role"] != "student":
            continue
        grade = user["grades"][0]
        if grade == "12":
            assert sourced_id not in after
        else:
            assert after[sourced_id]["grades"] == [GRADES[GRADES.index(grade) + 1]]


def test_as_many_enter_kindergarten_as_graduate(rolled):
    before, after = (each.active("users").values() for each in rolled)
    entered = [each for each in after if each.get("grades") == ["KG"]]
    assert len(entered) == len([each for each in before if each.get("grades") == ["12"]]) > 0


def test_teachers_stay_and_teach_again(rolled):
    before, after = (
        {each["user"]["sourcedId"] for each in feed.active("enrollments").values()
         if each["primary"] == "true"} for feed in rolled
    )  # fmt: skip
    assert len(before & after) > len(before) / 2


def test_the_courses_stay_and_belong_to_the_new_year(rolled):
    before, after = rolled
    assert set(before.held["courses"]) == set(after.held["courses"])
    years = {each["schoolYear"]["sourcedId"] for each in after.held["courses"].values()}
    assert len(years) == 1
    assert years <= set(after.active("academicSessions"))


def test_nobody_is_taught_on_the_day_of_the_rollover(town, rolled):
    day = rolled[1].day
    assert town.truth(day).taught == frozenset()
    assert town.truth(day + 1).taught


def test_a_second_rollover_follows_the_first():
    year = Year(60, 1)
    second = year.when(ROLLOVER, year.when(ROLLOVER))
    feed = Followed(year).until(second + 1)
    assert feed.taught(year.date(second + 1).date) == year.truth(second + 1).taught != set()
    assert len(year.truth(second).recycled) == 2


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
