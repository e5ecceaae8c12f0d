"""Grade passback for many courses at once: what the account, a school and a term choose."""

from __future__ import annotations

import re
from contextlib import closing
from typing import Any

import pytest

from gradesync.models import CourseSync, SyncDefaults
from gradesync.rulebook import effective_of
from integration.connections import canvas_client
from integration.models import AuditEvent, District
from tests.integration.account.visiting import Visit, installed, visit, words
from tests.integration.provisioning.records import small_district
from tests.lti import people

pytestmark = pytest.mark.django_db(transaction=True)
WHOLE = "grades/account/"


@pytest.fixture
def district() -> District:
    return District.objects.create(slug="lakeside", name="Lakeside Unified")


@pytest.fixture
def admin(district) -> Visit:
    return visit(installed(district))


def typed(admin: Visit, path: str, **changed: Any) -> dict[str, Any]:
    """The form as it stands on the page, with changes."""
    page = admin.get(path).content.decode()
    found = re.search(r'name="version" value="([^"]+)"', page)
    assert found, path
    return {"version": found[1], **changed}


def test_a_school_is_chosen_by_its_name_and_goes_before_the_account(q_holds, connect, provision):
    q_holds(small_district(students=1, schools=("S1",)))
    connect()
    provision()
    district = District.objects.get()
    admin = visit(installed(district))
    with closing(canvas_client(district)) as canvas:
        (school,) = (one for one in canvas.sub_accounts() if one.sis_account_id == "S1")
        term = next(one for one in canvas.terms() if one.sis_term_id)
    assert "Nothing chosen yet" in admin.page("grades/")
    assert f'<option value="school {school.id}">' in admin.get("grades/").content.decode()
    found = admin.get("grades/find/", level=f"school {school.id}")
    assert f"/account/grades/school/{school.id}/" in found["Location"]

    whole = typed(admin, WHOLE, missing="zero", decimals="0", lock_late="on", late="entered")
    assert admin.post(WHOLE, **whole).status_code == 303
    of_school, of_term = f"grades/school/{school.id}/", f"grades/term/{term.id}/"
    page = admin.page(of_school)
    assert f"For the school {school.name}" in page
    assert "As the account: Mark it as not submitted, with 0" in page
    assert "Set for all by a level above." in page
    assert admin.post(of_school, **typed(admin, of_school, missing="nothing")).status_code == 303
    automatic = typed(admin, of_term, automatic="nightly", automatic_at="23:30")
    assert admin.post(of_term, **automatic).status_code == 303

    course = CourseSync.objects.create(
        district=district, canvas_id="5", account_ids=[school.id], term_id=term.id
    )
    holds = effective_of(course)
    assert (holds.settings.missing, holds.settings.decimals) == ("nothing", 0)
    assert (holds.settings.automatic, holds.settings.automatic_at) == ("nightly", "23:30")
    assert (holds.where["missing"], holds.where["decimals"], holds.where["automatic"]) == (
        *("school", "account", "term"),
    )
    assert holds.locked == {"late"}
    listed = admin.page("grades/")
    for words_ in ("Whole account 3 1", f"School {school.name} 1 0", f"Term {term.name} 2 0"):
        assert words_ in listed
    event = AuditEvent.objects.filter(action="grades.settings", subject=f"school {school.id}").get()
    assert (event.actor, event.after) == ("Ada Admin (Canvas user 42)", {"missing": "nothing"})


def test_a_choice_that_is_given_back_holds_no_more(admin, district):
    admin.post(WHOLE, **typed(admin, WHOLE, missing="zero", lock_missing="on", review_above="3"))
    kept = SyncDefaults.objects.get()
    assert (kept.chosen, kept.locked) == ({"missing": "zero", "review_above": 3}, ["missing"])
    admin.post(WHOLE, **typed(admin, WHOLE))
    kept.refresh_from_db()
    assert (kept.chosen, kept.locked) == ({}, [])
    assert "Nothing chosen yet" in admin.page("grades/")


def test_a_copy_of_canvas_may_write_to_q_only_where_the_account_says_so(admin):
    admin.post(WHOLE, **typed(admin, WHOLE, copies_may_write="on"))
    assert SyncDefaults.objects.get().copies_may_write
    admin.post(WHOLE, **typed(admin, WHOLE))
    assert not SyncDefaults.objects.get().copies_may_write
    assert "may write to Q" not in admin.page("grades/term/7/")


