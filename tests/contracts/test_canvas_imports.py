"""How Canvas runs a SIS import: files, order, messages, queue."""

import pytest

from tests.contracts.canvas_api import RUNNING, Api, course, enrollments, messages, section, users
from tests.sandbox_process import Canvas

USERS = "user_id,login_id,full_name,status\n"


@pytest.fixture
def api(canvas: Canvas) -> Api:
    return Api(canvas)


@pytest.mark.rule("canvas.one-import-at-a-time")
def test_of_two_imports_one_waits_for_the_other(api: Api):
    many = USERS + "\n".join(f"@{n},@{n},Ada {n},active" for n in range(2500))
    begun = [api.begin(many.replace("@", f"@{letter}")) for letter in "ab"]
    at_once = 0
    running = True
    while running:
        found = [api.get(f"{api.account}/sis_imports/{each['id']}") for each in begun]
        importing = api.get(f"{api.account}/sis_imports/importing")["sis_imports"]
        at_once = max(at_once, len(importing))
        running = any(each["workflow_state"] in RUNNING for each in found)
    assert at_once <= 1


@pytest.mark.rule("canvas.header-decides")
def test_a_file_is_what_its_header_says_whatever_its_name(api: Api):
    api.sent_well(("courses.csv", users("@U")))
    assert api.users("@U")["login_id"] == api.id("@U")


@pytest.mark.rule("canvas.failure-keeps-others")
def test_an_unknown_header_fails_that_file_and_no_other(api: Api):
    done = api.send(("odd.csv", "colour,size\nred,3"), ("users.csv", users("@U")))
    assert done["workflow_state"] == "failed_with_messages"
    assert done["processing_errors"] == [["odd.csv", "Couldn't find Canvas CSV import headers"]]
    assert api.users("@U")["sis_user_id"] == api.id("@U")


@pytest.mark.rule("canvas.failure-keeps-others")
def test_a_malformed_file_fails_and_no_other(api: Api):
    done = api.send(("bad.csv", USERS + '@V,@V,O"Neil,active'), ("users.csv", users("@U")))
    assert done["processing_errors"] == [["bad.csv", "Malformed CSV"]]
    assert api.users("@U")["sis_user_id"] == api.id("@U")


@pytest.mark.rule("canvas.order-of-types")
def test_enrollments_come_after_what_they_need_wherever_the_file_stands(api: Api):
    api.sent_well(
        ("1.csv", enrollments("@S,@U,student,active")),
        ("2.csv", users("@U")),
        ("3.csv", section("@S")),
        ("4.csv", course("@C")),
    )
    assert [each["sis_user_id"] for each in api.enrolled()] == [api.id("@U")]


ROWS = {
    "user_id,login_id,status\n,a,active": "No user_id given for a user",
    "user_id,login_id,status\n@U,,active": "No login_id given for user @U",
    "user_id,login_id,status\n@U,@U,here": "Improper status for user @U",
    "user_id,login_id,status,authentication_provider_id\n@U,@U,active,99999": (
        "unrecognized authentication provider 99999 for @U, skipping"
    ),
    "course_id,short_name,long_name,status\n,a,b,active": "No course_id given for a course",
    "course_id,short_name,long_name,status\n@C,,b,active": "No short_name given for course @C",
    "course_id,short_name,long_name,status\n@C,a,,active": "No long_name given for course @C",
    "course_id,short_name,long_name,status\n@C,a,b,here": 'Improper status "here" for course @C',
    "course_id,short_name,long_name,status,account_id\n@C,a,b,active,@none": (
        'Account not found "@none" for course @C'
    ),
    "term_id,name,status\n,a,active": "No term_id given for a term",
    "term_id,name,status\n@T,,active": "No name given for term @T",
    "account_id,parent_account_id,name,status\n@A,@none,a,active": (
        "Parent account didn't exist for @A"
    ),
    "section_id,course_id,name,status\n@S,@none,a,active": (
        "Section @S references course @none which doesn't exist"
    ),
    "section_id,course_id,name,status\n@S,,a,active": "No course_id given for a section @S",
    "section_id,user_id,role,status\n,@U,student,active": (
        "No course_id or section_id given for an enrollment"
    ),
    "section_id,user_id,role,status\n@S,,student,active": "No user_id given for an enrollment",
    "section_id,user_id,role,status\n@S,@U,student,here": (
        'Improper status "here" for an enrollment'
    ),
    "course_id,section_id,user_id,role,status\n@C,@S,@nobody,student,active": (
        "User not found for enrollment (User ID: @nobody, Course ID: @C, Section ID: @S)"
    ),
    "old_id,new_id,type\n@gone,@new,course": (
        "An old_id, '@gone', referenced a non-existent course and was not changed."
    ),
}


