"""Bytes to canonical records: every deviation seen in the field, and each bad record alone."""

import json
from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.oneroster.canonical import DATES, Unusable, canonical_date, instant
from integration.oneroster.envelope import NoRecords
from integration.oneroster.parse import PageParser, Undecodable, utf8
from integration.oneroster.types import (
    ACADEMIC_SESSION,
    CLASS,
    COURSE,
    ENROLLMENT,
    KINDS,
    ORG,
    USER,
    Org,
    Problem,
    Ref,
    UserId,
)

PARSERS = {kind: PageParser(kind) for kind in KINDS}
FINE = {
    ORG: {"sourcedId": "s-1", "status": "active", "type": "school", "name": "North"},
    ACADEMIC_SESSION: {
        "sourcedId": "t-1",
        "status": "active",
        "type": "term",
        "startDate": "2026-08-15",
        "endDate": "2027-01-20",
    },
    COURSE: {"sourcedId": "co-1", "status": "active", "title": "Algebra"},
    CLASS: {
        "sourcedId": "c-1",
        "status": "active",
        "title": "Algebra 1",
        "terms": [{"sourcedId": "t"}],
    },
    USER: {"sourcedId": "u-1", "status": "active", "role": "student", "username": "sam"},
    ENROLLMENT: {
        "sourcedId": "e-1",
        "status": "active",
        "role": "student",
        "user": {"href": "x", "sourcedId": "u-1", "type": "user"},
        "class": {"sourcedId": "c-1"},
        "beginDate": "2026-08-15",
    },
}


def page(kind, *records, **beside):
    body = json.dumps({**beside, kind.key: records}).encode()
    return PARSERS[kind].page(body, path_name=kind.key)


def record(kind, **fields):
    """The record (or Problem) that FINE becomes with these fields changed."""
    return only(page(kind, {**FINE[kind], **fields}))


def only(parsed):
    (one,) = [*parsed.page.records, *parsed.page.problems]
    return one


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_a_record_as_the_specification_has_it_is_read(kind):
    parsed = page(kind, FINE[kind])
    assert parsed.page.records[0].sourced_id == FINE[kind]["sourcedId"]
    assert parsed.page.problems == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_null_everywhere_is_as_good_as_nothing(kind):
    named = {"sourcedId", "status", "role", "type", "user", "class"}
    nulls = dict.fromkeys(PARSERS[kind].kind.record.__struct_encode_fields__)
    kept = {name: value for name, value in FINE[kind].items() if name in named}
    with_nulls, without = (only(page(kind, one)) for one in ({**nulls, **kept}, kept))
    assert msgspec.to_builtins(with_nulls) == msgspec.to_builtins(without)


@pytest.mark.fault("F16")
@pytest.mark.parametrize("spelling", ["active", "Active", "ACTIVE", "aCtIvE"])
def test_a_status_in_any_case_is_read(spelling):
    assert record(ORG, status=spelling).status == "active"


@pytest.mark.parametrize("spelling", ["toBeDeleted", "ToBeDeleted", "TOBEDELETED", "inactive"])
def test_what_is_no_longer_active_is_to_be_deleted(spelling):
    assert record(ORG, status=spelling).status == "tobedeleted"


@pytest.mark.fault("F16")
@pytest.mark.parametrize(
    "status",
    [
        "",
        " ",
        None,
        "deleted",
        "enabled",
        "active ",
        "act\u0131ve",
        "1",
        1,
        True,
        [],
        {},
        "activated",
        "to be deleted",
    ],
)
def test_an_unknown_status_is_never_read_as_active_or_deleted(status):
    problem = record(USER, status=status)
    assert isinstance(problem, Problem)
    assert (problem.kind, problem.sourced_id, problem.field) == ("users", "u-1", "status")


def test_a_missing_status_is_a_problem():
    assert isinstance(only(page(ORG, {"sourcedId": "s-1", "type": "school"})), Problem)


@given(st.text(max_size=20))
def test_whatever_the_status_only_the_two_words_come_out(text):
    result = record(COURSE, status=text)
    assert isinstance(result, Problem) or result.status in ("active", "tobedeleted")


