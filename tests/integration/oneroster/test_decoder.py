"""Pages that another process reads: the same as here, and nothing hangs on that process."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.oneroster import decoder as module
from integration.oneroster.compact import PACKINGS, Enrollments, Users
from integration.oneroster.decoder import Decoder
from integration.oneroster.decoding import packed
from integration.oneroster.parse import PARSERS, Undecodable
from tests.integration.oneroster.provider import record
from tests.sandbox_process import ROOT

MASSES = sorted(PACKINGS)


def enrollment(number, **fields):
    return {
        "sourcedId": f"e-{number:05d}",
        "status": "active",
        "role": "student" if number % 9 else "teacher",
        "primary": number % 9 == 0,
        "user": {"sourcedId": f"u-{number:04d}", "type": "user", "href": "https://q/users/1"},
        "class": {"sourcedId": f"c-{number % 50}", "type": "class", "href": "https://q/classes/1"},
        "beginDate": f"2026-08-{1 + number % 28:02d}",
        "endDate": "",
        **fields,
    }


def user(number, **fields):
    more = {
        "middleName": "Q" * (number % 3),
        "identifier": str(number),
        "userIds": [{"type": "StateID", "identifier": f"s{number}"}],
        "agents": [{"sourcedId": f"g-{number}", "type": "user"}],
    }
    return record(number) | more | fields


MAKERS = {"users": user, "enrollments": enrollment}


def body(kind, records, **beside):
    return json.dumps({kind: records, **beside}).encode()


def said(value):
    """A value, whatever type its parts are of."""
    return [msgspec.structs.astuple(one) for one in value] if isinstance(value, tuple) else value


def told(kind, pieces):
    """All that the pieces of a page say."""
    whole = ("sourced_id", "status", "role")
    users = ("date_last_modified", "username", "enabled_user", "given_name", "family_name")
    users += ("middle_name", "identifier", "email", "user_ids", "agents", "orgs")
    names = whole + {"users": users, "enrollments": ("user", "class_", "primary")}[kind]
    names += () if kind == "users" else ("begin_date", "end_date")
    return [
        (
            [tuple(said(getattr(one, name)) for name in names) for one in piece.page.records],
            list(piece.page.problems),
            piece.ids,
            piece.deviations,
        )
        for piece in pieces
    ]


def both(kind, text, path_name=""):
    """What is read here, and what comes from elsewhere."""
    here = PARSERS[kind].pieces(text, path_name=path_name)
    there = PACKINGS[kind].unpack(packed(kind, text, path_name=path_name))
    return told(kind, here), told(kind, there)


PAGES = {
    "one piece": lambda one: [one(n) for n in range(40)],
    "many pieces": lambda one: [one(n, metadata={"x": "y" * 300}) for n in range(3_000)],
    "unusable records among them": lambda one: [
        *(one(n) for n in range(5)),
        one(5, status="?"),
        one(6, sourcedId="\u0000"),
        one(7, sourcedId=""),
        {"status": "active"},
        "no record",
        *(one(n) for n in range(8, 20)),
    ],
    "numbers for ids": lambda one: [one(n, sourcedId=n) for n in range(5)],
    "only unusable ones": lambda one: [one(1, status="?")],
    "names as they are": lambda one: [one(n, givenName="Zoë\n\t美咲 \U0001f600") for n in range(5)],
    "deleted": lambda one: [one(n, status="tobedeleted") for n in range(5)],
    "every trait of its own": lambda one: [
        one(n, dateLastModified=f"2026-01-05T08:00:{n:03d}Z") for n in range(400)
    ],
}


@pytest.mark.parametrize("kind", MASSES)
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_page_from_elsewhere_is_the_page_read_here(kind, page):
    here, there = both(kind, body(kind, page(MAKERS[kind])))
    assert here == there


def test_when_an_enrollment_was_modified_comes_along_where_several_have_its_id():
    """As long as each has one, nothing asks for it."""
    numbers, stamp = (1, 2, 2), "2026-01-05T08:00:00Z"
    page = [enrollment(number, dateLastModified=stamp) for number in numbers]
    (piece,) = PACKINGS["enrollments"].unpack(
        packed("enrollments", body("enrollments", page), path_name="")
    )
    assert [one.date_last_modified for one in piece.page.records] == ["", stamp, stamp]


@pytest.mark.parametrize("kind", MASSES)
def test_what_stands_beside_the_records_comes_along(kind):
    warning = {"imsx_codeMajor": "success", "imsx_severity": "warning", "imsx_codeMinor": "x"}
    text = body(kind, [MAKERS[kind](1)], statusInfoSet=[warning])
    here, there = both(kind, text)
    assert here == there
    assert here[0][-1] == ("warning:x",)


@pytest.mark.parametrize("kind", MASSES)
@pytest.mark.parametrize("text", [b"<html>", b"", b'{"statusInfoSet": []}', b"[1"])
def test_a_page_that_fails_is_left_to_whoever_asked(kind, text):
    assert packed(kind, text, path_name=kind) == b""


@pytest.mark.parametrize("kind", MASSES)
def test_a_page_that_is_not_in_utf_8_is_undecodable_here_and_left_there(kind):
    text = body(kind, [MAKERS[kind](1), MAKERS[kind](2, title="x~y", status="?~")])
    latin = text.replace(b"~", b"\xe9")
    assert packed(kind, latin, path_name=kind) == b""
    with pytest.raises(Undecodable):
        list(PARSERS[kind].pieces(latin))


def test_the_process_knows_no_secret(decoder, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "canary")
    assert read(decoder)
    there = Path(f"/proc/{process_of(decoder).pid}/environ").read_bytes()
    assert set(re.findall(rb"(\w+)=", there)) <= {b"PYTHONPATH", b"LC_CTYPE"}


def test_what_lies_in_the_current_directory_is_not_run(tmp_path, monkeypatch):
    (tmp_path / "msgspec.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    decoder = Decoder(after=0)
    assert read(decoder)
    decoder.close()


def test_a_machine_without_sockets_or_threads_reads_here(monkeypatch):
    def refuses(*_, **__):
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(module.socket, "socketpair", refuses)
        assert read(Decoder(after=0)) is None
    decoder = Decoder(after=0)
    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", lambda _: (_ for _ in ()).throw(RuntimeError))
        assert read(decoder) is None
    assert not read(decoder)
    decoder.close()


@given(
    st.lists(
        st.fixed_dictionaries(
            {"sourcedId": st.text(min_size=1), "status": st.sampled_from(["active", "?"])},
            optional={
                "givenName": st.text(),
                "email": st.text(),
                "role": st.sampled_from(["student", "teacher", "x"]),
                "orgs": st.lists(st.builds(dict, sourcedId=st.text(max_size=3)), max_size=2),
            },
        ),
        min_size=1,
    )
)
def test_whatever_a_page_of_users_holds_it_is_the_same_from_elsewhere(records):
    text = body("users", records)
    if packed("users", text, path_name="users"):
        here, there = both("users", text)
        assert here == there


@pytest.mark.parametrize(("kind", "columns"), [("users", Users), ("enrollments", Enrollments)])
def test_columns_are_read_like_a_list(kind, columns):
    [piece] = PARSERS[kind].pieces(body(kind, [MAKERS[kind](n) for n in range(9)]))
    records = columns.of(piece.page.records)
    assert columns.of(records) is records
    ids = [MAKERS[kind](n)["sourcedId"] for n in range(9)]
    assert [one.sourced_id for one in records] == ids
    assert (len(records), records[-1].sourced_id) == (9, ids[-1])
    assert [one.sourced_id for one in records[2:5]] == ids[2:5]
    assert list(records[2:5]) == list(records)[2:5]
    assert isinstance(records[2:5], columns)
    with pytest.raises(IndexError):
        records[9]


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    monkeypatch.setattr(module, "_processors", lambda: 2)


@pytest.fixture
def decoder():
    decoder = Decoder(after=0)
    yield decoder
    decoder.close()


def process_of(decoder):
    return decoder._process._process


def read(decoder, number=3):
    text = body("users", [user(n) for n in range(number)])
    pages = decoder.pages(PARSERS["users"].kind)
    future = pages.offer(text, path_name="users")
    return future and future.result() and told("users", pages.pieces(future.result()))


def test_pages_come_in_the_order_in_which_they_were_handed_in(decoder):
    sizes = [1, 3_000, 2, 500, 1]
    pages = decoder.pages(PARSERS["users"].kind)
    texts = [body("users", [user(n) for n in range(size)]) for size in sizes]
    futures = [pages.offer(text, path_name="users") for text in texts]
    counts = [sum(len(one.ids) for one in pages.pieces(future.result())) for future in futures]
    assert counts == sizes


def test_little_is_read_here_and_starts_nothing():
    decoder = Decoder(after=1 << 20)
    assert read(decoder) is None
    assert decoder._process is None


def test_where_there_is_one_processor_all_is_read_here(monkeypatch):
    monkeypatch.setattr(module, "_processors", lambda: 1)
    assert read(Decoder(after=0)) is None


def test_the_process_ends_with_its_decoder(decoder):
    assert read(decoder)
    process = process_of(decoder)
    decoder.close()
    assert process.returncode is not None
    assert read(decoder) is None


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_is_lost_or_silent_is_done_without(kill, caplog):
    decoder = Decoder(after=0, silence=3)
    assert read(decoder)
    process_of(decoder).send_signal(kill)
    assert not read(decoder)
    assert not read(decoder)
    decoder.close()
    [line] = [one.message for one in caplog.records if one.name == module.logger.name]
    assert line == "The process that reads large pages was lost; they are read here."


def test_where_no_process_can_be_started_all_is_read_here(monkeypatch, caplog):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    decoder = Decoder(after=0)
    assert read(decoder) is None
    assert read(decoder) is None
    assert "read here" in caplog.text


def test_one_that_cannot_begin_is_done_without(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    decoder = Decoder(after=0)
    assert not read(decoder)
    decoder.close()


def test_a_reading_goes_on_here_when_the_process_is_lost(connect, q, decoder):
    q.holds("users", 250)
    reading = connect(decoder=decoder).read("users")
    pages = iter(reading)
    ids = [one.sourced_id for one in next(pages).records]
    process_of(decoder).kill()
    ids += [one.sourced_id for page in pages for one in page.records]
    assert ids == [f"u-{n:04d}" for n in range(250)]
    assert reading.proof.complete


PARENT = """
import sys
from integration.oneroster.decoder import Decoder
from integration.oneroster.types import USER
decoder = Decoder(after=0)
decoder._left = 0
decoder.pages(USER).offer(b'{"users": [{"sourcedId": "u"}]}', path_name="").result()
print(decoder._process._process.pid, flush=True)
sys.stdin.read()
"""


def test_it_ends_when_whoever_started_it_is_killed():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, text=True, **pipes) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 30
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(pid)


def is_alive(pid):
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        # Where nobody waits for it, a process that has ended is there as a zombie.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