@pytest.mark.rule("canvas.row-messages")
def test_each_bad_row_is_told_in_canvas_words(api: Api):
    done = [api.begin(file) for file in ROWS]
    told = [messages(api.finished(each)) for each in done]
    assert told == [[api.id(message)] for message in ROWS.values()]


SECTIONS = "course_id,section_id,user_id,role,status\n"


@pytest.mark.rule("canvas.row-messages")
def test_bad_enrollments_of_people_who_exist_are_told_in_canvas_words(api: Api):
    api.sent_well(course("@C"), course("@D"), section("@S"), users("@U"))
    rows = {
        "@X,@Y,@U,student,active": (
            "Neither course nor section existed for user enrollment "
            "(Course ID: @X, Section ID: @Y, User ID: @U)"
        ),
        "@C,@Y,@U,student,active": "An enrollment referenced a non-existent section @Y",
        "@X,@S,@U,student,active": "An enrollment referenced a non-existent course @X",
        "@D,@S,@U,student,active": (
            "An enrollment listed a section (@S) and a course (@D) that are unrelated for user (@U)"
        ),
        "@C,@S,@U,pupil,active": 'Improper role "pupil" for an enrollment',
    }
    done = api.send(SECTIONS + "\n".join(rows))
    assert messages(done) == [api.id(message) for message in rows.values()]


@pytest.mark.rule("canvas.row-messages")
def test_a_bad_date_of_an_enrollment_is_told_and_the_row_imported(api: Api):
    api.school()
    done = api.send("section_id,user_id,role,status,start_date,end_date\n@S,@T,teacher,active,x,y")
    assert messages(done) == [api.id("Bad date format for user @T in course ")]
    assert len(api.enrolled(**{"type[]": "TeacherEnrollment"})) == 1


@pytest.mark.rule("canvas.row-numbers")
def test_a_message_names_file_and_row_counting_the_header(api: Api):
    done = api.send(("people.csv", USERS + "@U,@U,Ada,active\n,x,Ben,active"))
    (error,) = api.get(f"{api.account}/sis_imports/{done['id']}/errors")["sis_import_errors"]
    assert (error["file"], error["row"]) == ("people.csv", 3)
    assert error["sis_import_id"] == done["id"]


@pytest.mark.rule("canvas.message-cap")
def test_an_import_shows_24_messages_and_the_list_of_errors_all(api: Api):
    done = api.send(USERS + "\n".join(f",@{n},Ada,active" for n in range(30)))
    assert len(done["processing_warnings"]) == 25
    path = f"{api.account}/sis_imports/{done['id']}/errors"
    assert len(api.get(path, per_page=100)["sis_import_errors"]) == 30


@pytest.mark.rule("canvas.skip-deletes")
def test_with_skip_deletes_nothing_is_deleted(api: Api):
    api.school()
    api.sent_well(enrollments("@S,@U,student,deleted"), skip_deletes=True)
    assert [each["enrollment_state"] for each in api.enrolled()] == ["active"]


@pytest.mark.rule("canvas.change-sis-id")
def test_a_new_sis_id_counts_for_the_other_files_of_the_same_import(api: Api):
    api.school()
    before = api.users("@U")["id"]
    renamed = "old_id,new_id,type\n@U,@N,user"
    api.sent_well(("1.csv", enrollments("@S,@N,ta,active")), ("2.csv", renamed))
    assert api.users("@N")["id"] == before


@pytest.mark.rule("canvas.root-only")
def test_a_sub_account_takes_no_imports(api: Api):
    api.sent_well("account_id,parent_account_id,name,status\n@A,,Sub,active")
    answer = api.ask("POST", "accounts/sis_account_id:@A/sis_imports", data="a", params={})
    assert answer.status_code == 400
    assert answer.json() == {"errors": ["SIS imports can only be executed on root accounts"]}


@pytest.mark.parametrize(
    "name",
    ["batch_mode_enrollment_drop_status", "diffing_drop_status", "diffing_user_remove_status"],
)
def test_an_unknown_status_for_what_is_dropped_is_refused(api: Api, name: str):
    answer = api.ask(
        "POST",
        f"{api.account}/sis_imports",
        data={name: "gone"},
        files={"attachment": ("users.csv", users("@U"), "text/csv")},
    )
    assert answer.status_code == 400
    assert f"Invalid {name}" in answer.text
