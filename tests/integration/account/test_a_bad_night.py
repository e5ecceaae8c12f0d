"""One school's enrollments are gone: the admin sees which, approves the rest, and it stays so."""

from __future__ import annotations

from collections import Counter

import pytest

from integration import tasks
from integration.models import Approval, AuditEvent, District, Run, SetAside
from tests.integration.account.visiting import Visit, installed, visit, words
from tests.integration.api.program import Program
from tests.integration.provisioning.held_by_canvas import held
from tests.integration.provisioning.records import small_district, user
from tests.lti import people

STUDENTS = 12


@pytest.fixture
def admin(q_holds, connect, provision) -> Visit:
    """Canvas holds two schools; tonight Q has no enrollments for one, and a new student."""
    records = small_district(students=STUDENTS, schools=("S1", "S2"))
    q_holds(records)
    connect()
    assert provision()[0] == 0
    records["enrollments"] = [
        one for one in records["enrollments"] if one["school"]["sourcedId"] != "S2"
    ]
    records["users"].append(user("NEW", school="S1"))
    q_holds(records)
    return visit(installed(District.objects.get()))


def night(admin: Visit) -> Run:
    """Press “Run now”, and let a worker hear the bell."""
    answer = admin.post("runs/start/", what="run")
    assert answer.status_code == 303
    run = Run.objects.latest("pk")
    assert f"/account/runs/{run.pk}/" in answer.headers["Location"]
    tasks.advance_run(run.pk)
    run.refresh_from_db()
    return run


def seats(sandbox) -> int:
    return sum(row["status"] == "active" for row in held(sandbox.canvas)["enrollments"])


@pytest.mark.fault("F87")
@pytest.mark.django_db(transaction=True)
def test_f87_the_page_shows_the_counts_of_the_ledger(admin):
    run = night(admin)
    planned = Counter(
        run.changes.exclude(action__in=("equal", "kept")).values_list("action", flat=True)
    )
    told = (
        f"{planned['added']} creates, {planned['changed']} updates, {planned['removed']} removals"
    )
    assert told in admin.page(f"runs/{run.pk}/")
    for kind, count in run.counts.items():
        of_kind = run.changes.filter(kind=kind, action="removed").count()
        assert of_kind == count.get("removed", 0)
        shown = admin.page(f"runs/{run.pk}/changes/", kind=kind, action="removed")
        assert f"of {of_kind} " in shown if of_kind else "No change is like this" in shown


@pytest.mark.django_db(transaction=True)
def test_the_rest_is_approved_and_the_held_part_stays_set_aside(admin, sandbox):
    run = night(admin)
    assert run.state == Run.State.HELD
    page = admin.page(f"runs/{run.pk}/")
    assert "1 creates, 0 updates, 13 removals" in page
    assert "Canvas has not been changed. A person has to decide." in page
    assert "School S2: 13 enrollments would be removed" in page
    assert "School S2 0 0 13 Above its limit" in page
    assert "All 13 enrollments that Q no longer holds are of one school: School S2." in page
    assert "No other school is above its limit." in page
    changes = admin.page(f"runs/{run.pk}/changes/", action="removed")
    assert "1 to 13 of 13" in changes
    assert "Class K2 · Given P2-3" in changes
    everything = admin.post(
        f"runs/{run.pk}/decide/", digest=run.plan_digest, scope="all", number="12"
    )
    assert everything.status_code == 400
    assert "type their number" in words(everything)

    decided = admin.post(
        f"runs/{run.pk}/decide/",
        digest=run.plan_digest,
        scope="schools",
        school=["S1"],
        reason="Oak Ridge is being rolled over",
    )
    assert decided.status_code == 303
    tasks.advance_run(run.pk)
    assert seats(sandbox) == 2 * (STUDENTS + 1)
    assert "NEW" in {row["user_id"] for row in held(sandbox.canvas)["users"]}
    assert SetAside.objects.count() == 13
    assert "Oak Ridge is being rolled over" in admin.page("audit/")
    page = admin.page(f"runs/{run.pk}/")
    assert "Oak Ridge is being rolled over" in page
    assert "A person had to decide about this plan. " in page
    assert "Canvas has not been changed" not in page
    assert "Read Q again now" not in page

    later = night(admin)
    assert later.state == Run.State.DONE, later.error
    assert seats(sandbox) == 2 * (STUDENTS + 1)
    assert "Set aside" in admin.page(f"runs/{later.pk}/changes/", action="removed")

    admin.post("runs/plan-again/")
    assert AuditEvent.objects.get(action="plan.taken-up").before == {"set_aside": 13}
    assert night(admin).state == Run.State.HELD


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["page", "command", "program"])
def test_all_but_the_removals_goes_and_they_stay_set_aside(admin, sandbox, provision, way):
    run = night(admin)
    page = admin.page(f"runs/{run.pk}/")
    assert "13 of 26; limit 5 Above its limit" in page
    assert "Everything except removals Recommended 1 change goes now. Removals (13) are" in page
    html = admin.get(f"runs/{run.pk}/").content.decode()
    assert 'value="except-removals" checked' in html
    assert html.count(' name="scope" value="schools">') == 1
    if way == "page":
        scope = {"digest": run.plan_digest, "scope": "except-removals"}
        assert admin.post(f"runs/{run.pk}/decide/", **scope).status_code == 303
        tasks.advance_run(run.pk)
    elif way == "command":
        assert provision("--approve", run.plan_digest, "--except-removals")[0] == 0
    else:
        program = Program(run.district)
        wish = {"digest": run.plan_digest, "removals": False}
        assert program.done(f"plans/{run.pk}/approvals/", wish)["state"] == "done"
        (told,) = program.get(f"plans/{run.pk}/approvals/")["results"]
        assert told["part"] == {"schools": [], "kinds": [], "removals": False}
    assert seats(sandbox) == 2 * (STUDENTS + 1)
    assert "NEW" in {row["user_id"] for row in held(sandbox.canvas)["users"]}
    assert set(SetAside.objects.values_list("kind", "action")) == {("enrollments", "removed")}
    assert SetAside.objects.count() == 13
    assert Approval.objects.get().scope["removals"] is False
    assert "Everything except removals" in admin.page(f"runs/{run.pk}/")

    later = night(admin)
    assert later.state == Run.State.DONE, later.error
    assert seats(sandbox) == 2 * (STUDENTS + 1)


