"""Settings of all levels: each value knows where it is from, and each change who made it."""

from __future__ import annotations

from datetime import time

import pytest

from gradesync.actions.settings import change_course, change_defaults
from gradesync.errors import BadSetting, LockedSetting
from gradesync.models import CourseSync
from gradesync.rulebook import effective_of, is_copy
from integration.models import AuditEvent, CanvasConnection, District

pytestmark = pytest.mark.django_db
DANA, ROSA = "Canvas user 1", "Canvas user 7"


@pytest.fixture
def course() -> CourseSync:
    """In the term 5, and in the school 22 inside the area 20."""
    district = District.objects.create(slug="lakeside", name="Lakeside")
    place = {"account_ids": ["20", "22"], "term_id": "5"}
    return CourseSync.objects.create(district=district, canvas_id="77", **place)


@pytest.fixture
def defaults(course):
    def run(where: str, place: str = "", *, locked=None, **chosen):
        return change_defaults(course.district, where, place, chosen, by=DANA, locked=locked)

    return run


def test_the_inner_level_wins_and_says_so(course, defaults):
    defaults("account", decimals=0, missing="zero", late="entered", comments="marks")
    defaults("school", "20", decimals=1, late="deducted", comments="none")
    defaults("school", "22", decimals=3, late="entered")
    defaults("school", "99", decimals=4)
    defaults("term", "5", late="deducted")
    found = change_course(course, {"missing": "not-submitted"}, by=ROSA)
    names = ("decimals", "missing", "late", "comments", "scale")
    assert [(getattr(found.settings, name), found.where[name]) for name in names] == [
        (3, "school"), ("not-submitted", "course"), ("deducted", "term"), ("none", "school"),
        ("points", "default"),
    ]  # fmt: skip
    found = change_course(course, {"missing": None}, by=ROSA)
    assert (found.settings.missing, found.where["missing"]) == ("zero", "account")


def test_what_a_level_has_locked_no_course_changes(course, defaults):
    defaults("school", "22", locked=["missing"], missing="zero")
    with pytest.raises(LockedSetting, match="missing"):
        change_course(course, {"missing": "nothing"}, by=ROSA)
    assert effective_of(course).settings.missing == "zero"


@pytest.mark.parametrize(
    "chosen",
    [
        {"decimals": 9},
        {"nonsense": 1},
        {"automatic_at": "25:00"},
        {"automatic_minutes": 0},
        {"review_above": -1},
    ],
)
def test_what_cannot_be_chosen_is_refused_and_changes_nothing(course, chosen):
    with pytest.raises(BadSetting):
        change_course(course, chosen, by=ROSA)
    with pytest.raises(BadSetting):
        change_defaults(course.district, "account", "", chosen, by=ROSA)
    course.refresh_from_db()
    assert (course.chosen, AuditEvent.objects.count()) == ({}, 0)


def test_a_level_is_named_by_its_place(course, defaults):
    for where, place in (("account", "3"), ("school", ""), ("district", "3")):
        with pytest.raises(BadSetting):
            defaults(where, place, decimals=1)


def test_each_change_is_in_the_audit_log_with_what_it_was(course, defaults):
    change_course(course, {"decimals": 1}, by=ROSA)
    change_course(course, {"decimals": 1}, by=ROSA)
    change_course(course, {"decimals": 0, "late": "entered"}, by=ROSA)
    defaults("school", "22", locked=["scale"], scale="percent")
    told = AuditEvent.objects.order_by("pk").values_list("actor", "subject", "before", "after")
    locked = {"scale": "percent", "locked": ["scale"]}
    assert list(told) == [
        (ROSA, "course 77", {}, {"decimals": 1}),
        (ROSA, "course 77", {"decimals": 1}, {"decimals": 0, "late": "entered"}),
        (DANA, "school 22", {"locked": []}, locked),
    ]


def test_when_a_course_syncs_by_itself_follows_every_level(course, defaults):
    defaults("account", automatic="nightly", automatic_at="23:30", quiet_from="08:00")
    course.refresh_from_db()
    assert (course.mode, course.at, course.quiet_from) == ("nightly", time(23, 30), time(8))
    since = course.since
    change_course(course, {"automatic_at": "22:00"}, by=ROSA)
    assert (course.at, course.since) == (time(22), since)
    change_course(course, {"automatic": "off"}, by=ROSA)
    assert course.mode == "off"


@pytest.mark.parametrize(
    ("base_url", "launched_from", "is_one"),
    [
        ("https://lakeside.instructure.com", (), False),
        ("https://lakeside.beta.instructure.com", (), True),
        ("https://lakeside.test.instructure.com", (), True),
        ("https://lakeside.instructure.com", ("https://canvas.instructure.com",), False),
        ("https://lakeside.instructure.com", ("https://canvas.beta.instructure.com",), True),
        ("https://lakeside.instructure.com", ("lakeside.test.instructure.com",), True),
        ("https://canvas.lakeside.edu", ("beta.lakeside.edu",), False),
    ],
)
def test_a_copy_of_canvas_is_known_by_its_host_or_by_the_launch(
    course, defaults, base_url, launched_from, is_one
):
    CanvasConnection.objects.create(district=course.district, base_url=base_url)
    assert is_copy(course.district, launched_from) is is_one
    change_defaults(course.district, "account", "", {}, by=DANA, copies_may_write=True)
    assert not is_copy(course.district, launched_from)
