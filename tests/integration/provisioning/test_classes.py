"""Classes in their places, sections in their courses."""

from __future__ import annotations

import pytest

from integration.provisioning.classes import NO_TERM, Sections, map_sections, place_classes
from integration.provisioning.rows import CourseRow
from integration.provisioning.rules import Rules
from integration.provisioning.structure import Term
from tests.integration.provisioning.makers import (
    FALL,
    PLAIN,
    SPRING,
    by_id,
    class_,
    codes,
    course,
    placed,
)

# --- places -------------------------------------------------------------------------------------


def test_a_class_has_its_section_its_account_and_the_dates_of_its_term():
    place = placed(class_()).place_of["c1"]
    assert (place.sis_section_id, place.account_id, place.term) == ("c1", "north", FALL)
    assert (place.start, place.end, place.several_terms) == (FALL.start, FALL.end, False)


def test_a_class_of_two_terms_begins_with_the_first_and_ends_with_the_last():
    places = placed(class_(terms=("spring", "fall")))
    place = places.place_of["c1"]
    assert (place.term, place.several_terms) == (FALL, True)
    assert (place.start, place.end) == (FALL.start, SPRING.end)
    assert places.problems == []


def test_two_names_for_one_term_are_one_term():
    place = placed(class_(terms=("fall", "autumn"))).place_of["c1"]
    assert (place.start, place.end, place.several_terms) == (FALL.start, FALL.end, False)


@pytest.mark.fault("F18")
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"school": ""}, "roster.unknown-school"),
        ({"school": "gone"}, "roster.unknown-school"),
        ({"terms": ()}, "roster.no-term"),
        ({"terms": ("gone",)}, "roster.unknown-term"),
        ({"terms": ("fall", "gone")}, "roster.unknown-term"),
    ],
)
def test_what_a_class_lacks_is_said_and_does_not_stop_it(fields, code):
    places = placed(class_(**fields))
    assert codes(places.problems) == [(code, "c1")]
    assert list(places.place_of) == ["c1"]


def test_a_class_without_a_term_has_no_dates():
    place = placed(class_(terms=())).place_of["c1"]
    assert (place.term, place.start, place.end) == (NO_TERM, "", "")


def test_a_class_of_the_district_itself_is_in_the_root_account():
    places = placed(class_(school="district"))
    assert places.place_of["c1"].account_id == ""
    assert places.problems == []


def test_a_deleted_class_has_no_place_and_is_no_problem():
    places = placed(class_(status="tobedeleted", title="\x00"))
    assert (places.place_of, places.inactive, places.left_out) == ({}, {"c1"}, set())
    assert places.problems == []


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"title": "", "class_code": ""}, "roster.no-title", "title"),
        ({"title": " ", "class_code": "\t"}, "roster.no-title", "title"),
        ({"title": "a\x00"}, "roster.control-character", "title"),
        ({"class_code": "\x1f"}, "roster.control-character", "classCode"),
        ({"sourced_id": "\x07"}, "roster.control-character", "sourcedId"),
        ({"sourced_id": "x" * 256}, "roster.id-too-long", "sourcedId"),
    ],
)
def test_a_class_that_canvas_cannot_hold_is_left_out_and_the_others_stay(fields, code, field):
    bad = class_(**{"sourced_id": "bad"} | fields)
    places = placed(bad, class_("good"))
    assert (list(places.place_of), places.left_out) == (["good"], {bad.sourced_id})
    assert [(one.code, one.field) for one in places.problems] == [(code, field)]


@pytest.mark.parametrize("fields", [{"title": ""}, {"class_code": ""}])
def test_a_title_or_a_code_is_enough_for_a_class(fields):
    assert placed(class_(**fields)).problems == []


# --- sections and courses -----------------------------------------------------------------------


ALGEBRA = (course(),)


def mapped(*classes, courses=ALGEBRA, rules=PLAIN, teachers=None, kept=None) -> Sections:
    return map_sections(
        placed(*classes, rules=rules).place_of,
        by_id(*courses),
        rules,
        teacher_of=teachers or {},
        kept=kept or {},
    )


