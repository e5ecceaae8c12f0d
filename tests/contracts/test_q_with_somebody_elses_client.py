"""A public OneRoster client, made by others for other providers, works against Q unchanged."""

from collections.abc import Iterator
from datetime import UTC, datetime

import oneroster_client as theirs
import pytest

from tests.contracts.q_api import ask_token, new_id
from tests.sandbox_process import Q

MOMENT = datetime(2026, 2, 3, 8, tzinfo=UTC)

READS = {
    "academic_sessions": theirs.AcademicSessionsManagementApi,
    "categories": theirs.CategoriesManagementApi,
    "classes": theirs.ClassesManagementApi,
    "courses": theirs.CoursesManagementApi,
    "demographics": theirs.DemographicsManagementApi,
    "enrollments": theirs.EnrollmentsManagementApi,
    "grading_periods": theirs.GradingPeriodsManagementApi,
    "line_items": theirs.LineItemsManagementApi,
    "orgs": theirs.OrgsManagementApi,
    "resources": theirs.ResourcesManagementApi,
    "results": theirs.ResultsManagementApi,
    "schools": theirs.SchoolsManagementApi,
    "students": theirs.StudentsManagementApi,
    "teachers": theirs.TeachersManagementApi,
    "terms": theirs.TermsManagementApi,
    "users": theirs.UsersManagementApi,
}
# `terms`: a district may have semesters only, which are another type of session.
MAY_BE_EMPTY = {"demographics", "line_items", "resources", "results", "terms"}


@pytest.fixture
def client(q: Q) -> Iterator[theirs.ApiClient]:
    configuration = theirs.Configuration()
    configuration.host = q.url
    configuration.access_token = ask_token(q).json()["access_token"]
    return theirs.ApiClient(configuration)


def records(answer: object) -> list[object]:
    """The one list in an answer, whose name differs by collection."""
    (found,) = (getattr(answer, name) for name in answer.swagger_types)
    return found or []


@pytest.mark.parametrize("name", READS)
def test_their_client_reads_and_checks_each_collection(client: theirs.ApiClient, name: str):
    found = records(getattr(READS[name](client), f"get_{name}")(limit=20))
    assert found or name in MAY_BE_EMPTY
    assert all(each.status in ("active", "tobedeleted") for each in found)


def test_their_client_reads_page_after_page_to_the_end(client: theirs.ApiClient):
    orgs = theirs.OrgsManagementApi(client)
    whole = [each.sourced_id for each in orgs.get_orgs(limit=1000).orgs]
    paged = [orgs.get_orgs(limit=1, offset=n).orgs[0].sourced_id for n in range(len(whole[:20]))]
    assert paged == whole[:20]


def test_their_client_filters_and_reads_below_a_class(client: theirs.ApiClient):
    teachers = theirs.UsersManagementApi(client).get_users(filter="role='teacher'", limit=5).users
    assert {each.role for each in teachers} == {"teacher"}
    class_id = theirs.ClassesManagementApi(client).get_classes(limit=1).classes[0].sourced_id
    found = theirs.TeachersManagementApi(client).get_teachers_for_class(class_id).users
    assert {each.role for each in found} <= {"teacher"}


def ref(sourced_id: str, kind: str) -> theirs.GUIDRefType:
    return theirs.GUIDRefType(href="-", sourced_id=sourced_id, type=kind)


@pytest.fixture
def line_item(client: theirs.ApiClient) -> Iterator[theirs.LineItemType]:
    """A line item of the first class, put there by their client."""
    class_id = theirs.ClassesManagementApi(client).get_classes(limit=1).classes[0].sourced_id
    category = theirs.CategoriesManagementApi(client).get_categories(limit=1).categories[0]
    item = theirs.LineItemType(
        sourced_id=new_id(),
        status="active",
        date_last_modified=MOMENT,
        title="Theirs",
        assign_date=MOMENT,
        due_date=MOMENT,
        _class=ref(class_id, "class"),
        category=ref(category.sourced_id, "category"),
        result_value_min=0.0,
        result_value_max=10.0,
    )
    api = theirs.LineItemsManagementApi(client)
    api.put_line_item(theirs.SingleLineItemType(line_item=item), item.sourced_id)
    yield item
    api.delete_line_item(item.sourced_id)


def test_their_client_writes_a_line_item_and_a_result(
    client: theirs.ApiClient, line_item: theirs.LineItemType
):
    student = theirs.StudentsManagementApi(client).get_students(limit=1).users[0]
    result = theirs.ResultType(
        sourced_id=new_id(),
        status="active",
        date_last_modified=MOMENT,
        line_item=ref(line_item.sourced_id, "lineItem"),
        student=ref(student.sourced_id, "user"),
        score_status="fully graded",
        score=7.5,
        score_date=MOMENT.date(),
    )
    api = theirs.ResultsManagementApi(client)
    api.put_result(theirs.SingleResultType(result=result), result.sourced_id)
    assert api.get_result(result.sourced_id).result.score == 7.5
    api.delete_result(result.sourced_id)
