"""Each quirk shows in an answer, is gone when switched off, and bears with every other."""

import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from sandbox.q import planted, spelling
from sandbox.q.quirks import QUIRKS
from tests.sandbox import quirk_signs, quirk_signs_of_writing  # noqa: F401 - they fill the table
from tests.sandbox.asking import Asking, listed
from tests.sandbox.ports import Port, q_port
from tests.sandbox.quirk_table import SIGNS
from tests.sandbox_process import ROOT, running_sandbox

CASES = [(name, value) for name, (_, values) in SIGNS.items() for value in values]

WRITING = {
    "category", "delete", "grading-period-closed", "no-upsert", "own-ids", "put-body",
    "put-status", "result-refused", "score-max", "score-required", "score-rounded",
    "title-length", "title-limit", "title-unique",
}  # fmt: skip
OUTSIDE = {"clock-skew", "gzip", "total", "token-lifetime", "scope-required"}
IN_RECORDS = spelling.NAMES_OF_CHANGES | planted.NAMES | {"page-limit", "students-with-teachers"}
# What cannot be seen beside what: a page that is refused has no records, and so on.
HIDDEN_BY = {
    "html": set(SIGNS) - OUTSIDE - {"html", "maintenance", "put-status"},
    "maintenance": set(SIGNS) - OUTSIDE - {"maintenance"},
    "bare-array": {"collection-key"},
    "offset-ignored": {"beyond-end", "duplicates"},
    "gradebook-forbidden": WRITING | {"class-categories", "numbers-as-text", "vendor-header"},
    "vendor-header": WRITING | {"class-categories", "numbers-as-text", "gradebook-forbidden"},
    **{
        name: WRITING - {name}
        for name in (
            "grading-period-closed",
            "no-upsert",
            "own-ids",
            "result-refused",
            "title-limit",
            "title-unique",
        )
    },
    "empty-lists": IN_RECORDS | {"unstable-order", "fields-unsupported"},
    "empty-collection": {"empty-lists"},
    "page-limit": {"duplicate-enrollments"},
    "missing-sourcedId": {"odd-ids"},
    "unstable-order": {"duplicates", "offset-ignored", "sort-unsupported"},
}
TOGETHER = IN_RECORDS - {"missing-sourcedId", "page-limit"} | {
    "gzip", "bom", "total", "link", "unstable-order", "clock-skew", "title-length",
    "score-rounded", "put-status",
}  # fmt: skip


@pytest.fixture(scope="module")
def quirky():
    """A sandbox of its own, for signs leave line items behind."""
    with running_sandbox("--students", "20", "--seed", "3") as started:
        yield started


@pytest.fixture(scope="module")
def ids(quirky) -> dict[str, str]:
    port = q_port(quirky.q)
    (item, *_) = listed(port.ask("/lineItems"))
    student = listed(port.ask(f"/classes/{item['class']['sourcedId']}/students"))[0]
    names = {"class_id": "class", "category": "category", "period": "gradingPeriod"}
    return {"student": student["sourcedId"]} | {
        name: item[field]["sourcedId"] for name, field in names.items()
    }


@pytest.fixture
def asking(quirky, ids):
    q = quirky.q
    yield Asking(q_port(q), token_url=q.token_url, credentials=(q.key, q.secret), **ids)
    Port("", q.pages, "").control("DELETE", "quirks")


@contextmanager
def quirks_on(asking: Asking, **quirks: Any):
    asking.port.told("POST", "quirks", quirks)
    yield
    asking.port.told("DELETE", "quirks")


def is_shown(asking: Asking, name: str, value: Any) -> bool:
    """What is not even there to be looked at is not shown."""
    try:
        return bool(SIGNS[name][0](asking, value))
    except (LookupError, ValueError, AttributeError, TypeError):
        return False


def test_every_quirk_has_a_sign():
    assert SIGNS.keys() == QUIRKS.keys()


def test_every_quirk_is_one_sentence():
    assert [q.sentence for q in QUIRKS.values() if not q.sentence.endswith(".")] == []


@pytest.mark.parametrize(("name", "value"), CASES, ids=str)
def test_a_quirk_shows_while_it_is_on(asking, name, value):
    assert not is_shown(asking, name, value)
    with quirks_on(asking, **{name: value}):
        assert is_shown(asking, name, value)
    assert not is_shown(signed_in_again(asking), name, value)


def signed_in_again(asking: Asking) -> Asking:
    """For a token may be used up."""
    token = asking.token().json()["access_token"]
    port = Port(asking.port.root, asking.port.origin, f"Bearer {token}")
    return replace(asking, port=port)


@pytest.mark.prove
@pytest.mark.parametrize("name", sorted(SIGNS))
def test_a_quirk_shows_beside_every_other_and_none_breaks_q(asking, name):
    asking.port.control("DELETE", "log")
    unseen = []
    for other in sorted(SIGNS):
        fresh = signed_in_again(asking)
        pair = {each: SIGNS[each][1][0] for each in (name, other)}
        with quirks_on(fresh, **pair):
            if not is_shown(fresh, name, pair[name]) and name not in HIDDEN_BY.get(other, ()):
                unseen.append(other)
    assert unseen == []
    assert 500 not in {each["status"] for each in asking.port.told("GET", "log")["requests"]}


