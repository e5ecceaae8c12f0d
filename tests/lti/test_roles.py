"""Who may do what: a table, without a database (S28-S33, ux.md 6.4, design 3)."""

from __future__ import annotations

from typing import Any

import pytest

from lti import claims
from lti.errors import NotForUs
from lti.roles import RIGHTS, Standing, rights
from tests.lti import people
from tests.lti.platform import ADMINISTRATOR, INSTRUCTOR, LIS, LTI, SYSTEM_USER

LEARNER = f"{LIS}membership#Learner"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
OPEN, SCORES, SEND = "course.open", "course.scores", "course.send"
ACCOUNT, MANAGE = "account.open", "account.manage"


def read(person: dict[str, Any], **changes: Any) -> claims.Launch:
    base = {
        "iss": "https://canvas.instructure.com",
        "aud": "1",
        "sub": "s",
        claims.DEPLOYMENT_ID: "7:x",
    }
    return claims.read(base | person | changes)


def may(person: dict[str, Any], **changes: Any) -> set[str]:
    return set(read(person, **changes).rights) - {"anybody"}


ROOT = {"account_id": "1", "is_root_account_admin": "true", "adminable_accounts": "1,3"}
GRADES = {"permissions": people.GRADES}
ROLES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a teacher": (people.rosa(), {OPEN, SCORES, SEND}),
    "a teacher without permissions": (people.rosa(permissions=""), {OPEN}),
    "a teacher who may only look": (people.rosa(permissions="view_all_grades"), {OPEN, SCORES}),
    "one who may edit but not see": (people.rosa(permissions="manage_grades"), {OPEN}),
    "S30 a TA without permission": (people.theo(), {OPEN}),
    "S30 a TA with permission": (people.theo(**GRADES), {OPEN, SCORES, SEND}),
    "a designer, who sees no scores": (people.dora(**GRADES), {OPEN}),
    "a student": (people.sam(), set()),
    "a student with a forged permission": (people.sam(**GRADES), set()),
    "an observer": (people.olga(), set()),
    "S29 a student who teaches elsewhere": (
        people.person(LEARNER, f"{LIS}institution/person#Instructor", **GRADES),
        set(),
    ),
    "S33 the test student": (people.person(LEARNER, TEST_USER, **GRADES), set()),
    "S33 the test student as a teacher": (people.person(INSTRUCTOR, TEST_USER, **GRADES), set()),
    "a teacher who is acted as": (people.rosa(masquerading_user_id="9"), {OPEN, SCORES}),
    "a root admin in a course": (
        people.person(ADMINISTRATOR, **GRADES, is_root_account_admin="true"),
        {OPEN, SCORES, SEND},
    ),
    "a sub-account admin in a course below": (
        people.person(ADMINISTRATOR, **GRADES, adminable_accounts="3,8"),
        {OPEN, SCORES},
    ),
    "a sub-account admin in a course elsewhere": (
        people.person(ADMINISTRATOR, **GRADES, adminable_accounts="8"),
        set(),
    ),
    "a root admin": (people.ada(), {ACCOUNT, MANAGE}),
    "a root admin who acts as another": (people.ada(masquerading_user_id="9"), {ACCOUNT}),
    "a root admin in a sub-account": (people.ada(account_id="3"), {ACCOUNT}),
    "a sub-account admin": (people.ben(), {ACCOUNT}),
    "S31 a sub-account admin in another account": (people.ben(account_id="4"), set()),
    "S31 whose list was cut": (people.ben(adminable_accounts="8,truncated"), set()),
    "a root admin by a field alone": (
        people.person(SYSTEM_USER, placement=people.ACCOUNT, **ROOT),
        set(),
    ),
    "a teacher in the account": (
        people.person(INSTRUCTOR, placement=people.ACCOUNT, **GRADES),
        set(),
    ),
    "S28 nobody": (people.rosa() | {f"{LTI}roles": []}, set()),
    "S28 roles as a text": (people.rosa() | {f"{LTI}roles": INSTRUCTOR}, set()),
    "S28 roles left out": (people.rosa() | {f"{LTI}roles": None}, set()),
    "S28 short name": (people.rosa() | {f"{LTI}roles": ["Instructor"]}, set()),
    "S28 lower case": (people.rosa() | {f"{LTI}roles": [INSTRUCTOR.lower()]}, set()),
    "S28 unknown URI": (people.rosa() | {f"{LTI}roles": [f"{LIS}anything#Instructor"]}, set()),
    "S28 institution only": (
        people.rosa() | {f"{LTI}roles": [f"{LIS}institution/person#Instructor"]},
        set(),
    ),
    "S28 numbers": (people.rosa() | {f"{LTI}roles": [1, None, {}]}, set()),
}