def test_a_class_is_a_course_and_a_section_of_its_own_by_default():
    found = mapped(class_())
    assert found.courses == [("c1", "A1", "Algebra 1", "north", "fall", "active")]
    assert found.sections == [("c1", "c1", "Algebra 1", "active", "", "")]
    assert found.course_of == {"c1": "c1"}


def test_a_section_has_dates_of_its_own_only_where_the_terms_are_several():
    (section,) = mapped(class_(terms=("fall", "spring"))).sections
    assert section[4:] == ("2026-08-15T00:00:00Z", "2027-06-04T23:59:59Z")


def test_a_section_has_no_dates_where_its_first_term_holds_the_others():
    places = place_classes(
        {"c1": class_(terms=("spring", "year"))},
        PLAIN,
        account_of={"north": "north"},
        term_of={"spring": SPRING, "year": Term("year", FALL.start, SPRING.end)},
    )
    assert places.place_of["c1"].several_terms is False
    assert places.place_of["c1"].end == SPRING.end


@pytest.mark.parametrize(
    ("class_fields", "course_fields", "short", "long"),
    [
        ({}, {}, "A1", "Algebra 1"),
        ({"title": ""}, {}, "A1", "Algebra"),
        ({"class_code": ""}, {}, "ALG", "Algebra 1"),
        ({"title": ""}, {"title": ""}, "A1", "A1"),
        ({"class_code": ""}, {"course_code": ""}, "Algebra 1", "Algebra 1"),
        ({"title": " "}, {"title": " "}, "A1", "A1"),
    ],
)
def test_a_course_is_never_without_name_and_code(class_fields, course_fields, short, long):
    found = mapped(class_(**class_fields), courses=[course(**course_fields)])
    assert found.courses[0][1:3] == (short, long)
    assert found.sections[0].name.strip()


@pytest.mark.parametrize("named", ["", "gone"])
def test_a_class_without_a_known_course_uses_its_own_title(named):
    found = mapped(class_(course=named), rules=Rules(grouping="course"))
    assert found.courses == [("c1", "A1", "Algebra 1", "north", "fall", "active")]
    assert codes(found.problems) == [("roster.unknown-course", "c1")]


def test_classes_of_one_course_school_and_term_share_a_course():
    found = mapped(class_("c1"), class_("c2", title="Algebra 2"), rules=Rules(grouping="course"))
    assert [row.course_id for row in found.sections] == ["algebra:north:fall"] * 2
    assert found.courses == [("algebra:north:fall", "ALG", "Algebra", "north", "fall", "active")]


@pytest.mark.parametrize(
    "other", [{"terms": ("spring",)}, {"school": "district"}, {"course": "geometry"}]
)
def test_another_term_school_or_course_is_another_course(other):
    found = mapped(
        class_("c1"),
        class_("c2", **other),
        courses=[course(), course("geometry")],
        rules=Rules(grouping="course"),
    )
    assert len(found.courses) == 2


def test_classes_of_one_teacher_share_a_course_and_one_without_stays_alone():
    found = mapped(
        *(class_(one) for one in ("c1", "c2", "c3", "c4")),
        rules=Rules(grouping="teacher"),
        teachers={"c1": "rosa", "c2": "rosa", "c3": "theo"},
    )
    assert list(found.course_of.values()) == [
        *("algebra:rosa:fall", "algebra:rosa:fall", "algebra:theo:fall", "c4")
    ]


def test_a_class_without_a_school_is_not_grouped_by_school():
    assert mapped(class_(school=""), rules=Rules(grouping="course")).course_of == {"c1": "c1"}


def test_a_class_without_a_term_is_grouped_all_the_same():
    found = mapped(class_(terms=()), rules=Rules(grouping="course"))
    assert found.course_of == {"c1": "algebra:north:"}


