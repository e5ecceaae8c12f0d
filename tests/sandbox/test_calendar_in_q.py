"""School days go by in the local Q, by request and by button."""

import json
import urllib.error
import urllib.request

import pytest

from sandbox.invented.year import Year
from tests.sandbox.feed import Feed
from tests.sandbox_process import ROOT, Sandbox, running_sandbox

STUDENTS, SEED = 90, 6


@pytest.fixture(scope="module")
def town() -> Sandbox:
    with running_sandbox("--students", str(STUDENTS), "--seed", str(SEED)) as started:
        yield started


@pytest.fixture
def fresh(town: Sandbox) -> Sandbox:
    post(town, "sandbox/reset")
    return town


def post(sandbox: Sandbox, path: str, body: object = None) -> dict:
    data = json.dumps(body or {}).encode()
    request = urllib.request.Request(sandbox.q.pages + path, data, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"{}")


def refused(sandbox: Sandbox, path: str) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(sandbox, path)
    with caught.value as answer:
        return answer.code, answer.read().decode()


def page(sandbox: Sandbox) -> str:
    with urllib.request.urlopen(sandbox.q.pages, timeout=60) as answer:
        return answer.read().decode()


def served(sandbox: Sandbox) -> Feed:
    """What Q serves, collection by collection."""
    form = f"grant_type=client_credentials&client_id={sandbox.q.key}"
    form += f"&client_secret={sandbox.q.secret}"
    with urllib.request.urlopen(sandbox.q.token_url, form.encode(), timeout=60) as answer:
        token = json.loads(answer.read())["access_token"]
    feed = Feed()
    for name in ("academicSessions", "users", "classes", "enrollments", "lineItems", "results"):
        url = f"{sandbox.q.url}/{name}?limit=10000"
        asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            feed.take(name, json.loads(answer.read())[name])
    return feed


@pytest.mark.parametrize("days", [0, 1, 95, 200])
def test_what_q_serves_is_what_is_true(fresh, days):
    if days:
        assert post(fresh, f"sandbox/next-day?days={days}")["day"] == days
    truth, feed = Year(STUDENTS, SEED).truth(days), served(fresh)
    assert feed.taught(truth.date) == truth.taught
    assert set(feed.active("users")) == truth.users
    assert truth.classes <= set(feed.active("classes"))


def test_the_answer_tells_what_happened(fresh):
    changes = Year(STUDENTS, SEED).day(1)
    told = post(fresh, "sandbox/next-day")
    assert told["date"] == changes.date == "2026-08-18"
    assert told["events"] == changes.events != {}
    assert told["upserted"] == sum(len(each) for each in changes.upsert.values())


def test_days_one_by_one_or_at_once_come_to_the_same(fresh):
    for _ in range(30):
        post(fresh, "sandbox/next-day")
    slowly = served(fresh)
    post(fresh, "sandbox/reset")
    post(fresh, "sandbox/next-day?days=30")
    assert served(fresh).unstamped() == slowly.unstamped()


def test_what_a_day_changed_has_a_new_time_stamp(fresh):
    before = served(fresh).held["users"]
    post(fresh, "sandbox/next-day?days=10")
    for sourced_id, after in served(fresh).held["users"].items():
        stamp = after.pop("dateLastModified")
        known = before.get(sourced_id, {"dateLastModified": ""})
        was = known.pop("dateLastModified")
        assert (stamp == was) if after == known else (stamp > was)


def test_the_gradebook_follows_renames_and_dropped_classes(fresh):
    year = Year(STUDENTS, SEED)
    post(fresh, f"sandbox/next-day?days={year.when('rollover') - 1}")
    feed = served(fresh)
    assert len(feed.held["results"]) > 0
    for each in feed.held["results"].values():
        assert each["student"]["sourcedId"] in feed.held["users"]
        assert each["lineItem"]["sourcedId"] in feed.held["lineItems"]
    for each in feed.held["lineItems"].values():
        assert each["class"]["sourcedId"] in feed.held["classes"]


def test_a_class_with_a_recycled_id_does_not_inherit_a_gradebook(fresh):
    year = Year(STUDENTS, SEED)
    day = year.when("rollover")
    (class_id,) = year.day(day).recycled
    post(fresh, f"sandbox/next-day?days={day - 1}")
    line_item = {"sourcedId": "last-year", "class": {"sourcedId": class_id, "type": "class"}}
    post(fresh, "sandbox/records", {"upsert": {"lineItems": [line_item]}})
    assert "last-year" in served(fresh).held["lineItems"]
    post(fresh, "sandbox/next-day")
    assert "last-year" not in served(fresh).held["lineItems"]


def test_quirks_in_the_data_are_taken_out_before_a_day_and_put_back_after(fresh):
    post(fresh, "sandbox/quirks", {"odd-ids": "x "})
    post(fresh, "sandbox/next-day?days=40")
    assert all(each.startswith("x ") for each in served(fresh).held["users"])
    post(fresh, "sandbox/quirks", {"odd-ids": False})
    truth = Year(STUDENTS, SEED).truth(40)
    assert served(fresh).taught(truth.date) == truth.taught


def test_the_button_lets_a_day_go_by_and_the_page_tells_of_it(fresh):
    assert "Day 0 of the invented district, 2026-08-17" in page(fresh)
    request = urllib.request.Request(f"{fresh.q.pages}next-day", b"", method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        html = answer.read().decode()
    assert "Day 1 of the invented district, 2026-08-18" in html
    assert "What happened on this day" in html


@pytest.mark.parametrize("days", ["0", "-1", "1001", "two", ""])
def test_a_senseless_number_of_days_is_refused(fresh, days):
    code, said = refused(fresh, f"sandbox/next-day?days={days}")
    assert code == 400
    assert "from 1 to 1000" in said


def test_without_an_invented_district_there_is_no_next_day(fresh):
    post(fresh, "sandbox/reset?empty=1")
    code, said = refused(fresh, "sandbox/next-day")
    assert code == 409
    assert "--students" in said
    assert "Next school day" not in page(fresh)


def test_a_bundle_has_no_calendar():
    bundle = ROOT / "tests" / "data" / "school-small.zip"
    with running_sandbox("--data", str(bundle)) as sandbox:
        assert refused(sandbox, "sandbox/next-day")[0] == 409


def test_a_kept_home_goes_on_with_its_day(tmp_path):
    command = ["--home", str(tmp_path), "--students", "20", "--seed", "1"]
    with running_sandbox(*command) as first:
        post(first, "sandbox/next-day?days=7")
    with running_sandbox(*command) as second:
        assert "Day 7 of the invented district" in page(second)
        assert post(second, "sandbox/next-day")["day"] == 8
        truth = Year(20, 1).truth(8)
        assert served(second).taught(truth.date) == truth.taught
