"""What happens in the invented district: every kind of event, other ids, the rollover."""

import json
from collections import Counter

import pytest

from sandbox.invented.days import ROLLOVER
from sandbox.invented.district import GRADES
from sandbox.invented.year import FOLLOWING, KINDS, NAMED, Year
from tests.sandbox.feed import Followed

A_YEAR = 215


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


def changed_by(town: Year, kind: str, name: str, field: str) -> list[tuple[object, object]]:
    """A field before and after the first day of that kind, where records of the same id differ."""
    day = next(n for n in range(1, A_YEAR) if kind in town.day(n).events)
    before, after = Followed(town).until(day - 1), Followed(town).until(day)
    pairs = [(before.held[name].get(k, v).get(field), v.get(field))
             for k, v in after.held[name].items()]  # fmt: skip
    return [(old, new) for old, new in pairs if old != new]


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [
        ("name-changed", "users", "familyName"),
        ("login-changed", "users", "username"),
        ("login-changed", "users", "email"),
        ("school-changed", "users", "orgs"),
        ("class-retitled", "classes", "title"),
        ("course-recoded", "courses", "courseCode"),
    ],
)
def test_what_changes_its_look_keeps_its_id(town, kind, name, field):
    assert changed_by(town, kind, name, field)


def test_a_replaced_teacher_leaves_the_class_to_another_and_it_stays_the_class(town):
    day = next(n for n in range(1, A_YEAR) if "teacher-replaced" in town.day(n).events)
    before, after = (town.truth(n).taught | town.truth(n).coming for n in (day - 1, day))
    left = {each.class_id for each in before - after if each.role == "teacher"}
    joined = {each.class_id for each in after - before if each.role == "teacher"}
    assert left & joined


def test_logins_stay_unique_among_those_who_are_there(town):
    users = Followed(town).until(A_YEAR).active("users").values()
    assert len({each["username"] for each in users}) == len(users)


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
