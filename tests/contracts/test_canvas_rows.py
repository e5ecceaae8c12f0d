"""What a row of a SIS import does to what is there, above all what it leaves out."""

import csv
import io

import pytest

from tests.contracts.canvas_api import Api, course, enrollments, messages, section, user, users
from tests.sandbox_process import Canvas

DATES = "start_date,end_date"
ADDRESS = "@(at)example.org"
SUMMER = "2026-06-01T00:00:00Z,2026-07-01T00:00:00Z"


@pytest.fixture
def api(canvas: Canvas) -> Api:
    return Api(canvas)


def term(columns: str = "", values: str = "") -> str:
    return f"term_id,name,status{columns}\n@T,Term,active{values}"


@pytest.mark.rule("canvas.provider-blank-clears")
@pytest.mark.parametrize("column", ["", "authentication_provider_id"])
def test_a_user_row_without_provider_takes_it_away(api: Api, column: str):
    provider = api.get(f"{api.account}/authentication_providers")[0]["id"]
    api.sent_well(user("@U", "authentication_provider_id", str(provider)))
    assert api.login()["authentication_provider_id"] == provider
    api.sent_well(user("@U", column))
    assert api.login()["authentication_provider_id"] is None


@pytest.mark.rule("canvas.integration-id-blank-clears")
@pytest.mark.parametrize("column", ["", "integration_id"])
def test_a_course_or_section_row_without_integration_id_takes_it_away(api: Api, column: str):
    api.sent_well(course("@C", "integration_id", "@I"), section("@S", "integration_id", "@J"))
    assert api.course()["integration_id"] == api.id("@I")
    api.sent_well(course("@C", column), section("@S", column))
    assert (api.course()["integration_id"], api.section()["integration_id"]) == (None, None)


@pytest.mark.rule("canvas.integration-id-blank-clears")
def test_a_term_row_without_integration_id_takes_it_away(api: Api):
    api.sent_well(term(",integration_id", ",@I"))
    api.sent_well(term())
    rows = csv.DictReader(io.StringIO(api.report("provisioning_csv", terms=1).text))
    assert [row["integration_id"] for row in rows if row["term_id"] == api.id("@T")] == [""]


@pytest.mark.rule("canvas.dates-blank-clear")
def test_blank_dates_clear_those_of_a_term(api: Api):
    api.sent_well(term(f",{DATES}", f",{SUMMER}"))
    path = f"{api.account}/terms/sis_term_id:@T"
    assert api.get(path)["start_at"] == "2026-06-01T00:00:00Z"
    api.sent_well(term(f",{DATES}", ",,"))
    assert api.get(path)["start_at"] is None


@pytest.mark.rule("canvas.dates-blank-clear")
def test_blank_dates_clear_those_of_a_section(api: Api):
    api.sent_well(course("@C"), section("@S", DATES, SUMMER))
    assert api.section()["end_at"] == "2026-07-01T00:00:00Z"
    api.sent_well(section("@S", DATES, ","))
    assert api.section()["end_at"] is None


@pytest.mark.rule("canvas.dates-blank-clear")
def test_blank_dates_clear_those_of_an_enrollment(api: Api):
    api.school()
    header = f"section_id,user_id,role,status,{DATES}\n"
    api.sent_well(f"{header}@S,@U,student,active,{SUMMER}")
    assert api.enrolled()[0]["start_at"] == "2026-06-01T00:00:00Z"
    api.sent_well(f"{header}@S,@U,student,active,,")
    assert api.enrolled()[0]["start_at"] is None


@pytest.mark.rule("canvas.blanks-that-keep")
def test_blank_dates_keep_those_of_a_course(api: Api):
    api.sent_well(course("@C", DATES, SUMMER))
    api.sent_well(course("@C", DATES, ","))
    assert api.course()["start_at"] == "2026-06-01T00:00:00Z"


@pytest.mark.rule("canvas.blanks-that-keep")
def test_a_blank_e_mail_keeps_the_one_there(api: Api):
    api.sent_well(user("@U", "email", ADDRESS))
    api.sent_well(user("@U", "email", ""))
    assert api.users()["email"] == api.id(ADDRESS)


@pytest.mark.rule("canvas.blanks-that-keep")
def test_a_blank_account_keeps_the_course_where_it_is(api: Api):
    api.sent_well(
        "account_id,parent_account_id,name,status\n@A,,Sub,active",
        course("@C", "account_id", "@A"),
    )
    before = api.course()["account_id"]
    api.sent_well(course("@C", "account_id", ""))
    assert api.course()["account_id"] == before


@pytest.mark.rule("canvas.sticky")
def test_what_a_person_changed_an_import_leaves_alone(api: Api):
    api.school()
    api.put("courses/sis_course_id:@C", **{"course[name]": "By hand"})
    api.put("users/sis_user_id:@U", **{"user[name]": "Bea By-Hand"})
    api.sent_well(course("@C"), users("@U"))
    assert (api.course()["name"], api.users()["name"]) == ("By hand", "Bea By-Hand")


