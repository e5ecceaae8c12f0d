"""How Canvas answers over REST: pages, ids, refusals, throttling, reports."""

import csv
import http.client
import io
import select
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.contracts.canvas_api import TIMEOUT, Api, course, enrollments, section, users
from tests.sandbox_process import Canvas

PEOPLE = [f"@U{n:03}" for n in range(130)]
USER_COLUMNS = [
    "canvas_user_id",
    "user_id",
    "integration_id",
    "authentication_provider_id",
    "login_id",
    "first_name",
    "last_name",
    "full_name",
    "sortable_name",
    "short_name",
    "email",
    "status",
]


@pytest.fixture
def api(canvas: Canvas) -> Api:
    return Api(canvas)


@pytest.fixture(scope="module")
def full(canvas: Canvas) -> Api:
    """A Canvas with 130 students in one section."""
    api = Api(canvas)
    rows = [f"@S,{each},student,active" for each in PEOPLE]
    api.sent_well(course("@C"), section("@S"), users(*PEOPLE), enrollments(*rows))
    return api


@pytest.mark.rule("canvas.page-clamp")
def test_a_page_has_10_by_default_and_100_at_most(full: Api):
    path = "courses/sis_course_id:@C/enrollments"
    assert len(full.get(path)) == 10
    assert len(full.get(path, per_page=500)) == 100


@pytest.mark.rule("canvas.bookmarks")
def test_the_next_page_is_told_by_the_link_only_and_leads_to_the_end(full: Api):
    pages = list(full.pages("sections/sis_section_id:@S/enrollments", per_page=20))
    following = parse_qs(urlsplit(pages[0].links["next"]["url"]).query)["page"]
    assert following[0].startswith("bookmark:")
    ids = [each["sis_user_id"] for page in pages for each in page.json()]
    assert sorted(ids) == [full.id(each) for each in PEOPLE]


@pytest.mark.rule("canvas.string-ids")
def test_ids_come_as_strings_for_who_accepts_them_so(full: Api):
    wish = {"Accept": "application/json+canvas-string-ids"}
    found = full.ask("GET", "courses/sis_course_id:@C/enrollments", headers=wish).json()[0]
    ids = [found["id"], found["course_id"], found["user"]["id"], found["root_account_id"]]
    assert all(isinstance(each, str) for each in ids)
    assert isinstance(full.get("courses/sis_course_id:@C")["id"], int)


def test_who_asks_about_themselves_is_told_of_nothing_deleted(api: Api):
    asked = {"state[]": ["active", "deleted"]}
    answer = api.ask("GET", "users/self/enrollments", params=asked)
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid state deleted"})


@pytest.mark.rule("canvas.no-token")
@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "user authorization required"),
        ({"Authorization": "Bearer wrong"}, "Invalid access token."),
    ],
)
def test_without_a_good_token_there_is_401_and_how_to_come_in(
    canvas: Canvas, headers: dict[str, str], message: str
):
    answer = requests.get(f"{canvas.url}/api/v1/accounts/self", headers=headers, timeout=TIMEOUT)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="canvas-lms"'
    assert answer.json()["errors"] == [{"message": message}]


@contextmanager
def under_way(canvas: Canvas, count: int) -> Iterator[list[http.client.HTTPConnection]]:
    """So many calls of which the server has the head, and waits for the body."""
    parts = urlsplit(canvas.url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    with ExitStack() as stack:
        calls = []
        for _ in range(count):
            call = stack.enter_context(closing(kinds[parts.scheme](parts.netloc, timeout=30)))
            call.putrequest("POST", f"/api/v1/accounts/{canvas.account_id}/sis_imports")
            call.putheader("Authorization", f"Bearer {canvas.token}")
            call.putheader("Content-Type", "text/csv")
            call.putheader("Content-Length", "4")
            call.endheaders()
            calls.append(call)
        yield calls


@pytest.mark.rule("canvas.throttle")
def test_of_many_calls_under_way_the_last_are_refused_as_text(canvas: Canvas):
    with under_way(canvas, 16) as calls:
        # None of them can be answered yet, unless it is refused.
        answered, _, _ = select.select([call.sock for call in calls], [], [], 5)
        refused = next((call for call in calls if call.sock in answered), None)
        assert refused, "all were let in"
        answer = refused.getresponse()
        assert (answer.status, answer.headers["X-Rate-Limit-Remaining"]) == (403, "0.0")
        assert answer.read().strip() == b"403 Forbidden (Rate Limit Exceeded)"


@pytest.mark.rule("canvas.throttle")
def test_every_answer_tells_its_cost_and_what_remains(api: Api):
    headers = api.ask("GET", "accounts/self").headers
    assert float(headers["X-Rate-Limit-Remaining"]) <= 600
    assert 0 <= float(headers["X-Request-Cost"]) < 50


@pytest.mark.rule("canvas.report-shape")
def test_one_sheet_of_the_provisioning_report_is_a_csv_with_the_known_columns(full: Api):
    answer = full.report("provisioning_csv", users=1)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0])[:12] == USER_COLUMNS
    mine = [row for row in rows if row["user_id"] == full.id(PEOPLE[0])]
    assert [(row["status"], row["created_by_sis"]) for row in mine] == [("active", "true")]


@pytest.mark.rule("canvas.report-shape")
def test_several_sheets_come_in_a_zip(full: Api):
    answer = full.report("provisioning_csv", courses=1, sections=1, enrollments=1)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = sorted(archive.namelist())
        rows = csv.DictReader(io.TextIOWrapper(archive.open("enrollments.csv")))
        first = next(row for row in rows if row["section_id"] == full.id("@S"))
    assert names == ["courses.csv", "enrollments.csv", "sections.csv"]
    assert next(iter(first)) == "canvas_course_id"
    assert (first["role"], first["status"]) == ("student", "active")


def test_what_is_not_there_is_told_as_404(api: Api):
    answer = api.ask("GET", "courses/sis_course_id:@nowhere")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["message"] == "The specified resource does not exist."
