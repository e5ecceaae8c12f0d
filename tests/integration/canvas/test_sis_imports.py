"""Imports: handed over once, waited for patiently, their refused rows told."""

import pytest

from integration.canvas.errors import (
    Forbidden,
    ImportsNotEnabled,
    ImportStillRunning,
    NotFound,
    NotRootAccount,
    ProtocolError,
    Unavailable,
)
from integration.canvas.polling import interval
from integration.http import BodyCut

IMPORTS = "/api/v1/accounts/self/sis_imports"
ONE = f"{IMPORTS}/812"


def in_state(state, **more):
    return {"id": 812, "workflow_state": state, "progress": 40, **more}


FULL = in_state(
    "imported_with_messages",
    created_at="2026-08-01T06:00:02Z",
    ended_at="2026-08-01T06:10:02Z",
    data={
        "counts": {"users": 346, "enrollments": 1542},
        "statistics": {"total_state_changes": 382, "Course": {"created": 18, "deleted": 0}},
    },
    processing_warnings=[["users.csv", "No login_id given for user X"]],
    processing_errors=[["courses.csv", "Malformed CSV"]],
    csv_attachments=[{"id": 1, "display_name": "qsync-17-users.csv"}],
    errors_attachment={"url": "https://files.example/e.csv"},
    user={"id": 5, "name": "Service Admin"},
)


def test_an_archive_is_sent_as_a_form_with_its_parameters(canvas, client):
    canvas.on(IMPORTS, canvas.json(in_state("created")), method="POST")
    params = {"override_sis_stickiness": "true"}
    assert client.start_import(b"PK..", filename="qsync-17.zip", params=params).id == "812"
    request = canvas.requests[0]
    assert request.form.to_dict() == {"import_type": "instructure_csv", **params}
    sent = request.files["attachment"]
    assert (sent.filename, sent.mimetype) == ("qsync-17.zip", "application/zip")
    assert sent.read() == b"PK.."


def test_a_single_file_is_sent_as_csv(canvas, client, tmp_path):
    path = tmp_path / "users.csv"
    path.write_text("user_id\n")
    canvas.on(IMPORTS, canvas.json(in_state("created")), method="POST")
    client.start_import(path, filename="users.csv")
    assert canvas.requests[0].files["attachment"].mimetype == "text/csv"


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_upload_canvas_may_have_taken_is_not_sent_twice(canvas, client, status):
    canvas.on(IMPORTS, canvas.bytes(b"<html>", status, "text/html"), method="POST")
    with pytest.raises(Unavailable) as caught:
        client.start_import(b"PK", filename="a.zip")
    assert caught.value.sent
    assert len(canvas.requests) == 1


def test_an_upload_whose_answer_is_lost_is_not_sent_twice(canvas, client):
    canvas.on(IMPORTS, canvas.hang_up(), method="POST")
    with pytest.raises(BodyCut) as caught:
        client.start_import(b"PK", filename="a.zip")
    assert caught.value.sent
    assert len(canvas.requests) == 1


def test_an_upload_answered_by_a_proxys_page_is_an_error(canvas, client):
    canvas.on(IMPORTS, canvas.bytes(b"<html>", kind="text/html"), method="POST")
    with pytest.raises(ProtocolError) as caught:
        client.start_import(b"PK", filename="a.zip")
    assert caught.value.sent


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (403, "SIS imports are not enabled for this account", ImportsNotEnabled),
        (400, "SIS imports can only be executed on root accounts", NotRootAccount),
    ],
)
def test_an_account_that_takes_no_imports_says_why(canvas, client, status, message, kind):
    canvas.on(IMPORTS, canvas.json({"errors": [message]}, status), method="POST")
    with pytest.raises(kind, match=message) as caught:
        client.start_import(b"PK", filename="a.zip")
    assert not caught.value.sent


def test_an_import_is_read_whole(canvas, client):
    canvas.on(ONE, canvas.json(FULL))
    found = client.sis_import("812")
    assert (found.id, found.progress, found.is_final, found.is_successful) == (
        "812",
        40,
        True,
        True,
    )
    assert found.counts["users"] == 346
    assert found.statistics == {"Course": {"created": 18, "deleted": 0}}
    assert found.warnings == (("users.csv", "No login_id given for user X"),)
    assert found.errors == (("courses.csv", "Malformed CSV"),)
    assert (found.file_names, found.user_id) == (("qsync-17-users.csv",), "5")


