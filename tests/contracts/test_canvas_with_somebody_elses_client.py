"""A public Canvas client, unchanged, gets along with the server under test."""

import time
from pathlib import Path

import canvasapi
import pytest
from canvasapi.account import Account, AccountReport
from canvasapi.exceptions import BadRequest, InvalidAccessToken, ResourceDoesNotExist
from canvasapi.sis_import import SisImport

from tests.contracts.canvas_api import Api, course, enrollments, section, users
from tests.sandbox_process import Canvas

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly:UserWarning")


@pytest.fixture
def client(canvas: Canvas) -> canvasapi.Canvas:
    return canvasapi.Canvas(canvas.url, canvas.token)


@pytest.fixture
def account(client: canvasapi.Canvas, canvas: Canvas) -> Account:
    return client.get_account(int(canvas.account_id))


@pytest.fixture
def api(canvas: Canvas) -> Api:
    api = Api(canvas)
    people = [f"@{n}" for n in range(25)]
    rows = [f"@S,{each},student,active" for each in people]
    api.sent_well(course("@C"), section("@S"), users(*people), enrollments(*rows))
    return api


def ended(account: Account, begun: SisImport) -> SisImport:
    while begun.workflow_state in {"created", "importing"}:
        time.sleep(0.05)
        begun = account.get_sis_import(begun.id)
    return begun


def test_it_imports_a_file_and_waits_for_the_end(account: Account, tmp_path: Path):
    file = tmp_path / "people.csv"
    file.write_text("user_id,login_id,full_name,status\ncanvasapi,canvasapi,Ada Api,active\n,,,\n")
    done = ended(account, account.create_sis_import(str(file)))
    assert done.workflow_state == "imported_with_messages"
    assert done.data["counts"]["users"] == 1
    assert [each["display_name"] for each in done.csv_attachments] == ["people.csv"]


def test_it_reads_courses_sections_enrollments_and_users(client: canvasapi.Canvas, api: Api):
    found = client.get_course(api.id("@C"), use_sis_id=True)
    assert api.id("@S") in [each.sis_section_id for each in found.get_sections()]
    assert len(list(found.get_enrollments(per_page=5))) == 25
    user = client.get_user(api.id("@7"), "sis_user_id")
    assert user.sis_user_id == api.id("@7")


def test_it_lists_what_the_account_holds(account: Account, api: Api):
    assert api.id("@C") in [each.sis_course_id for each in account.get_courses()]
    assert api.id("@7") in [
        each.sis_user_id for each in account.get_users(search_term=api.id("@7"))
    ]
    assert "Default Term" in [each.name for each in account.get_enrollment_terms()]


def test_it_gets_a_report(account: Account):
    begun: AccountReport = account.create_report("provisioning_csv", parameters={"terms": True})
    while begun.status != "complete":
        time.sleep(0.05)
        begun = account.get_report("provisioning_csv", begun.id)
    assert begun.attachment["filename"].endswith(".csv")


def test_it_edits_a_course_by_hand(client: canvasapi.Canvas, api: Api):
    found = client.get_course(api.id("@C"), use_sis_id=True)
    found.update(course={"name": "By hand", "event": "offer"})
    assert client.get_course(found.id).workflow_state == "available"


def test_it_understands_the_refusals(client: canvasapi.Canvas, canvas: Canvas, api: Api):
    with pytest.raises(ResourceDoesNotExist):
        client.get_course(1 << 40)
    with pytest.raises(InvalidAccessToken):
        canvasapi.Canvas(canvas.url, "wrong").get_account(1)
    api.sent_well("account_id,parent_account_id,name,status\n@A,,Sub,active")
    sub = client.get_account(api.id("@A"), use_sis_id=True)
    with pytest.raises(BadRequest):
        sub.get_sis_imports()[0]