def test_a_school_or_term_that_this_canvas_has_not_is_none(q_holds, connect, provision):
    q_holds(small_district(students=1, schools=("S1",)))
    connect()
    provision()
    admin = visit(installed(District.objects.get()))
    for level in ("grades/school/987654/", "grades/term/987654/"):
        assert admin.get(level).status_code == 404, level
        assert admin.post(level, missing="zero").status_code == 404, level
    assert not SyncDefaults.objects.exists()
    # One that was chosen for, and that Canvas has no more, can be given back.
    SyncDefaults.objects.create(
        district=District.objects.get(), where="term", place="987654", chosen={"missing": "zero"}
    )
    gone = "grades/term/987654/"
    assert admin.post(gone, **typed(admin, gone)).status_code == 303
    assert SyncDefaults.objects.get().chosen == {}


def test_while_canvas_is_away_only_what_is_known_can_be_chosen_for(admin, district):
    CourseSync.objects.create(district=district, canvas_id="5", account_ids=["3"], term_id="7")
    for level, is_known in (
        ("grades/school/3/", True), ("grades/term/7/", True),
        ("grades/school/7/", False), ("grades/term/3/", False),
    ):  # fmt: skip
        doubt = "Canvas cannot be asked just now whether this school or term is its own"
        assert (doubt in admin.page(level)) != is_known, level
        answer = admin.post(level, **typed(admin, level, missing="zero"))
        assert answer.status_code == (303 if is_known else 502), level
        if not is_known:
            assert '<option value="zero" selected>' in answer.content.decode()
    assert set(SyncDefaults.objects.values_list("where", "place")) == {
        ("school", "3"),
        ("term", "7"),
    }


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("missing", "often", "Select a valid choice."),
        ("decimals", "9", "Select a valid choice."),
        ("course_grade_letter", "maybe", "Select a valid choice."),
        ("automatic", "hourly", "Select a valid choice."),
        ("automatic_at", "25:00", "Enter a valid time."),
        ("automatic_minutes", "4", "greater than or equal to 5"),
        ("automatic_minutes", "721", "less than or equal to 720"),
        ("automatic_minutes", "soon", "Enter a whole number."),
        ("quiet_from", "noon", "Enter a valid time."),
        ("review_above", "-1", "greater than or equal to 0"),
        ("default_category", "x" * 256, "at most 255 characters"),
        ("default_category", "a\0b", "Null characters are not allowed."),
    ],
)
def test_each_field_that_is_wrong_says_so_beside_it(admin, field, value, told):
    answer = admin.post(WHOLE, **typed(admin, WHOLE, **{field: value}))
    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert told in words(answer)
    assert not SyncDefaults.objects.exists()


def test_a_night_inside_the_quiet_hours_is_refused(admin):
    night = {"automatic_at": "23:30", "quiet_from": "22:00", "quiet_until": "05:00"}
    answer = admin.post(WHOLE, **typed(admin, WHOLE, **night))
    assert (answer.status_code, "in the quiet hours" in words(answer)) == (400, True)


def test_of_two_who_save_the_later_one_is_told(admin):
    stale = typed(admin, WHOLE, missing="zero")
    admin.post(WHOLE, **typed(admin, WHOLE, decimals="1"))
    answer = admin.post(WHOLE, **stale)
    assert (answer.status_code, "Yours were not saved" in words(answer)) == (409, True)
    assert SyncDefaults.objects.get().chosen == {"decimals": 1}


def test_levels_that_there_are_not_and_people_who_may_not(admin, district):
    for path in ("grades/account/7/", "grades/course/7/", "grades/default/7/"):
        assert admin.get(path).status_code == 404, path
    for level in ("", "school", "school x", "account 7/", "nonsense 7"):
        assert admin.get("grades/find/", level=level).status_code in (303, 404)
    school = visit(district.installations.get().deployment, people.ben())
    for path in ("grades/", WHOLE, "grades/school/7/"):
        assert school.get(path).status_code == 403, path
    assert school.post(WHOLE, missing="zero").status_code == 403
    assert "has no connection to Canvas" in admin.page("grades/")


def test_who_saves_an_old_page_lets_no_copy_write_again(admin: Visit, district: District):
    SyncDefaults.objects.create(district=district, where="account", copies_may_write=True)
    old = typed(admin, WHOLE, late="entered", copies_may_write="on")
    SyncDefaults.objects.update(copies_may_write=False)
    assert admin.post(WHOLE, **old).status_code == 409
    assert not SyncDefaults.objects.get().copies_may_write
