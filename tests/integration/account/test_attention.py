"""What the first page says needs a look: courses, credentials that end, a feed that is silent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gradesync.models import CourseSync, SyncRun
from integration import invitations, tokens
from integration.account import overview
from integration.credentials import today_in
from integration.models import (
    ApiToken,
    AuditEvent,
    CanvasConnection,
    Change,
    District,
    Invitation,
    ProvisioningPolicy,
    RefusedRow,
    Run,
    SetAside,
    Snooze,
)
from integration.provisioning.proposed import DECLINED
from integration.provisioning.rows import CHANGE_SIS_ID
from lti.models import KeySet
from tests.integration.account.test_pages import ended
from tests.integration.account.visiting import Visit, installed, visit
from tests.lti import people

pytestmark = pytest.mark.django_db


def course(district: District, number: int, **fields: Any) -> CourseSync:
    return CourseSync.objects.create(
        district=district, canvas_id=f"{number}", name=f"Course {number}", **fields
    )


def synced(course: CourseSync, **fields: Any) -> Run:
    run = ended(course.district, **{"kind": "grades", "actor": "Rosa (u1)"} | fields)
    SyncRun.objects.create(run=run, course=course, is_open=None)
    return run


def test_courses_are_counted_by_what_is_wrong_and_listed_with_their_reason(admin, district):
    assert "course" not in admin.page("").partition("Needs attention")[2]
    assert "No course needs a look" in admin.page("grades/courses/")
    fine, failed, partly, asks, mended = (course(district, number) for number in range(1, 6))
    synced(fine)
    synced(failed, state="failed", error={"message": "Q does not answer."})
    of_two = synced(partly)
    Change.objects.create(
        run=of_two, kind="result", key="k", action="new", after="{}", digest=b"0", state="refused"
    )
    synced(asks, state="held", holds=[{"code": "conflicts"}])
    synced(mended, state="failed")
    synced(mended)
    synced(mended, state="failed", plan_only=True)
    first = timezone.now()
    course(district, 6, mode="nightly", first_sent_at=first)
    course(district, 7, mode="nightly")
    course(district, 8, mode="nightly")
    neighbour = District.objects.create(slug="hillside", name="Hillside")
    synced(course(neighbour, 9), state="failed")

    page = admin.page("")
    assert "The last grade sync of 2 courses failed, or not all of it arrived" in page
    assert "1 course waits for its teacher’s decision" in page
    assert "Automatic sync of 2 courses waits for their first sync" in page
    listed = admin.page("grades/courses/")
    for told in (
        "Course 2 ", "Failed Q does not answer.", "Course 3 ", "Not all arrived", "Course 4 ",
        "Waits for its teacher", "Course 7 ", "Course 8 ", "1 to 5 of 5",
    ):  # fmt: skip
        assert told in listed, told
    for fine_ in ("Course 1 ", "Course 5 ", "Course 6 ", "Course 9 "):
        assert fine_ not in listed
    assert "1 to 1 of 1" in admin.page("grades/courses/", sort="asks")
    assert "1 to 5 of 5" in admin.page("grades/courses/", sort="nonsense")
    school = visit(district.installations.get().deployment, people.ben())
    assert school.get("grades/courses/").status_code == 403


def test_credentials_that_end_soon_are_spoken_of(admin, district):
    tokens.make(
        district=district, name="Warehouse", rights=["read"], life=timedelta(days=90), by="Ada"
    )
    invitations.invite_credentials(by="Ada Admin (u7)", district=district)
    page = admin.page("")
    assert "Warehouse" not in page
    assert "ends within a day" not in page
    now = timezone.now()
    ApiToken.objects.update(expires_at=now + timedelta(days=10))
    Invitation.objects.update(expires_at=now + timedelta(hours=20))
    page = admin.page("")
    assert "The token “Warehouse” ends on " in page
    assert "The one-time link for Q’s administrator ends within a day" in page
    ApiToken.objects.update(revoked_at=now)
    Invitation.objects.update(used_at=now)
    page = admin.page("")
    assert "Warehouse" not in page
    assert "ends within a day" not in page


@pytest.mark.parametrize(
    ("days", "told"), [(40, ""), (29, "Q’s certificate ends on "), (-1, "has ended on ")]
)
def test_a_certificate_of_q_that_ends_within_30_days_is_spoken_of(admin, district, days, told):
    ends = timezone.now() + timedelta(days=days)
    seen = {"name": "Q: certificate", "ok": True, "needed": False, "ends_at": ends.isoformat()}
    district.checks.create(by="Ada", steps=[seen], ended_at=timezone.now())
    page = admin.page("")
    assert ("certificate" in page) == bool(told)
    assert f"{told}{today_in(district, ends)}" in page if told else "certificate" not in page


def connected(district: District, **fields: Any) -> CanvasConnection:
    url = "https://canvas.example"
    return CanvasConnection.objects.create(district=district, base_url=url, **fields)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (31, ""),
        (30, "Canvas’s access token ends on "),
        (0, "Canvas’s access token ends on "),
        (-1, "Canvas’s access token has ended on "),
    ],
)
def test_an_access_token_of_canvas_is_spoken_of_from_thirty_days_before_its_end(
    admin, district, days, told
):
    ends = today_in(district, timezone.now()) + timedelta(days=days)
    row = connected(district, access_token_ends_on=ends)
    page = admin.page("")
    assert ("access token" in page) == bool(told)
    assert not told or f"{told}{ends}" in page
    row.refresh_token = "r"
    row.save()
    assert "access token" not in admin.page("")


def test_a_sign_in_that_canvas_refuses_is_spoken_of_until_canvas_lets_us_in_again(admin, district):
    refused = {"code": "canvas.needs-consent", "message": "No.", "remedy": "Agree once more."}
    synced(course(district, 1), state="failed", error=refused | {"code": "canvas.throttled"})
    assert "refuses our sign-in" not in admin.page("")
    synced(course(district, 2), state="failed", error=refused)
    # It found nothing to send, so it has not asked Canvas.
    ended(district, counts={"users": {"same": 3}}, read_at=timezone.now())
    page = admin.page("")
    assert "Canvas refuses our sign-in Agree once more. Since " in page
    step = {"name": "Canvas: sign in", "ok": False, "needed": True}
    check = district.checks.create(by="Ada", steps=[step], ended_at=timezone.now())
    assert "refuses our sign-in" in admin.page("")
    check.steps = [step | {"ok": True}]
    check.save()
    assert "refuses our sign-in" not in admin.page("")
    synced(course(district, 3), state="failed", error=refused)
    assert "refuses our sign-in" in admin.page("")
    synced(course(district, 4))
    assert "refuses our sign-in" not in admin.page("")


def test_the_gravest_stands_first_then_what_is_of_the_most_and_the_rest_one_click_away(
    admin, district
):
    for number in range(3):
        RefusedRow.objects.create(district=district, kind="users", key=f"{number}", digest=b"0")
        synced(course(district, number), state="failed")
    synced(course(district, 9), state="failed")
    synced(course(district, 10), state="held")
    connected(district, access_token_ends_on=today_in(district, timezone.now()))
    District.objects.update(state="paused", pause_reason="new Canvas")
    ended(district, state="failed", error={"message": "Q does not answer."})
    page = admin.page("")
    order = [
        "Needs attention 6", "The last run failed", "The last grade sync of 4 courses",
        "Canvas refuses 3 records", "1 course waits", "access token ends", "Show all",
        "The district is paused",
    ]  # fmt: skip
    places = [page.index(words) for words in order]
    assert places == sorted(places)


def put_away(admin: Visit, key: str, **fields: Any) -> None:
    assert admin.post("attention/", key=key, **fields).status_code == 303


def test_why_a_district_is_paused_stands_in_the_words_of_whoever_paused_it(district):
    District.objects.update(state="paused", pause_reason="Grade sync")
    locale = {"https://purl.imsglobal.org/spec/lti/claim/launch_presentation": {"locale": "es"}}
    page = visit(installed(district), people.ada() | locale).page("")
    assert "El distrito está en pausa" in page
    assert "Grade sync" in page


def test_a_line_may_rest_for_seven_days_then_it_is_back(admin, district):
    RefusedRow.objects.create(district=district, kind="users", key="u1", digest=b"0")
    ended(district, counts={"users": {"same": 1}})
    assert "Look Canvas refuses 1 record Snooze 7 days" in admin.page("")
    put_away(admin, "refused")
    page = admin.page("")
    assert "Needs attention 0 1 is snoozed Canvas refuses 1 record Comes back " in page
    event = AuditEvent.objects.get(action="attention.snoozed")
    assert (event.actor, event.subject) == ("Ada Admin (Canvas user 42)", "refused")
    rests = Snooze.objects.get()
    assert timedelta(days=6.9) < rests.until - timezone.now() <= timedelta(days=7)
    Snooze.objects.update(until=timezone.now())
    page = admin.page("")
    assert "Needs attention 1 Canvas refuses 1 record" in page
    assert "snoozed" not in page


def test_a_line_that_rests_is_back_when_it_is_of_more_or_when_somebody_wants_it(admin, district):
    synced(course(district, 1), state="failed")
    put_away(admin, "courses failed")
    assert "1 is snoozed" in admin.page("")
    synced(course(district, 2), state="failed")
    assert "Needs attention 1 The last grade sync of 2 courses failed" in admin.page("")
    put_away(admin, "courses failed")
    assert "1 is snoozed" in admin.page("")
    put_away(admin, "courses failed", what="wake")
    assert "Needs attention 1 The last grade sync of 2 courses failed" in admin.page("")
    actions = AuditEvent.objects.filter(action__startswith="attention").order_by("pk")
    assert [one.action.rpartition(".")[2] for one in actions] == ["snoozed", "snoozed", "shown"]


def test_another_pause_is_shown_although_the_last_one_was_put_away(admin, district):
    def pause(**fields: str) -> None:
        assert admin.post("rules/pause/", **fields).status_code == 303

    pause(reason="new Canvas")
    [line] = overview.of_district(District.objects.get(pk=district.pk)).attention
    put_away(admin, line.key)
    assert "1 is snoozed The district is paused" in admin.page("")
    pause(what="resume")
    pause(reason="new Canvas")
    assert "Needs attention 1 The district is paused" in admin.page("")


def test_a_hold_a_failed_night_a_silence_and_a_refused_sign_in_cannot_be_put_away(admin, district):
    ended(district, state="failed", error={"code": "canvas.token-rejected", "message": "No."})
    ended(district, state="held", plan_digest="d", read_at=timezone.now(), holds=[{"code": "x"}])
    ended(district, state="failed", error={"message": "Q does not answer."})
    page = admin.page("")
    for key in ("", "None", "The last run failed", "failed", "waits"):
        put_away(admin, key)
    assert admin.page("") == page
    assert "A plan waits for your word" in page
    assert "The last run failed" in page
    assert "Canvas refuses our sign-in" in page
    assert "Snooze" not in page
    assert not Snooze.objects.exists()


def test_what_one_district_puts_away_the_neighbour_still_sees(admin, district):
    neighbour = District.objects.create(slug="hillside", name="Hillside")
    for one in (district, neighbour):
        synced(course(one, 1), state="failed")
    put_away(admin, "courses failed")
    assert "1 is snoozed" in admin.page("")
    theirs = visit(installed(neighbour))
    assert "Needs attention 1 The last grade sync of 1 course failed" in theirs.page("")


def test_what_rests_is_counted_and_a_changed_id_that_was_declined_does_not_rest(admin, district):
    for kind, key, action in (
        (CHANGE_SIS_ID.name, "user P1", DECLINED),
        ("users", "P2", "added"),
    ):
        SetAside.objects.create(
            district=district, kind=kind, key=key, action=action, digest=b"0", by="Ada"
        )
    assert "1 line rests" in admin.page("")
    SetAside.objects.filter(kind="users").delete()
    assert "rests" not in admin.page("")


def test_canvas_keys_that_cannot_be_fetched_are_spoken_of(admin, district):
    platform = district.installations.get().deployment.platform
    now = timezone.now()
    keys = KeySet.objects.create(url=platform.jwks_url, fetched_at=now, tried_at=now)
    assert "public keys cannot be fetched" not in admin.page("")
    keys.fetched_at = now - timedelta(hours=30)
    keys.save()
    assert "public keys cannot be fetched" in admin.page("")


def test_a_feed_that_says_the_same_for_days_is_spoken_of(admin, district):
    def night(days_ago: int, **counts: int) -> None:
        run = ended(district, counts={"users": {"same": 100, **counts}})
        Run.objects.filter(pk=run.pk).update(ended_at=timezone.now() - timedelta(days=days_ago))

    night(9, changed=3)
    for days_ago in range(8, 1, -1):
        night(days_ago)
    assert "told nothing new" not in admin.page("")
    night(1)
    assert "Q has told nothing new for 7 days" in admin.page("")
    for chosen, is_told in ((8, False), (0, False), (3, True)):
        ProvisioningPolicy.objects.update(silent_feed_days=chosen)
        assert ("told nothing new" in admin.page("")) == is_told, chosen
    night(0, added=1)
    assert "told nothing new" not in admin.page("")


def test_as_many_questions_for_three_hundred_courses_as_for_three(admin, district):
    def questions() -> list[int]:
        found = []
        for path in ("", "grades/courses/"):
            with CaptureQueriesContext(connection) as asked:
                admin.page(path)
            found.append(len(asked))
        return found

    for number in range(3):
        synced(course(district, number), state="failed")
    few = questions()
    for number in range(3, 300):
        synced(course(district, number), state=("failed", "held", "done")[number % 3])
    assert questions() == few
