"""The provisioning report: asked for, waited for, fetched from anywhere, unpacked with care."""

import csv
import io
import zipfile

import pytest

from integration.canvas import downloads
from integration.canvas.downloads import unpack
from integration.canvas.errors import Forbidden, ProtocolError, ReportFailed
from integration.canvas.tables import kind_of, report_rows
from integration.http import AddressRefused, TooLarge

REPORT = "/api/v1/accounts/self/reports/provisioning_csv"
USERS = "canvas_user_id,user_id,integration_id,authentication_provider_id,login_id,status\n"
TERMS = "canvas_term_id,term_id,integration_id,name,status,start_date,end_date,created_by_sis\n"
ANA = USERS + '7,U7,,saml,"ana,lee",active\n'


@pytest.fixture
def report(canvas, client, tmp_path):
    """Make Canvas offer a report under the given addresses; gives the call that fetches it."""

    def offer(*, file_url="", attachment="", states=("running", "complete")):
        done = {"file_url": file_url, "attachment": {"url": attachment} if attachment else None}
        canvas.on(REPORT, canvas.json({"id": 9, "status": "created"}), method="POST")
        for state in states:
            said = {"id": 9, "status": state, **(done if state == "complete" else {})}
            canvas.on(f"{REPORT}/9", canvas.json(said))
        return lambda *kinds, **more: client.provisioning_report(
            kinds or ("users",), directory=tmp_path / "report", **more
        )

    return offer


def csv_file(canvas, text=ANA, **headers):
    return canvas.bytes(text.encode(), kind="text/csv", **headers)


def test_a_report_is_asked_for_waited_for_and_unpacked(canvas, report, zipped, time):
    fetch = report(attachment=f"{canvas.url}/f.zip")
    canvas.on("/f.zip", canvas.bytes(zipped({"users.csv": ANA, "terms.csv": TERMS})))
    told = []
    files = fetch("users", "terms", include_deleted=True, on_progress=told.append)
    assert [row["login_id"] for row in report_rows(files["users"])] == ["ana,lee"]
    assert list(report_rows(files["terms"])) == []
    assert canvas.requests[0].form.to_dict() == {
        "parameters[users]": "1",
        "parameters[terms]": "1",
        "parameters[include_deleted]": "true",
    }
    assert [each.status for each in told] == ["running", "complete"]
    assert time.slept == [5]


def test_a_single_kind_may_come_as_a_bare_csv(canvas, report):
    fetch = report(attachment=f"{canvas.url}/f.csv")
    canvas.on("/f.csv", csv_file(canvas))
    assert [row["user_id"] for row in report_rows(fetch("users")["users"])] == ["U7"]


def test_files_are_readable_by_us_alone_and_the_download_is_gone(canvas, report, zipped):
    fetch = report(attachment=f"{canvas.url}/f.zip")
    canvas.on("/f.zip", canvas.bytes(zipped({"users.csv": ANA})))
    path = fetch("users")["users"]
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in path.parent.iterdir()] == ["users.csv"]


@pytest.mark.parametrize("state", ["error", "aborted", "deleted"])
def test_a_report_canvas_could_not_make_is_an_error(report, state):
    with pytest.raises(ReportFailed, match=state):
        report(states=["running", state])()


def test_an_unknown_state_is_waited_through(canvas, report):
    fetch = report(file_url=f"{canvas.url}/f.csv", states=["of_a_newer_canvas", "complete"])
    canvas.on("/f.csv", csv_file(canvas))
    assert fetch().keys() == {"users"}


def test_a_report_that_never_ends_is_given_up(report, time):
    with pytest.raises(ReportFailed, match="still"):
        report(states=["running"])()
    assert sum(time.slept) >= 3 * 3600


def test_a_report_without_an_address_is_an_error(report):
    with pytest.raises(ReportFailed):
        report()()


# where the file lies


def test_a_file_on_another_host_is_fetched_without_our_token(canvas, elsewhere, report):
    fetch = report(attachment=f"{canvas.url}/files/1/download?verifier=v")
    canvas.on("/files/1/download", canvas.bytes(b"", 302, Location=f"{elsewhere.url}/a"))
    elsewhere.on("/a", canvas.bytes(b"", 302, Location="/b?sig=x"))
    elsewhere.on("/b", csv_file(canvas))
    assert fetch().keys() == {"users"}
    assert [request.path for request in elsewhere.requests] == ["/a", "/b"]
    assert not any("Authorization" in request.headers for request in elsewhere.requests)


def test_an_address_on_another_host_gets_no_token_even_at_first(canvas, elsewhere, report):
    fetch = report(attachment=f"{elsewhere.url}/f.csv")
    elsewhere.on("/f.csv", csv_file(canvas))
    fetch()
    assert "Authorization" not in elsewhere.requests[0].headers


