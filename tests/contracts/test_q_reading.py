"""How a OneRoster 1.1 provider serves collections: pages, totals, order, filters, fields."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contracts.q_api import Api, minor_of, new_id
from tests.sandbox_process import Q

LETTERS = {"<": "A", "<=": "AB", "=": "B", ">=": "BC", ">": "C", "!=": "AC", "~": "B"}


@pytest.fixture
def api(q: Q) -> Iterator[Api]:
    with Api(q) as api:
        yield api


def limit_in(link: dict[str, str]) -> int:
    return int(parse_qs(urlsplit(link["url"]).query)["limit"][0])


@pytest.mark.rule("q.page-clamp")
def test_a_limit_above_the_servers_own_is_lowered_and_the_links_say_so(api: Api):
    answer = api.get("orgs", limit=1_000_000)
    assert answer.status_code == 200
    assert limit_in(answer.links["first"]) < 1_000_000


@pytest.mark.rule("q.link-header")
def test_the_links_lead_through_all_pages(api: Api):
    first = api.get("users", limit=1)
    total = int(first.headers["X-Total-Count"])
    assert f"offset={total - 1}" in first.links["last"]["url"]
    second = api.get_url(first.links["next"]["url"])
    assert second.json()["users"] != first.json()["users"]
    assert api.get_url(second.links["prev"]["url"]).json() == first.json()


@pytest.mark.rule("q.link-header")
def test_links_keep_the_other_parameters_and_the_last_page_has_no_next(api: Api):
    answer = api.get("users", limit=1, filter="status='active'", sort="sourcedId")
    assert "filter=" in answer.links["next"]["url"]
    last = api.get_url(answer.links["last"]["url"])
    assert len(last.json()["users"]) == 1
    assert "next" not in last.links


@pytest.mark.rule("q.offset")
def test_a_page_begins_at_its_offset(api: Api):
    two = api.ids("users", limit=2, sort="sourcedId")
    assert api.ids("users", limit=1, offset=1, sort="sourcedId") == two[1:]


@pytest.mark.rule("q.offset")
def test_beyond_the_end_there_is_an_empty_page_and_still_the_total(api: Api):
    total = api.get("orgs", limit=1).headers["X-Total-Count"]
    answer = api.get("orgs", limit=1, offset=10_000_000)
    assert (answer.status_code, answer.json()["orgs"]) == (200, [])
    assert answer.headers["X-Total-Count"] == total


@pytest.mark.rule("q.offset")
def test_pages_in_order_of_id_hold_every_record_once(api: Api):
    total = int(api.get("classes", limit=1).headers["X-Total-Count"])
    size = max(1, min(1000, total // 3 + 1))
    pages = [
        api.ids("classes", limit=size, offset=offset, sort="sourcedId", orderBy="asc")
        for offset in range(0, min(total, 10 * size), size)
    ]
    read = [each for page in pages for each in page]
    assert len(set(read)) == len(read) == min(total, 10 * size)


@pytest.mark.rule("q.whole-numbers")
@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": "x"}, {"offset": -1}, {"limit": ""}])
def test_a_limit_or_offset_that_is_no_count_is_refused(api: Api, wrong: dict[str, object]):
    assert api.get("orgs", **wrong).status_code == 400


@pytest.mark.rule("q.default-limit")
def test_without_a_limit_a_page_holds_a_hundred_at_most(api: Api):
    assert len(api.records("enrollments")) <= 100


@pytest.mark.rule("q.total-after-filter")
def test_the_total_counts_what_passes_the_filter(api: Api):
    mark = new_id()
    api.made_categories(f"{mark} A", f"{mark} B")
    answer = api.get("categories", filter=f"title~'{mark}'", limit=1)
    assert answer.headers["X-Total-Count"] == "2"
    assert len(answer.json()["categories"]) == 1


@pytest.mark.rule("q.filter")
@pytest.mark.parametrize("operator", LETTERS)
def test_a_filter_lets_through_what_its_operator_says(api: Api, operator: str):
    mark = new_id()
    made = api.made_categories(f"{mark} A", f"{mark} B", f"{mark} C")
    value = " B" if operator == "~" else f"{mark} B"
    clauses = f"title{operator}'{value}' AND title~'{mark}'"
    expected = {made[f"{mark} {letter}"] for letter in LETTERS[operator]}
    assert set(api.ids("categories", filter=clauses)) == expected


@pytest.mark.rule("q.filter")
def test_a_filter_follows_a_dot_into_a_reference(api: Api):
    class_id, _ = api.class_and_student()
    made = api.made_line_item(class_id)
    found = api.records("lineItems", filter=f"class.sourcedId='{class_id}'", limit=1000)
    assert made in [each["sourcedId"] for each in found]
    assert {each["class"]["sourcedId"] for each in found} == {class_id}


@pytest.mark.rule("q.filter")
def test_a_change_since_a_moment_is_found_by_its_time_stamp(api: Api):
    (first,) = api.made_categories(new_id()).values()
    moment = api.get("categories", first).json()["category"]["dateLastModified"]
    (later,) = api.made_categories(new_id()).values()
    found = api.ids("categories", filter=f"dateLastModified>='{moment}'", limit=1000)
    assert {first, later} <= set(found)
    assert api.ids("categories", filter="dateLastModified>'2199-01-01T00:00:00Z'") == []


@pytest.mark.rule("q.filter")
def test_a_role_filter_gives_that_role_only(api: Api):
    roles = {each["role"] for each in api.records("users", filter="role='teacher'", limit=50)}
    assert roles == {"teacher"}


@pytest.mark.rule("q.filter-or")
def test_or_lets_through_what_passes_either_side(api: Api):
    mark = new_id()
    made = api.made_categories(f"{mark} A", f"{mark} B", f"{mark} C")
    either = f"title='{mark} A' OR title='{mark} C'"
    assert set(api.ids("categories", filter=either)) == {made[f"{mark} A"], made[f"{mark} C"]}


@pytest.mark.rule("q.filter-unknown-field")
def test_a_filter_on_an_unknown_field_is_refused_and_named(api: Api):
    answer = api.get("users", filter="shoeSize='43'")
    assert (answer.status_code, minor_of(answer)) == (400, "invalid_filter_field")
    assert "shoeSize" in answer.json()["statusInfoSet"][0]["imsx_description"]


@pytest.mark.rule("q.filter-grammar")
@pytest.mark.parametrize("wrong", ["", "role", "role=student", "role='a' OR role='b' OR role='c'"])
def test_a_filter_against_the_grammar_is_refused(api: Api, wrong: str):
    assert api.get("users", filter=wrong).status_code == 400


@pytest.mark.rule("q.sort")
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_records_come_in_the_order_asked_for(api: Api, order: str):
    mark = new_id()
    api.made_categories(f"{mark} B", f"{mark} A", f"{mark} C")
    found = api.records("categories", filter=f"title~'{mark}'", sort="title", orderBy=order)
    titles = [each["title"] for each in found]
    assert titles == sorted(titles, reverse=order == "desc")


@pytest.mark.rule("q.sort-unknown-field")
def test_sorting_by_an_unknown_field_gives_the_data_and_a_warning(api: Api):
    answer = api.get("orgs", sort="shoeSize", limit=5)
    assert answer.status_code == 200
    assert answer.json()["orgs"]
    assert answer.json()["statusInfoSet"][0]["imsx_severity"] == "warning"
    assert minor_of(answer) == "invalid_sort_field"


@pytest.mark.rule("q.fields")
def test_only_the_fields_asked_for_are_given(api: Api):
    (record, *_) = api.records("users", fields="sourcedId,role", limit=1)
    assert set(record) == {"sourcedId", "role"}


@pytest.mark.rule("q.fields")
def test_an_unknown_field_gives_whole_records_and_a_warning(api: Api):
    answer = api.get("users", fields="sourcedId,shoeSize", limit=1)
    assert answer.status_code == 200
    assert "familyName" in answer.json()["users"][0]
    assert minor_of(answer) == "invalid_selection_field"


@pytest.mark.rule("q.blank-fields")
def test_asking_for_no_field_at_all_is_refused(api: Api):
    answer = api.get("users", fields="", limit=1)
    assert (answer.status_code, minor_of(answer)) == (400, "invalid_blank_selection_field")


@pytest.mark.rule("q.narrowing")
def test_a_read_below_a_school_gives_that_schools_records(api: Api):
    schools = [each for each in api.ids("schools") if api.ids("schools", each, "classes", limit=1)]
    found = api.records("schools", schools[0], "classes")
    assert {each["school"]["sourcedId"] for each in found} == {schools[0]}


@pytest.mark.rule("q.narrowing")
def test_students_of_a_class_are_students_enrolled_in_it(api: Api):
    class_id, _ = api.class_and_student()
    school = api.get("classes", class_id).json()["class"]["school"]["sourcedId"]
    enrolled = api.records("schools", school, "classes", class_id, "enrollments", limit=1000)
    students = {e["user"]["sourcedId"] for e in enrolled if e["role"] == "student"}
    found = api.records("classes", class_id, "students", limit=1000)
    assert {each["sourcedId"] for each in found} == students
    assert {each["role"] for each in found} == {"student"}


@pytest.mark.rule("q.narrowing")
@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("schools", "type", "school"),
        ("students", "role", "student"),
        ("teachers", "role", "teacher"),
        ("terms", "type", "term semester"),
        ("gradingPeriods", "type", "gradingPeriod"),
    ],
)
def test_a_path_named_for_a_kind_holds_that_kind_only(api: Api, path: str, field: str, value: str):
    assert {each[field] for each in api.records(path)} <= set(value.split())


@pytest.mark.rule("q.unknown-parent")
@pytest.mark.parametrize("path", ["schools/no-such/classes", "classes/no-such/students"])
def test_a_read_below_what_is_not_there_is_refused(api: Api, path: str):
    answer = api.get(*path.split("/"))
    assert (answer.status_code, minor_of(answer)) == (404, "unknown object")


@pytest.mark.rule("q.unknown-object")
@pytest.mark.parametrize(
    "path", ["users", "classes", "orgs", "lineItems", "results", "enrollments"]
)
def test_a_record_that_is_not_there_is_an_unknown_object(api: Api, path: str):
    answer = api.get(path, "no-such-record")
    assert (answer.status_code, minor_of(answer)) == (404, "unknown object")


@pytest.mark.rule("q.unknown-object")
def test_a_teacher_is_no_student(api: Api):
    teacher = api.ids("teachers", limit=1)[0]
    assert api.get("teachers", teacher).json()["user"]["sourcedId"] == teacher
    assert api.get("students", teacher).status_code == 404


def test_every_record_has_an_id_a_status_and_a_time_stamp(api: Api):
    for path in ("orgs", "academicSessions", "courses", "classes", "users", "enrollments"):
        for record in api.records(path, limit=5):
            assert record["sourcedId"]
            assert record["status"] in ("active", "tobedeleted")
            assert record["dateLastModified"].endswith("Z")


@pytest.mark.rule("q.href")
def test_references_lead_to_what_they_name(api: Api):
    (enrollment, *_) = api.records("enrollments", limit=1)
    for name in ("user", "class", "school"):
        there = api.get_url(enrollment[name]["href"])
        (record,) = there.json().values()
        assert record["sourcedId"] == enrollment[name]["sourcedId"]
