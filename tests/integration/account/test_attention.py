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
from integration.models import ApiToken, Change, District, Invitation, ProvisioningPolicy, Run
from lti.models import KeySet
from tests.integration.account.test_pages import ended
from tests.integration.account.visiting import visit
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
        run=of_two, kind="result", key="k", action="added", after="{}", digest=b"0", state="refused"
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
    assert f"{told}{ends:%Y-%m-%d}" in page if told else "certificate" not in page


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