@pytest.mark.django_db(transaction=True)
def test_a_plan_that_has_changed_since_the_page_is_not_approved(admin, sandbox, change_q):
    first = night(admin)
    change_q(upsert={"users": [user("NEWER", school="S1")]})
    second = night(admin)
    answer = admin.post(
        f"runs/{first.pk}/decide/", digest=first.plan_digest, scope="schools", school=["S1"]
    )
    assert answer.status_code == 409
    assert f"run {second.pk} has read Q since" in words(answer)
    other = admin.post(f"runs/{second.pk}/decide/", digest="0" * 64, scope="none")
    assert other.status_code == 409
    for fields in ({}, {"scope": "schools"}, {"scope": "kinds"}, {"scope": "nonsense"}):
        answer = admin.post(f"runs/{second.pk}/decide/", digest=second.plan_digest, **fields)
        assert answer.status_code == 400, fields
    assert "out of date" in admin.page(f"runs/{first.pk}/")

    admin.post(f"runs/{second.pk}/decide/", digest=second.plan_digest, scope="none", reason="no")
    second.refresh_from_db()
    assert second.state == Run.State.FAILED
    assert "discarded it" in admin.page(f"runs/{second.pk}/")
    assert AuditEvent.objects.filter(action="plan.discarded", reason="no").exists()
    assert seats(sandbox) == 2 * (STUDENTS + 1)


@pytest.mark.django_db(transaction=True)
def test_an_undo_is_shown_before_it_is_sent(admin, sandbox):
    first = Run.objects.earliest("pk")
    answer = admin.post(f"runs/{first.pk}/undo/")
    assert answer.status_code == 303
    undoing = Run.objects.latest("pk")
    tasks.advance_run(undoing.pk)
    page = admin.page(f"runs/{undoing.pk}/")
    assert "Waits for you" in page
    assert "Your decision" in page
    assert seats(sandbox) == 2 * (STUDENTS + 1)
    undoing.refresh_from_db()
    admin.post(
        f"runs/{undoing.pk}/decide/", digest=undoing.plan_digest, scope="all", reason="too early"
    )
    tasks.advance_run(undoing.pk)
    assert seats(sandbox) == 0
    assert "Undo of this run" in admin.page(f"runs/{first.pk}/")


@pytest.mark.django_db(transaction=True)
def test_why_answers_for_a_user_a_class_and_what_q_does_not_hold(admin):
    assert "in Canvas" in admin.page("why/", kind="user", id="P1-3")
    assert "Canvas has accepted the section K1" in admin.page("why/", kind="class", id="K1")
    assert "unknown" in admin.page("why/", kind="user", id="nobody")
    found = admin.page("why/", q="p1-3@example.org")
    assert "Given P1-3" in found
    assert "P1-3" in admin.page("why/", q="K1")


@pytest.mark.django_db(transaction=True)
def test_a_school_and_a_person_without_rights_change_nothing(admin, sandbox):
    run = night(admin)
    deployment = District.objects.get().installations.get().deployment
    school = visit(deployment, people.ben())
    masquerading = visit(deployment, people.ada(masquerading_user_id="99"))
    for address in ("runs/", f"runs/{run.pk}/", f"runs/{run.pk}/changes.csv", "why/", "audit/"):
        assert school.get(address).status_code == 403, address
    assert masquerading.get(f"runs/{run.pk}/").status_code == 200
    for stranger in (school, masquerading):
        answer = stranger.post(
            f"runs/{run.pk}/decide/", digest=run.plan_digest, scope="schools", school=["S1"]
        )
        assert answer.status_code == 403
        assert stranger.post("runs/start/", what="run").status_code == 403
    assert Run.objects.latest("pk") == run