@pytest.mark.parametrize("name", ROLES)
def test_the_role_table(name: str):
    person, expected = ROLES[name]
    assert may(person) == expected


def test_s32_what_canvas_left_unexpanded_counts_as_no():
    unexpanded = {**claims.CUSTOM_FIELDS, **claims.COURSE_FIELDS}
    for person in (people.rosa(**unexpanded), people.ada(**unexpanded)):
        launch = read(person)
        assert not launch.rights - {"anybody", OPEN}
        assert launch.place == "elsewhere"
        assert launch.section_restricted
        assert not any(value.startswith("$") for value in strings(launch))


def strings(launch: claims.Launch) -> list[str]:
    found: list[str] = []
    for value in launch.as_json().values():
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, tuple):
            found += value
    return found


@pytest.mark.parametrize("value", [None, 7, ["5"], {}, "", "x", "-5", "5; DROP", "0", "9" * 30])
def test_an_id_that_is_none_is_no_id(value: Any):
    person = people.rosa()
    person[f"{LTI}custom"] = person[f"{LTI}custom"] | {"course_id": value}
    assert read(person).course_id == ""


@pytest.mark.parametrize("custom", [None, [], "x", {}, 7])
def test_a_launch_without_fields_gives_no_right_of_a_place(custom: Any):
    assert may(people.rosa() | {f"{LTI}custom": custom}) == set()


def test_who_is_limited_to_own_sections_stays_so_unless_canvas_says_otherwise():
    assert not read(people.rosa()).section_restricted
    for value in ("true", "", "$Canvas.course.sectionRestricted", "False?"):
        assert read(people.rosa(section_restricted=value)).section_restricted


@pytest.mark.parametrize(
    ("return_url", "domain", "hosts"),
    [
        (
            "https://lms.lakeside.org/courses/5",
            "x.instructure.com",
            ("lms.lakeside.org", "x.instructure.com"),
        ),
        ("http://localhost:4001/x", "localhost:4001", ("localhost:4001",)),
        ("javascript:alert(1)", "$Canvas.api.domain", ()),
        ("https://a b/", "evil.example; script-src *", ()),
        ("https://[::1/", "x.example'", ()),
        (7, "*", ()),
    ],
)
def test_only_a_host_can_be_one_that_frames_us(
    return_url: Any, domain: str, hosts: tuple[str, ...]
):
    person = people.rosa(canvas_domain=domain)
    launch = read(person, **{claims.PRESENTATION: {"return_url": return_url}})
    assert launch.hosts == hosts


def test_a_placement_is_one_of_ours():
    for named in ("global_navigation", "", 7, ["course_navigation"]):
        with pytest.raises(NotForUs):
            read(people.rosa(), **{claims.PLACEMENT: named})


def test_without_a_placement_the_context_tells():
    assert read(people.rosa(), **{claims.PLACEMENT: None}).place == "course"
    assert read(people.ada(), **{claims.PLACEMENT: None}).place == "account"


def test_a_launch_comes_back_out_of_a_session_as_it_went_in():
    launch = read(people.rosa())
    assert claims.Launch.from_json(launch.as_json()) == launch


def test_each_right_is_given_to_somebody_and_elsewhere_nobody_has_one():
    given = set().union(*(expected for _, expected in ROLES.values())) | {"anybody"}
    assert given == RIGHTS
    everything = Standing(
        roles=[INSTRUCTOR, ADMINISTRATOR],
        permissions=people.GRADES.split(","),
        is_root_admin=True,
        administers=True,
        in_root=True,
    )
    assert rights(everything, place="elsewhere") == {"anybody"}