@pytest.mark.rule("canvas.override-sticky")
def test_an_import_may_be_told_to_change_even_that(api: Api):
    api.sent_well(course("@C"))
    api.put("courses/sis_course_id:@C", **{"course[name]": "By hand"})
    api.sent_well(course("@C"), override_sis_stickiness=True)
    assert api.course()["name"] == api.id("Course @C")


@pytest.mark.rule("canvas.unknown-term-ignored")
def test_an_unknown_term_is_passed_over_in_silence(api: Api):
    api.sent_well(course("@C", "term_id", "@nowhere"))
    assert api.get("courses/sis_course_id:@C?include[]=term")["term"]["name"] == "Default Term"


@pytest.mark.rule("canvas.login-claimed")
def test_a_login_of_another_sis_id_is_a_row_error(api: Api):
    api.sent_well(users("@U"))
    done = api.send(user("@V", login="@U"))
    assert messages(done) == [
        api.id(
            "An existing Canvas user with the SIS ID @U has already claimed "
            "@V's user_id requested login information, skipping"
        )
    ]


@pytest.mark.rule("canvas.login-claimed")
def test_a_login_of_another_sis_id_is_taken_over_on_request_only(api: Api):
    api.sent_well(users("@U"))
    before = api.users("@U")["id"]
    assert api.send(user("@V", login="@U"))["workflow_state"] == "imported_with_messages"
    api.sent_well(user("@V", login="@U"), update_sis_id_if_login_claimed=True)
    assert api.users("@V")["id"] == before


@pytest.mark.rule("canvas.login-adopted")
def test_a_login_without_sis_id_is_adopted(api: Api):
    form = {"user[name]": "Bea", "pseudonym[unique_id]": api.id("@bea")}
    made = api.post(f"{api.account}/users", **form)
    api.sent_well(user("@U", login="@BEA"))
    assert api.users()["id"] == made["id"]


@pytest.mark.rule("canvas.active-does-not-unpublish")
def test_active_leaves_a_published_course_published(api: Api):
    api.sent_well(course("@C"))
    assert api.course()["workflow_state"] == "unpublished"
    api.sent_well(course("@C", status="published"))
    api.sent_well(course("@C", status="active"))
    assert api.course()["workflow_state"] == "available"


@pytest.mark.rule("canvas.active-does-not-unpublish")
def test_a_concluded_course_comes_back_published(api: Api):
    for status in ("active", "completed", "active", "active"):
        api.sent_well(course("@C", status=status))
    assert api.course()["workflow_state"] == "available"


@pytest.mark.rule("canvas.default-section")
def test_an_enrollment_without_section_goes_to_the_default_section(api: Api):
    api.sent_well(course("@C"), users("@U"))
    api.sent_well("course_id,user_id,role,status\n@C,@U,student,active")
    (found,) = api.enrolled("courses/sis_course_id:@C")
    assert found["sis_section_id"] is None
    assert api.get(f"sections/{found['course_section_id']}")["name"] == api.id("Course @C")


@pytest.mark.rule("canvas.enrollment-identity")
def test_a_person_in_two_sections_has_two_enrollments(api: Api):
    api.school()
    api.sent_well(section("@S2"), enrollments("@S2,@U,student,active"))
    found = api.enrolled("courses/sis_course_id:@C")
    assert {each["sis_section_id"] for each in found} == {api.id("@S"), api.id("@S2")}


@pytest.mark.rule("canvas.enrollment-identity")
def test_another_role_is_another_enrollment_and_the_same_one_is_kept(api: Api):
    api.school()
    before = api.enrolled()[0]["id"]
    api.sent_well(section("@S2"), enrollments("@S,@U,ta,active", "@S,@U,student,active"))
    api.sent_well(enrollments("@S2,@U,student,active"))
    found = api.enrolled("courses/sis_course_id:@C", **{"type[]": "StudentEnrollment"})
    assert len(found) == 2
    assert before in [each["id"] for each in found]


@pytest.mark.rule("canvas.section-moves")
def test_a_section_moves_to_another_course_with_its_people(api: Api):
    api.school()
    api.sent_well(course("@D"), section("@S", of="@D"))
    assert api.section()["sis_course_id"] == api.id("@D")
    assert len(api.enrolled("courses/sis_course_id:@D")) == 1


@pytest.mark.rule("canvas.cross-listed-stays")
def test_a_cross_listed_section_stays_when_its_own_course_is_sent(api: Api):
    api.school()
    xlist = "xlist_course_id,section_id,status\n@X,@S,"
    api.sent_well(course("@X"), f"{xlist}active")
    api.sent_well(section("@S"))
    assert api.section()["sis_course_id"] == api.id("@X")
    assert api.section()["nonxlist_course_id"] == api.course("@C")["id"]


@pytest.mark.rule("canvas.observers-enrolled")
def test_who_observes_a_student_is_enrolled_beside_the_student(api: Api):
    api.school()
    api.sent_well(users("@O"), "observer_id,student_id,status\n@O,@U,active")
    (found,) = api.enrolled(**{"type[]": "ObserverEnrollment"})
    assert found["associated_user_id"] == api.users("@U")["id"]
    api.sent_well("observer_id,student_id,status\n@O,@U,deleted")
    assert api.enrolled(**{"type[]": "ObserverEnrollment"}) == []