def test_a_redirect_on_our_own_canvas_gets_no_token_either(canvas, report):
    fetch = report(attachment=f"{canvas.url}/f.csv")
    canvas.on("/f.csv", canvas.bytes(b"", 302, Location="/g.csv"))
    canvas.on("/g.csv", csv_file(canvas))
    fetch()
    assert canvas.asked("/f.csv")[0].headers["Authorization"] == "Bearer t0ken-1"
    assert canvas.asked("/f.csv")[0].headers["Accept"] == "*/*"
    assert "Authorization" not in canvas.asked("/g.csv")[0].headers


def test_more_than_three_redirects_are_not_followed(canvas, report):
    fetch = report(attachment=f"{canvas.url}/1")
    canvas.on("/1", canvas.bytes(b"", 302, Location="/1"))
    with pytest.raises(ProtocolError):
        fetch()
    assert len(canvas.asked("/1")) == 2 * 4


def test_a_redirect_into_a_private_network_is_refused(canvas, report):
    fetch = report(attachment=f"{canvas.url}/1")
    canvas.on("/1", canvas.bytes(b"", 302, Location="http://127.0.0.1:1/x"))
    with pytest.raises(AddressRefused):
        fetch()


def test_a_file_that_refuses_our_token_is_fetched_without_it(canvas, report):
    fetch = report(attachment=f"{canvas.url}/f.csv")
    canvas.on(
        "/f.csv",
        canvas.error(401, "Insufficient scopes on access token."),
        csv_file(canvas),
    )
    assert fetch().keys() == {"users"}


def test_the_second_address_is_tried_where_the_first_gives_a_login_page(canvas, report):
    fetch = report(attachment=f"{canvas.url}/login", file_url=f"{canvas.url}/f.csv")
    canvas.on("/login", canvas.bytes(b"\n<!DOCTYPE html>", kind="text/html"))
    canvas.on("/f.csv", csv_file(canvas))
    assert fetch().keys() == {"users"}


def test_a_file_nobody_gives_us_is_an_error_of_its_kind(canvas, report):
    fetch = report(attachment=f"{canvas.url}/f.csv")
    canvas.on("/f.csv", canvas.error(403, "user not authorized to perform that action"))
    with pytest.raises(Forbidden):
        fetch()


@pytest.mark.parametrize("body", [b"<html>Log in</html>", b""])
def test_a_page_or_nothing_is_no_report(canvas, report, body):
    fetch = report(attachment=f"{canvas.url}/f.csv")
    canvas.on("/f.csv", canvas.bytes(body))
    with pytest.raises(ProtocolError):
        fetch()


def test_a_throttled_download_is_waited_for(canvas, report, time):
    fetch = report(attachment=f"{canvas.url}/f.csv", states=["complete"])
    canvas.on("/f.csv", canvas.too_fast(), csv_file(canvas))
    assert fetch().keys() == {"users"}
    assert time.slept == [5]


def test_a_download_without_end_is_cut_off(canvas, report, monkeypatch):
    monkeypatch.setattr("integration.canvas.reports.MAX_DOWNLOAD_BYTES", 100)
    fetch = report(attachment=f"{canvas.url}/f.csv")
    canvas.on("/f.csv", csv_file(canvas, ANA * 100))
    with pytest.raises(TooLarge):
        fetch()


# unpacking


@pytest.fixture
def unpacked(tmp_path):
    def of(content, *kinds):
        source = tmp_path / "download.tmp"
        source.write_bytes(content)
        return unpack(source, tmp_path / "out", kinds or ("users",))

    return of


def test_kinds_are_told_by_their_header_whatever_the_file_is_called(unpacked, zipped):
    found = unpacked(zipped({"a/provisioning_1.csv": TERMS, "x.txt": ANA}), "users", "terms")
    assert {kind: kind_of(path) for kind, path in found.items()} == {
        "terms": "terms",
        "users": "users",
    }


@pytest.mark.parametrize(
    "name", ["../../users.csv", "/tmp/users.csv", "..\\users.csv", "a/../../u"]
)
def test_an_archive_cannot_write_outside_its_directory(unpacked, zipped, tmp_path, name):
    assert unpacked(zipped({name: ANA})) == {"users": tmp_path / "out" / "users.csv"}
    assert {each.name for each in tmp_path.rglob("*")} == {"download.tmp", "out", "users.csv"}