def test_where_sort_is_ignored_nothing_keeps_the_order_stable(asking):
    with quirks_on(asking, **{"unstable-order": True, "sort-unsupported": "ignored"}):
        first, second = (listed(asking.get("/users?sort=sourcedId")) for _ in range(2))
    assert first != second


def test_many_quirks_at_once_show_all(asking):
    with quirks_on(asking, **{name: SIGNS[name][1][0] for name in TOGETHER}):
        hidden = {n for n in TOGETHER if not is_shown(asking, n, SIGNS[n][1][0])}
    assert hidden == set()


def test_data_that_was_put_in_is_taken_out_again(asking):
    before = {path: asking.all(path) for path in ("/enrollments", "/users", "/orgs")}
    with quirks_on(asking, **{name: SIGNS[name][1][0] for name in planted.NAMES}):
        assert asking.all("/enrollments") != before["/enrollments"]
    after = {path: asking.all(path) for path in before}
    assert {p: by_id(found) for p, found in after.items()} == {
        p: by_id(found) for p, found in before.items()
    }


def by_id(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {each["sourcedId"]: each for each in found}


def test_an_id_that_a_client_chose_stays_while_all_others_are_odd(asking):
    with quirks_on(asking, **{"odd-ids": True}):
        path, _ = asking.put_score(5)
        asking.port.told("POST", "quirks", {"duplicate-enrollments": True})
        assert asking.kept(path)["sourcedId"] == path.rpartition("/")[2]


@pytest.mark.parametrize(
    "quirk",
    [{"references": "bare"}, {"numbers-as-text": True}, {"dates": "us"}, {"enumerations": "upper"}],
)
def test_what_q_spells_oddly_it_understands(asking, quirk):
    path, _ = asking.put_score(5)
    with quirks_on(asking, **quirk):
        assert asking.put(path, "result", **asking.kept(path)).status_code == 200
    assert asking.kept(path)["score"] == 5


def test_the_listed_records_only_are_changed(asking):
    mine, other = asking.all("/users")[:2]
    with quirks_on(asking, **{"missing-email": [mine["sourcedId"]]}):
        assert "email" not in asking.kept(f"/users/{mine['sourcedId']}")
        assert "email" in asking.kept(f"/users/{other['sourcedId']}")


def test_a_closed_grading_period_closes_what_is_in_it_only(asking):
    item = "/lineItems/in-a-period"
    asking.put_item(item, gradingPeriod={"sourcedId": asking.period})
    with quirks_on(asking, **{"grading-period-closed": [asking.period]}):
        assert asking.port.ask(item, "DELETE").status_code == 422
        assert asking.put_item().status_code == 201
    assert asking.port.ask(item, "DELETE").status_code == 204


def test_maintenance_has_its_hours(asking):
    with quirks_on(asking, maintenance="00:00-00:00"):
        assert asking.get("/orgs").status_code == 200


def test_a_quirk_is_switched_off_by_false(asking):
    asking.port.told("POST", "quirks", {"bom": True, "gzip": True})
    assert asking.port.told("POST", "quirks", {"bom": False}) == {"on": {"gzip": True}}
    assert asking.port.told("GET", "quirks")["known"].keys() == QUIRKS.keys()


@pytest.mark.parametrize(
    "wrong", [{"no-such-quirk": True}, {"page-limit": 0}, {"dates": "french"}, {"bom": 1}]
)
def test_a_quirk_or_a_value_that_does_not_exist_is_refused(asking, wrong):
    assert asking.port.control("POST", "quirks", {"gzip": True, **wrong}).status_code == 400
    assert asking.port.told("GET", "quirks")["on"] == {}


def test_quirks_of_the_command_line_are_there_from_the_start_and_after_a_reset():
    options = ["--quirk", "page-limit=3", "--quirk", "odd-ids", "--quirk", "link=missing"]
    with running_sandbox("--students", "10", *options) as started:
        port = q_port(started.q)
        port.told("DELETE", "quirks")
        port.told("POST", "reset")
        answer = q_port(started.q).ask("/users")
        assert len(listed(answer)) == 3
        assert "Link" not in answer.headers
        assert listed(answer)[0]["sourcedId"].startswith("a/b")


@pytest.mark.parametrize("wrong", ["no-such-quirk", "page-limit=many"])
def test_a_wrong_quirk_on_the_command_line_is_wrong_usage(wrong):
    command = [sys.executable, "-m", "sandbox", "--students", "0", "--quirk", wrong]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 64
    assert wrong.partition("=")[0] in done.stderr


def test_the_readme_lists_every_quirk_as_it_is():
    text = (ROOT / "sandbox" / "q" / "README.md").read_text()
    told = re.findall(r"^\| `([\w-]+)` \| (.*) \| (.*) \|$", text, re.MULTILINE)
    known = [(n, q.values.replace("|", r"\|"), q.sentence) for n, q in QUIRKS.items()]
    assert told == known