@pytest.mark.parametrize(
    ("kind", "field", "raw", "canonical"),
    [
        (USER, "role", "Student", "student"),
        (USER, "role", "AIDE", "aide"),
        (ENROLLMENT, "role", "Teacher", "teacher"),
        (ORG, "type", "School", "school"),
        (ACADEMIC_SESSION, "type", "Schoolyear", "schoolYear"),
        (ACADEMIC_SESSION, "type", "GRADINGPERIOD", "gradingPeriod"),
    ],
)
def test_enumerations_get_the_specifications_spelling(kind, field, raw, canonical):
    assert getattr(record(kind, **{field: raw}), field) == canonical


@pytest.mark.parametrize(
    ("kind", "field"),
    [(USER, "role"), (ENROLLMENT, "role"), (ORG, "type"), (ACADEMIC_SESSION, "type")],
)
@pytest.mark.parametrize("value", ["headmaster", "", None, 7])
def test_an_unknown_role_or_type_is_a_problem(kind, field, value):
    problem = record(kind, **{field: value})
    assert (problem.field, problem.code) == (field, f"oneroster.unknown-{field}")


def test_an_unknown_class_type_costs_no_class():
    assert record(CLASS, classType="Lab").class_type == "Lab"
    assert record(CLASS, classType="HomeRoom").class_type == "homeroom"


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("2026-08-15", "2026-08-15"),
        ("2026-8-5", "2026-08-05"),
        ("2026-08-15T00:00:00.000Z", "2026-08-15"),
        ("2026-08-15T23:30:00-07:00", "2026-08-15"),
        ("2026-08-15T00:00:00", "2026-08-15"),
        ("2026-08-15 00:00:00", "2026-08-15"),
        ("2026-08-15T00:00Z", "2026-08-15"),
        ("2026-08-15T00:00:00.1234567+0000", "2026-08-15"),
        ("08/15/2026", "2026-08-15"),
        ("8/5/2026", "2026-08-05"),
        ("08-15-2026", "2026-08-15"),
        ("8/15/2026 12:00:00 AM", "2026-08-15"),
        ("20260815", "2026-08-15"),
        ("2026/08/15", "2026-08-15"),
        (" 2026-08-15 ", "2026-08-15"),
        ("2028-02-29", "2028-02-29"),
        ("9999-12-31", "9999-12-31"),
        ("0001-01-01T00:00:00", ""),
        ("", ""),
        ("  ", ""),
        (None, ""),
    ],
)
def test_a_day_is_read_as_it_is_written(raw, day):
    assert canonical_date(raw) == day
    assert record(ENROLLMENT, beginDate=raw).begin_date == day


@pytest.mark.parametrize(
    "raw",
    [
        "2026-02-30",
        "2026-13-01",
        "2027-02-29",
        "15/08/2026",
        "0000-00-00",
        "tomorrow",
        "2026-08",
        "26-08-15",
        "2026-08-15Tmorning",
        "2026-08-15; DROP",
        "２０２６-08-15x",
        "20261301",
        20260815.5,
    ],
)
def test_an_impossible_date_is_a_problem_of_its_record(raw):
    problem = record(ENROLLMENT, endDate=raw)
    assert (problem.kind, problem.sourced_id, problem.field) == ("enrollments", "e-1", "endDate")