def test_a_section_stays_in_its_course_when_its_teacher_changes():
    found = mapped(
        class_(),
        rules=Rules(grouping="teacher"),
        teachers={"c1": "theo"},
        kept={"c1": "algebra:rosa:fall", "c2": "elsewhere"},
    )
    assert found.course_of == {"c1": "algebra:rosa:fall"}
    assert found.courses[0].course_id == found.sections[0].course_id == "algebra:rosa:fall"


def test_the_prefix_stands_before_sections_courses_and_what_is_kept():
    rules = Rules(prefix="q:", grouping="course")
    assert mapped(class_(), rules=rules).course_of == {"q:c1": "q:algebra:north:fall"}
    assert mapped(class_(), rules=rules, kept={"q:c1": "old"}).course_of == {"q:c1": "old"}
    assert mapped(class_(), rules=rules, kept={"c1": "old"}).course_of != {"q:c1": "old"}


def test_a_course_id_that_would_be_too_long_is_hashed_and_stays_the_same():
    rules = Rules(prefix="q:", grouping="course")
    long = "x" * 250
    (first,) = mapped(class_(course=long), courses=[course(long)], rules=rules).course_of.values()
    (other,) = mapped(
        class_(course=long, terms=("spring",)), courses=[course(long)], rules=rules
    ).course_of.values()
    assert first.startswith("q:") and len(first) == 34
    assert first != other


def test_ids_that_hold_a_colon_do_not_run_into_each_other():
    found = mapped(
        class_("c1", course="a:b"),
        class_("c2", course="a"),
        courses=[course("a:b"), course("a")],
        rules=Rules(grouping="teacher"),
        teachers={"c1": "c", "c2": "b:c"},
    )
    assert len(set(found.course_of.values())) == 2


def test_a_course_whose_text_canvas_cannot_hold_is_named_once_and_its_classes_stand_alone():
    found = mapped(
        class_("c1"),
        class_("c2"),
        courses=[course(title="Algebra\x00")],
        rules=Rules(grouping="course"),
    )
    assert found.course_of == {"c1": "c1", "c2": "c2"}
    assert [row.long_name for row in found.courses] == ["Algebra 1"] * 2
    assert codes(found.problems) == [("roster.control-character", "algebra")]


def test_a_grouped_course_without_a_title_takes_that_of_its_first_class():
    found = mapped(
        class_(), courses=[course(title="", course_code="")], rules=Rules(grouping="course")
    )
    assert found.courses[0][:3] == ("algebra:north:fall", "A1", "Algebra 1")


# --- a course that could not be read tonight ----------------------------------------------------

SHARED = "algebra:north:fall"
BEFORE = CourseRow(SHARED, "ALG", "Algebra", "north", "fall", "active")


def unread(*classes, courses=(), kept=None) -> Sections:
    return map_sections(
        placed(*classes, rules=Rules(grouping="course")).place_of,
        by_id(*courses),
        Rules(grouping="course"),
        teacher_of={},
        kept=kept or {},
        is_unread=lambda sourced_id: sourced_id == "algebra",
        before=lambda ids: {one: BEFORE for one in ids if one == SHARED},
    )


def test_a_shared_course_keeps_its_name_while_its_record_cannot_be_read():
    found = unread(class_("c1"), kept={"c1": SHARED})
    assert (found.courses, found.problems) == ([BEFORE], [])


def test_a_shared_course_keeps_its_name_while_canvas_cannot_hold_the_new_one():
    found = unread(class_("c1"), courses=[course(title="Algebra\x00")], kept={"c1": SHARED})
    assert found.courses == [BEFORE]


def test_a_new_class_joins_the_course_whose_record_cannot_be_read_tonight():
    assert unread(class_("c2")).course_of == {"c2": SHARED}


def test_a_course_that_q_does_not_hold_is_told_and_its_class_stands_alone():
    found = unread(class_("c2", course="nowhere"))
    assert (found.course_of, len(found.problems)) == ({"c2": "c2"}, 1)


def test_a_course_of_its_own_follows_its_class_also_on_such_a_night():
    found = unread(class_("c1", title="New"), kept={"c1": "c1"})
    assert found.courses[0].long_name == "New"