def test_an_import_just_made_has_nothing_to_tell_yet(canvas, client):
    canvas.on(ONE, canvas.json(in_state("created", data=None, ended_at=None)))
    found = client.sis_import("812")
    assert (found.counts, found.warnings, found.file_names) == ({}, (), ())


@pytest.mark.parametrize(
    ("state", "ended_at", "is_final"),
    [
        ("initializing", None, False),
        ("created", None, False),
        ("importing", None, False),
        ("cleanup_batch", None, False),
        ("imported", None, True),
        ("imported_with_messages", None, True),
        ("failed", None, True),
        ("failed_with_messages", None, True),
        ("aborted", None, True),
        ("restoring", None, True),
        ("restored", None, True),
        ("partially_restored", None, True),
        ("of_a_newer_canvas", None, False),
        ("of_a_newer_canvas", "2026-08-01T06:00:02Z", True),
    ],
)
def test_each_state_is_final_or_not(canvas, client, state, ended_at, is_final):
    canvas.on(ONE, canvas.json(in_state(state, ended_at=ended_at)))
    assert client.sis_import("812").is_final is is_final


def test_recent_imports_are_listed_from_a_moment_on(canvas, client):
    canvas.on(IMPORTS, canvas.json({"sis_imports": [in_state("imported")]}))
    found = list(client.recent_imports(created_since="2026-08-01T00:00:00Z"))
    assert [each.id for each in found] == ["812"]
    assert canvas.requests[0].args["created_since"] == "2026-08-01T00:00:00Z"


def test_what_stands_in_the_queue_is_told_even_if_canvas_does_not_filter(canvas, client):
    both = [in_state("imported"), in_state("importing") | {"id": 813}]
    canvas.on(IMPORTS, canvas.json({"sis_imports": both}))
    assert [each.id for each in client.unfinished_imports()] == ["813"]


# an import whose answer was lost

SINCE = "2026-08-01T00:00:00Z"
OURS = [{"id": 1, "display_name": "users-qsync-17.csv", "filename": "users.csv"}]
THEIRS = [{"id": 2, "display_name": "users.csv"}]


def listed(canvas, *imports):
    canvas.on(IMPORTS, canvas.json({"sis_imports": imports}))


def test_an_import_is_found_by_the_name_of_its_files(canvas, client):
    others = in_state("imported", csv_attachments=THEIRS) | {"id": 811}
    listed(canvas, others, in_state("importing", csv_attachments=OURS))
    assert client.find_import("qsync-17", created_since=SINCE).id == "812"


def test_an_import_canvas_never_got_is_not_found(canvas, client):
    listed(canvas, in_state("importing", csv_attachments=THEIRS), in_state("failed"))
    assert client.find_import("qsync-17", created_since=SINCE) is None


@pytest.mark.fault("F35")
def test_a_queued_import_without_names_may_be_ours_so_nothing_is_sent(canvas, client):
    listed(canvas, in_state("created"), in_state("imported", csv_attachments=THEIRS))
    with pytest.raises(ImportStillRunning) as caught:
        client.find_import("qsync-17", created_since=SINCE)
    assert caught.value.sis_import.id == "812"


def test_ours_is_found_even_while_another_waits_without_names(canvas, client):
    listed(canvas, in_state("created") | {"id": 813}, in_state("imported", csv_attachments=OURS))
    assert client.find_import("qsync-17", created_since=SINCE).id == "812"


# waiting


def states(canvas, *names):
    canvas.on(ONE, *(canvas.json(in_state(name)) for name in names))


def test_waiting_ends_with_the_import_and_tells_progress(canvas, client, time):
    states(canvas, "created", "importing", "imported")
    told = []
    found = client.wait_for_import("812", on_progress=lambda seen: told.append(seen.workflow_state))
    assert (found.workflow_state, told) == ("imported", ["created", "importing", "imported"])
    assert time.slept == [5, 5]


def test_looks_become_rarer_the_longer_it_takes():
    assert [interval(waited) for waited in (0, 59, 60, 600, 3599, 3600, 10**6)] == [
        5, 5, 15, 30, 30, 60, 60,
    ]  # fmt: skip