@given(
    st.dates(min_value=date(1000, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%m/%d/%Y", "%Y%m%d", "%Y-%m-%dT00:00:00Z"]),
)
def test_every_day_of_the_calendar_survives_every_form(day, form):
    assert canonical_date(day.strftime(form)) == day.isoformat()


def test_new_spellings_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("integration.oneroster.canonical.MEMORY", 3)
    for day in range(1, 29):
        assert record(ENROLLMENT, beginDate=f"2026-02-{day}").begin_date == f"2026-02-{day:02d}"
    assert len(DATES) <= 3


@given(st.text(max_size=30))
def test_no_text_makes_the_date_reader_fail_otherwise(text):
    try:
        assert canonical_date(text) == "" or len(canonical_date(text)) == 10
    except Unusable as unusable:
        assert unusable.code == "oneroster.impossible-date"


@pytest.mark.parametrize("raw", ["true", "True", "TRUE", True, 1, "1", "yes", "Y", "t"])
def test_true_in_any_spelling(raw):
    assert record(ENROLLMENT, primary=raw).primary is True


@pytest.mark.parametrize("raw", ["false", "False", False, 0, "0", "no", "N", "f", None, ""])
def test_false_in_any_spelling(raw):
    assert record(ENROLLMENT, primary=raw).primary is False


def test_a_flag_in_order_survives_another_field_that_is_not():
    for flag, expected in ((True, True), (False, False), (None, False), ("no", False)):
        assert record(ENROLLMENT, primary=flag, user="u-1").primary is expected


def test_a_user_without_the_flag_is_enabled():
    assert record(USER).enabled_user is record(USER, enabledUser=None).enabled_user is True
    assert record(USER, enabledUser="false").enabled_user is False


def test_a_flag_that_is_neither_is_a_problem():
    assert record(USER, enabledUser="maybe").code == "oneroster.unknown-flag"


@pytest.mark.parametrize("raw", ["A/b+c %:é", " x ", "00123", "{GUID}", "x" * 300])
def test_ids_are_kept_exactly(raw):
    assert record(USER, sourcedId=raw).sourced_id == raw


def test_a_number_for_an_id_is_read_as_its_digits():
    enrollment = record(ENROLLMENT, sourcedId=17, user={"sourcedId": 4})
    assert (enrollment.sourced_id, enrollment.user) == ("17", Ref("4"))


@pytest.mark.parametrize("raw", ["", "   ", None, {}, 1.5])
def test_a_record_without_an_id_is_a_problem(raw):
    problem = record(ORG, sourcedId=raw)
    assert (problem.sourced_id, problem.field) == ("", "sourcedId")


def test_numbers_where_text_belongs_are_read_as_written():
    user = record(USER, identifier=12345, username=7.0, middleName=1.5, givenName=True)
    assert (user.identifier, user.username) == ("12345", "7")
    assert (user.middle_name, user.given_name) == ("1.5", "true")


def test_one_broken_record_among_many_stops_only_itself():
    good = [{**FINE[USER], "sourcedId": f"u-{n}"} for n in range(9)]
    parsed = page(USER, *good[:4], {**FINE[USER], "role": "boss", "sourcedId": "u-bad"}, *good[4:])
    assert [one.sourced_id for one in parsed.page.records] == [f"u-{n}" for n in range(9)]
    assert [one.sourced_id for one in parsed.page.problems] == ["u-bad"]
    assert parsed.count == 10


@pytest.mark.parametrize("junk", ["text", 5, None, [], True])
def test_junk_among_the_records_is_a_problem(junk):
    parsed = page(ORG, FINE[ORG], junk)
    assert len(parsed.page.records) == 1
    assert parsed.page.problems[0].code == "oneroster.wrong-type"


@pytest.mark.parametrize(
    "raw",
    ["u-1", {"sourcedId": "u-1"}, [{"sourcedId": "u-1"}], {"sourceId": "u-1", "type": "user"}],
)
def test_a_reference_in_any_shape_is_read(raw):
    assert record(ENROLLMENT, user=raw).user == Ref("u-1")


@pytest.mark.parametrize(
    "raw", [None, {}, "", [], {"sourcedId": None}, {"sourcedId": ""}, {"href": "x"}]
)
def test_an_enrollment_without_a_user_is_a_problem(raw):
    problem = record(ENROLLMENT, user=raw)
    assert (problem.field, problem.code) == ("user", "oneroster.missing-reference")


def test_an_enrollment_without_a_class_names_the_field_as_the_provider_does():
    assert record(ENROLLMENT, **{"class": None}).field == "class"


@pytest.mark.parametrize("raw", [{"sourcedId": "a"}, "a", ["a"], [{"sourcedId": "a"}, None, {}]])
def test_a_list_of_references_in_any_shape_is_read(raw):
    assert record(CLASS, terms=raw).terms == (Ref("a"),)
    assert record(USER, orgs=raw).orgs == (Ref("a"),)


def test_an_optional_reference_that_dangles_is_none():
    assert record(ORG, parent={"sourcedId": ""}).parent is None
    assert record(CLASS, school={"href": "x"}).school is None


def test_further_ids_without_a_value_are_left_out():
    ids = [
        {"type": "LDAP", "identifier": "sam"},
        {"type": "x", "identifier": None},
        {"identifier": 5},
    ]
    assert record(USER, userIds=ids).user_ids == (UserId("LDAP", "sam"), UserId("", "5"))
    assert record(USER, userIds=ids[:2]).user_ids == (UserId("LDAP", "sam"),)


def test_the_roles_of_one_roster_1_2_under_a_1_1_path_are_read():
    roles = [
        {"roleType": "secondary", "role": "aide", "org": {"sourcedId": "s-2"}},
        {"roleType": "primary", "role": "Teacher", "org": {"sourcedId": "s-1"}},
    ]
    user = only(page(USER, {"sourcedId": "u-1", "status": "active", "roles": roles}))
    assert (user.role, user.orgs) == ("teacher", (Ref("s-2"), Ref("s-1")))


@pytest.mark.parametrize(
    "role", ["districtAdministrator", "siteAdministrator", "principal", "counselor"]
)
def test_whom_one_roster_1_2_names_otherwise_is_an_administrator(role):
    """They have no rights by that in Canvas."""
    assert record(USER, role=role).role == "administrator"


def test_where_roles_say_nothing_the_user_is_a_problem():
    for roles in ([], None, "student", [{"role": None}]):
        user = {"sourcedId": "u-1", "status": "active", "roles": roles, "orgs": ["s-1"]}
        assert only(page(USER, user)).field == "role"


def test_fields_in_another_case_are_found():
    one = {"SourcedId": "s-1", "Status": "active", "Type": "school", "NAME": "North"}
    assert only(page(ORG, one)) == Org("s-1", "active", name="North", type="school")


@pytest.mark.parametrize("name", ["Null", "null", "None", "true", "7"])
def test_people_are_called_what_they_are_called(name):
    assert record(USER, familyName=name).family_name == name


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_names_survive_exactly(name):
    assert record(USER, givenName=name, familyName=name).family_name == name


@pytest.mark.parametrize("name", ["Sam\0b", "Sam\ud83d", "Sam\udc00"])
def test_a_damaged_name_holds_back_its_record_and_is_not_quoted(name):
    fine = {**FINE[USER], "sourcedId": "u-2"}
    parsed = page(USER, {**FINE[USER], "givenName": name}, fine)
    (problem,) = parsed.page.problems
    assert (problem.sourced_id, problem.field) == ("u-1", "givenName")
    assert "Sam" not in str(problem)
    assert [one.sourced_id for one in parsed.page.records] == ["u-2"]


def test_a_backslash_u_that_is_no_nul_stays_text():
    assert record(USER, givenName="\\u0000").given_name == "\\u0000"


def test_what_problems_say_holds_no_name_and_no_address():
    problem = record(USER, givenName={"first": "Sam"}, email="sam@example.org")
    assert problem.code == "oneroster.wrong-type"
    assert "Sam" not in str(problem)


@pytest.mark.parametrize("kind", [ORG, ACADEMIC_SESSION, USER], ids=lambda kind: kind.key)
def test_a_deletion_needs_nothing_but_its_id(kind):
    gone = only(page(kind, {"sourcedId": "x", "status": "ToBeDeleted", "endDate": "never"}))
    assert (gone.sourced_id, gone.status) == ("x", "tobedeleted")


# Envelopes


@pytest.mark.parametrize(
    ("document", "deviation"),
    [
        ({"users": [FINE[USER]]}, None),
        ({"students": [FINE[USER]]}, "wrong-collection-key"),
        ({"Users": [FINE[USER]], "total": 1}, "wrong-collection-key"),
        ([FINE[USER]], "bare-array"),
        ({"users": FINE[USER]}, "single-object"),
        ({"users": [FINE[USER]], "warnings": []}, None),
    ],
)
def test_the_collection_is_found_under_any_name(document, deviation):
    parsed = PARSERS[USER].page(json.dumps(document).encode(), path_name="students")
    assert only(parsed).sourced_id == "u-1"
    assert parsed.deviations == ((deviation,) if deviation else ())


def test_null_for_a_collection_is_an_empty_one_and_noted():
    parsed = PARSERS[USER].page(b'{"users":null}')
    assert (parsed.count, parsed.deviations) == (0, ("null-collection",))


def test_text_for_a_collection_is_none():
    with pytest.raises(NoRecords):
        PARSERS[USER].page(b'{"users":"none"}')


def test_a_warning_beside_the_data_is_a_deviation():
    warning = [{"imsx_severity": "warning", "imsx_codeMinor": "invalid_sort_field"}]
    assert page(USER, FINE[USER], statusInfoSet=warning).deviations == (
        "warning:invalid_sort_field",
    )
    assert page(USER, statusInfoSet=warning).deviations == ("warning:invalid_sort_field",)


FAILURE = {"imsx_codeMajor": "failure", "imsx_severity": "error"}


@pytest.mark.parametrize("users", [[], [FINE[USER]], [FINE[USER] | {"enabledUser": "perhaps"}]])
@pytest.mark.parametrize(
    "beside",
    [
        {"statusInfoSet": [FAILURE]},
        {"statusInfo": FAILURE},
        {"errors": [FAILURE]},
        {"error": "the second half is missing"},
        FAILURE,
        {"imsx_codeMinor": "internal_server_error", "imsx_severity": "error"},
    ],
    ids=str,
)
def test_a_failure_beside_the_data_means_that_the_data_are_none(users, beside):
    with pytest.raises(NoRecords):
        page(USER, *users, **beside)


@pytest.mark.parametrize("users", [[], [FINE[USER]], [FINE[USER], "junk"]])
@pytest.mark.parametrize(
    "beside",
    [
        {"message": "OK"},
        {"message": "Success."},
        {"error": "none"},
        {"error": {"code": 0, "message": ""}},
        {"errors": []},
        {"error": None},
        {"statusInfo": "OK"},
    ],
    ids=str,
)
def test_what_says_beside_the_data_that_all_is_well_is_no_failure(users, beside):
    assert page(USER, *users, **beside).count == len(users)


@pytest.mark.parametrize("users", [[FINE[USER]], [FINE[USER], "junk"]])
def test_words_beside_records_are_no_failure_and_beside_none_they_are(users):
    assert page(USER, *users, message="2 records found").count == len(users)
    with pytest.raises(NoRecords):
        page(USER, message="You may not see users.")


def test_two_arrays_of_unknown_names_are_no_collection():
    with pytest.raises(NoRecords):
        PARSERS[USER].page(b'{"a":[],"b":[]}')


def test_a_byte_order_mark_is_no_obstacle():
    body = b"\xef\xbb\xbf" + json.dumps({"orgs": [FINE[ORG]]}).encode()
    assert only(PARSERS[ORG].page(body)).name == "North"


def test_a_body_in_the_charset_that_it_names_is_read():
    body = json.dumps({"orgs": [{**FINE[ORG], "name": "Ströh"}]}, ensure_ascii=False)
    latin = utf8(body.encode("latin-1"), 'application/json; charset="ISO-8859-1"')
    assert only(PARSERS[ORG].page(latin)).name == "Ströh"


@pytest.mark.parametrize("charset", ["utf-8", "klingon", "ascii"])
def test_a_charset_that_does_not_fit_changes_nothing(charset):
    assert utf8("ö".encode(), f"application/json; charset={charset}") == "ö".encode()


@pytest.mark.fault("F2")
def test_every_cut_of_a_page_is_refused():
    body = json.dumps({"orgs": [FINE[ORG], FINE[ORG]]}).encode()
    for end in range(len(body)):
        with pytest.raises(Undecodable):
            PARSERS[ORG].page(body[:end])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["sourcedId", "status", "role", "orgs", "userIds", "x"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_no_json_makes_the_reader_fail_otherwise(value):
    body = json.dumps({"users": [value]}).encode()
    parsed = PARSERS[USER].page(body)
    assert parsed.count == len(parsed.page.records) + len(parsed.page.problems) == 1


def test_the_newer_of_two_stamps_can_be_told_whatever_their_zone():
    assert instant("2026-01-05T08:00:00.000Z") == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert instant("2026-01-05T08:00:00-02:00") == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert instant("2026-01-05 08:00:00") == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert instant("") is instant("yesterday") is None


@pytest.mark.parametrize("bad", [{"role": "coach"}, {"status": 7.5}, {"sourcedId": ""}])
def test_a_record_that_cannot_be_used_still_says_what_it_points_to(bad):
    problem = record(ENROLLMENT, **bad, school="s-1")
    assert isinstance(problem, Problem)
    assert [problem.ref(name) for name in ("user", "class", "school", "x")] == [
        *("u-1", "c-1", "s-1", "")
    ]


def test_what_a_damaged_reference_points_to_is_not_known():
    problem = record(ENROLLMENT, user={"sourcedId": "\0"}, **{"class": {"SourcedID": "c-1"}})
    assert isinstance(problem, Problem)
    assert problem.refs == (("class", "c-1"),)


# Whatever the decoder of sound pages is asked to judge; the first of each is sound.
AS_SENT = {
    "sourcedId": st.sampled_from(["one", "two", " ", "", 7, None]),
    "status": st.sampled_from(["active", "tobedeleted", "Active", "inactive", "odd", None, 1]),
    "role": st.sampled_from(["student", "teacher", "Student", "", None, "pupil"]),
    "dateLastModified": st.sampled_from(["2026-08-03T06:00:00.000Z", "", None, 5]),
    "beginDate": st.sampled_from(["2026-08-17", "", "8/17/2026", "2026-02-31", "soon", None]),
    "user": st.sampled_from([{"sourcedId": "u-1"}, {"sourcedId": ""}, "u-1", {}, None]),
    "primary": st.sampled_from(["true", True, "no", "maybe", None, 0]),
    "username": st.sampled_from(["sam", "", None, 7, "\0", "null"]),
    "enabledUser": st.sampled_from(["true", False, "", None]),
    "userIds": st.sampled_from(
        [
            *([], [{"type": "x", "identifier": "1"}], [{"type": None, "identifier": "1"}]),
            *([{"type": "x", "identifier": ""}], [{"type": "x"}], None),
        ]
    ),
    "orgs": st.sampled_from([[{"sourcedId": "s-1"}], [], None, "s-1", [{"sourcedId": ""}]]),
}


@pytest.mark.parametrize("kind", [USER, ENROLLMENT], ids=["users", "enrollments"])
@given(changes=st.lists(st.fixed_dictionaries({}, optional=AS_SENT), min_size=1, max_size=4))
def test_a_page_read_as_a_whole_is_what_its_records_are_one_by_one(kind, changes):
    sent = [{**FINE[kind], **change} for change in changes]
    one_by_one = [PARSERS[kind].one(each) for each in json.loads(json.dumps(sent))]
    parsed = page(kind, *sent)
    assert parsed.ids == [
        one.key if isinstance(one, Problem) else one.sourced_id for one in one_by_one
    ]
    assert parsed.page.problems == [one for one in one_by_one if isinstance(one, Problem)]
    assert list(map(msgspec.to_builtins, parsed.page.records)) == [
        msgspec.to_builtins(one) for one in one_by_one if not isinstance(one, Problem)
    ]


# What looks like the end of one record and the beginning of the next one, and is neither.
LIKE_A_RECORD = {"sourcedId": "x", "status": "active"}
TRICKY = [
    {},
    {"metadata": [LIKE_A_RECORD, LIKE_A_RECORD]},
    {"metadata": {"deep": [[LIKE_A_RECORD], LIKE_A_RECORD, LIKE_A_RECORD]}},
    {"familyName": '"},{"sourcedId":"x","status":"active"', "beginDate": ""},
    {"familyName": "\\"},
]


@pytest.mark.parametrize("kind", [USER, ENROLLMENT], ids=["users", "enrollments"])
@given(
    changes=st.lists(st.sampled_from(TRICKY) | st.fixed_dictionaries({}, optional=AS_SENT)),
    indent=st.sampled_from([None, 1]),
    size=st.sampled_from([1, 200, 1000]),
    cut=st.integers(0, 5),
    beside=st.sampled_from([{}, {"statusInfoSet": []}]),
)
def test_a_page_in_pieces_is_the_page(kind, changes, indent, size, cut, beside):
    sent = {kind.key: [{**FINE[kind], **change} for change in changes], **beside}
    text = json.dumps(sent, indent=indent)
    body = text[: len(text) - cut].encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("integration.oneroster.slices.PIECE", size)
        try:
            whole = PARSERS[kind].page(body)
        except (Undecodable, NoRecords) as error:
            with pytest.raises(type(error)):
                list(PARSERS[kind].pieces(body))
            return
        pieces = list(PARSERS[kind].pieces(body))
    assert [one for piece in pieces for one in piece.ids] == whole.ids
    assert [one for piece in pieces for one in piece.page.problems] == whole.page.problems
    found = [msgspec.to_builtins(one) for piece in pieces for one in piece.page.records]
    assert found == list(map(msgspec.to_builtins, whole.page.records))


def test_a_large_page_comes_in_pieces():
    body = json.dumps({"enrollments": [FINE[ENROLLMENT]] * 5000}).encode()
    assert len(list(PARSERS[ENROLLMENT].pieces(body))) > 2