def test_an_archive_that_unpacks_without_end_is_refused(unpacked, zipped, monkeypatch):
    monkeypatch.setattr(downloads, "MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(ProtocolError, match="more than"):
        unpacked(zipped({"users.csv": ANA * 1000}))


def test_the_cap_counts_all_files_together(unpacked, zipped, monkeypatch):
    monkeypatch.setattr(downloads, "MAX_UNPACKED_BYTES", len(ANA) + len(TERMS) - 1)
    with pytest.raises(ProtocolError, match="more than"):
        unpacked(zipped({"users.csv": ANA, "terms.csv": TERMS}), "users", "terms")


def test_an_archive_of_very_many_files_is_refused(unpacked, zipped):
    with pytest.raises(ProtocolError, match="too many"):
        unpacked(zipped({f"{n}.csv": "" for n in range(201)}))


def test_a_damaged_archive_is_refused(unpacked, zipped):
    whole = zipped({"users.csv": ANA * 100})
    damaged = [whole[:-30], whole[:40] + b"\0" * 20 + whole[60:]]
    for content in damaged:
        with pytest.raises(ProtocolError):
            unpacked(content)


def test_a_locked_archive_is_refused(unpacked, zipped):
    content = bytearray(zipped({"users.csv": ANA}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    content[6] |= 1
    with pytest.raises(ProtocolError):
        unpacked(bytes(content))


def test_a_missing_kind_is_not_taken_for_an_empty_one(unpacked, zipped):
    with pytest.raises(ReportFailed, match="lacks courses, terms"):
        unpacked(zipped({"users.csv": ANA}), "users", "terms", "courses")


def test_observers_may_be_missing_where_canvas_does_not_offer_them(unpacked, zipped):
    assert unpacked(zipped({"users.csv": ANA}), "users", "user_observers").keys() == {"users"}


def test_a_kind_that_comes_twice_is_an_error(unpacked, zipped):
    with pytest.raises(ProtocolError, match="twice"):
        unpacked(zipped({"a.csv": ANA, "b.csv": ANA}))


def test_a_kind_nobody_asked_for_is_left_out(unpacked, zipped, tmp_path):
    unpacked(zipped({"users.csv": ANA, "terms.csv": TERMS}))
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["users.csv"]


def test_a_file_without_even_a_header_is_an_empty_kind(unpacked, zipped):
    found = unpacked(zipped({"users.csv": ANA, "terms.csv": ""}), "users", "terms")
    assert list(report_rows(found["terms"])) == []


def test_a_bare_file_of_another_kind_is_not_taken_for_the_asked_one(unpacked):
    with pytest.raises(ReportFailed):
        unpacked(TERMS.encode())


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("canvas_account_id,account_id,canvas_parent_id,parent_account_id,name,status", "accounts"),
        ("canvas_course_id,course_id,short_name,long_name,canvas_account_id,account_id", "courses"),
        ("canvas_section_id,section_id,canvas_course_id,course_id,name,account_id", "sections"),
        ("canvas_course_id,course_id,user_id,role,canvas_section_id,section_id", "enrollments"),
        ("canvas_observer_id,observer_id,canvas_student_id,student_id", "user_observers"),
        ("canvas_user_id,user_id,canvas_account_id,account_id,role", ""),
        ("", ""),
    ],
)
def test_each_header_of_canvas_is_known(tmp_path, header, kind):
    path = tmp_path / "x.csv"
    path.write_text(header + "\n")
    assert kind_of(path) == kind


def test_a_header_too_long_to_read_is_no_kind(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("x" * 200_000)
    assert kind_of(path) == ""


# rows


def rows_of(tmp_path, content):
    path = tmp_path / "users.csv"
    path.write_bytes(content)
    return list(report_rows(path))


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path):
    assert rows_of(tmp_path, b"\xef\xbb\xbfa,b\r\n1,2\r\n") == [{"a": "1", "b": "2"}]


def test_quotes_and_line_breaks_inside_a_value_are_kept(tmp_path):
    assert rows_of(tmp_path, b'a,b\n"x ""y""\nz",2\n\n') == [{"a": 'x "y"\nz', "b": "2"}]


@pytest.mark.parametrize("line", [b"1,2,3", b"1", b'"1,2', b"1,\xff"])
def test_a_damaged_row_is_an_error_that_quotes_nothing(tmp_path, line):
    with pytest.raises(ProtocolError) as caught:
        rows_of(tmp_path, b"a,b\n9,9\n" + line + b"\n")
    assert line.decode("latin-1") not in str(caught.value)
    assert caught.value.__cause__ is None


def test_rows_come_one_at_a_time_not_all_at_once(tmp_path):
    path = tmp_path / "users.csv"
    path.write_bytes(b"a,b\n1,2\nbroken\n")
    rows = report_rows(path)
    assert next(rows) == {"a": "1", "b": "2"}


def test_what_python_writes_as_csv_is_read_back(tmp_path):
    text = io.StringIO()
    csv.writer(text).writerows([["a", "b"], ['é,"\n', " x "]])
    assert rows_of(tmp_path, text.getvalue().encode()) == [{"a": 'é,"\n', "b": " x "}]


def test_the_archives_of_these_tests_are_real(zipped):
    assert zipfile.ZipFile(io.BytesIO(zipped({"a": "b"}))).read("a") == b"b"