@pytest.mark.fault("F35")
def test_an_import_that_does_not_move_is_given_up_but_not_forgotten(canvas, client, time):
    states(canvas, "initializing")
    with pytest.raises(ImportStillRunning) as caught:
        client.wait_for_import("812", give_up_after=7200)
    assert caught.value.sis_import.workflow_state == "initializing"
    assert caught.value.retryable
    assert 7200 <= sum(time.slept) < 7200 + 60


def test_a_canvas_that_is_away_for_a_while_does_not_end_the_waiting(canvas, client):
    away = canvas.bytes(b"<html>", 500, "text/html")
    canvas.on(ONE, *[away] * 12, canvas.json(in_state("imported")))
    assert client.wait_for_import("812").workflow_state == "imported"


def test_a_canvas_that_stays_away_ends_the_waiting(canvas, client):
    canvas.on(ONE, canvas.bytes(b"<html>", 500, "text/html"))
    with pytest.raises(Unavailable):
        client.wait_for_import("812", give_up_after=600)


def test_an_import_that_is_gone_ends_the_waiting_at_once(client, time):
    with pytest.raises(NotFound):
        client.wait_for_import("812")
    assert time.slept == []


# refused rows

ROW = {"sis_import_id": 812, "file": "users.csv", "message": "No login_id", "row": 34}


def test_refused_rows_are_read_to_the_last_page(canvas, client):
    first = {"sis_import_errors": [ROW]}
    link = f'<{canvas.url}{ONE}/errors?page=2>; rel="next"'
    canvas.on(f"{ONE}/errors", canvas.json(first, Link=link))
    canvas.on(f"{ONE}/errors?page=2", canvas.json({"sis_import_errors": [ROW | {"row": 35}]}))
    assert [(e.file, e.row, e.message) for e in client.import_errors("812")] == [
        ("users.csv", 34, "No login_id"),
        ("users.csv", 35, "No login_id"),
    ]


def test_the_other_spelling_of_the_path_is_tried(canvas, client):
    canvas.on(f"{ONE}/sis_import_errors", canvas.json({"sis_import_errors": [ROW]}))
    assert [error.row for error in client.import_errors("812")] == [34]


def test_the_attachment_is_read_where_there_is_no_list(canvas, client):
    told = in_state("imported_with_messages", errors_attachment={"url": f"{canvas.url}/e.csv"})
    canvas.on(ONE, canvas.json(told))
    csv = b'\xef\xbb\xbfsis_import_id,file,message,row\n812,users.csv,"No, really",34\n'
    canvas.on("/e.csv", canvas.bytes(csv, kind="text/csv"))
    assert [(e.file, e.row, e.message) for e in client.import_errors("812")] == [
        ("users.csv", 34, "No, really")
    ]


@pytest.mark.parametrize("attachment", [None, {"url": "http://127.0.0.1:9/none.csv"}])
def test_the_pairs_in_the_import_are_the_last_resort(canvas, client, attachment):
    canvas.on(ONE, canvas.json(FULL | {"errors_attachment": attachment}))
    assert [(e.file, e.row) for e in client.import_errors("812")] == [
        ("courses.csv", 0),
        ("users.csv", 0),
    ]


def test_an_attachment_not_filled_yet_is_not_believed(canvas, client):
    canvas.on(ONE, canvas.json(FULL | {"errors_attachment": {"url": f"{canvas.url}/e.csv"}}))
    canvas.on("/e.csv", canvas.bytes(b"sis_import_id,file,message,row\n", kind="text/csv"))
    assert len(list(client.import_errors("812"))) == 2


def test_an_empty_list_beside_warnings_is_not_believed(canvas, client):
    canvas.on(f"{ONE}/errors", canvas.json({"sis_import_errors": []}))
    canvas.on(ONE, canvas.json(FULL | {"errors_attachment": None}))
    assert len(list(client.import_errors("812"))) == 2


def test_a_list_that_breaks_off_is_an_error_not_a_short_list(canvas, client):
    link = f'<{canvas.url}{ONE}/errors?page=2>; rel="next"'
    canvas.on(f"{ONE}/errors", canvas.json({"sis_import_errors": [ROW]}, Link=link))
    canvas.on(f"{ONE}/errors?page=2", canvas.error(403, "user not authorized"))
    with pytest.raises(Forbidden):
        list(client.import_errors("812"))


def test_refused_rows_of_an_unknown_import_are_not_found(client):
    with pytest.raises(NotFound):
        list(client.import_errors("812"))
