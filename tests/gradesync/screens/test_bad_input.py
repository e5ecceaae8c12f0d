"""Stale previews, double presses, strangers' ids, ended visits: each ends in a clear page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from gradesync.models import CourseSync, SentResult
from integration.models import Approval, AuditEvent, CanvasConnection, Run
from lti.models import LaunchSession
from tests.gradesync.makers import graded, line_item, result, value
from tests.gradesync.screens.stage import Stage, Visit, room, text
from tests.integration.servers import FaultServer, Received, json_answer
from tests.lti import people

Says = Callable[[list[dict[str, Any]]], None]


@pytest.fixture
def canvas(stage: Stage, settings: Any) -> Iterator[list[str]]:
    """Canvas, which says what courses Rosa teaches; the list is what she is enrolled in."""
    enrolled = ["5"]

    def script(asked: Received) -> Any:
        if "down" in enrolled:
            return json_answer({"errors": []}, 403)
        rows = [
            {"id": 1, "user_id": "42", "course_id": one, "course_section_id": "11",
             "type": "TeacherEnrollment", "enrollment_state": "active", "role": "TeacherEnrollment"}
            for one in enrolled
        ]  # fmt: skip
        return json_answer(rows if "enrollments" in asked.target else [])

    with FaultServer(script) as server:
        settings.ALLOW_PRIVATE_ADDRESSES = [f"127.0.0.1:{server.port}"]
        CanvasConnection.objects.update(base_url=f"http://127.0.0.1:{server.port}")
        connection = CanvasConnection.objects.get()
        connection.access_token = "t"
        connection.save()
        yield enrolled


@pytest.fixture
def visit(stage: Stage) -> Visit:
    return stage.visit()


@pytest.fixture
def run(stage: Stage) -> Run:
    return stage.plan(room())


def send(visit: Visit, run: Run, **fields: Any) -> Any:
    return visit.post(f"previews/{run.pk}/send/", **{"digest": run.plan_digest, **fields})


def test_what_was_looked_at_is_sent_and_a_second_press_shows_the_same_run(
    canvas: list[str], visit: Visit, run: Run
):
    assert "look-first" in send(visit, run)["Location"]
    assert Approval.objects.count() == 0
    visit.page(f"previews/{run.pk}/")
    for _ in range(2):
        page = visit.follow(send(visit, run))
        assert "Sending grades to Q" in page
    assert Approval.objects.count() == 1
    run.refresh_from_db()
    assert (run.state, run.plan_only) == ("queued", False)
    assert Approval.objects.get().by == "Rosa Rivera (Canvas user 42)"


def test_a_sync_is_stopped_from_its_page_and_says_so(canvas: list[str], visit: Visit, run: Run):
    visit.page(f"previews/{run.pk}/")
    visit.follow(send(visit, run))
    page = visit.follow(visit.post(f"runs/{run.pk}/stop/"))
    assert "It stops as soon as what is under way has ended." in page
    assert "Stopping …" in page
    assert run.sync.__class__.objects.get(pk=run.pk).cancel_asked_at is not None


def test_another_plan_than_the_page_showed_is_not_sent(canvas: list[str], visit: Visit, run: Run):
    visit.page(f"previews/{run.pk}/")
    answer = send(visit, run, digest="0" * 64)
    assert "told=stale" in answer["Location"]
    assert Approval.objects.count() == 0
    assert Run.objects.latest("pk").plan_only


def test_a_plan_that_another_sync_overtook_is_offered_anew(
    canvas: list[str], stage: Stage, visit: Visit, run: Run
):
    visit.page(f"previews/{run.pk}/")
    stage.carry_out(stage.plan(room(), by="Theo"))
    assert "This preview is out of date." in visit.page(f"previews/{run.pk}/")
    answer = send(visit, run)
    assert "told=stale" in answer["Location"]
    page = visit.follow(answer)
    assert "This preview is out of date. Nothing was sent." in page


def test_a_plan_that_was_overtaken_and_left_nothing_to_send_is_told_as_such(
    canvas: list[str], stage: Stage, visit: Visit, run: Run
):
    visit.page(f"previews/{run.pk}/")
    stage.carry_out(stage.plan(room(), by="Theo"))
    answer = send(visit, run)
    again = Run.objects.latest("pk")
    Run.objects.filter(pk=again.pk).update(state="done", read_at=timezone.now())
    there = visit.client.get(answer["Location"])
    while there.status_code == 303:
        there = visit.client.get(there["Location"])
    assert "That preview was out of date. Nothing was sent." in there.content.decode()


def test_a_second_teacher_sees_the_sync_that_is_going(
    canvas: list[str], stage: Stage, visit: Visit, run: Run
):
    visit.page(f"previews/{run.pk}/")
    other = stage.plan(room(assignments=2), by="Theo")
    theo = stage.visit(people.theo(section_sis_ids="c1,c2", permissions=people.GRADES))
    theo.page(f"previews/{other.pk}/")
    theo.follow(send(theo, other))
    page = visit.follow(send(visit, run))
    assert "A sync of this course is running already. Nothing was sent twice." in page
    assert Approval.objects.count() == 1


def test_s47_whoever_does_not_teach_any_more_sends_nothing(
    canvas: list[str], visit: Visit, run: Run
):
    visit.page(f"previews/{run.pk}/")
    canvas[:] = ["6"]
    page = visit.follow(send(visit, run))
    assert "you may no longer edit grades in this course. Nothing was sent." in page
    canvas[:] = ["down"]
    page = visit.follow(send(visit, run))
    assert "Canvas could not be asked whether you may still send grades." in page
    assert Approval.objects.count() == 0


def test_sending_needs_a_launch_of_this_hour(canvas: list[str], visit: Visit, run: Run):
    LaunchSession.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    answer = send(visit, run)
    assert answer.status_code == 403
    assert "more than an hour ago" in text(answer.content.decode())


def test_a_visit_that_has_ended_says_so(visit: Visit, run: Run):
    LaunchSession.objects.update(seen_at=timezone.now() - timedelta(minutes=31))
    for answer in (visit.get(), visit.get(part=True), send(visit, run)):
        assert answer.status_code in (401, 403)
        assert "Open Q Sync again" in text(answer.content.decode())


FORMS = [
    ("previews/{}/send/", {}),
    ("previews/{}/choices/", {"all": "keep-q"}),
    ("runs/{}/stop/", {}),
    ("runs/{}/retry/", {}),
    ("runs/{}/undo/", {}),
]


def test_s45_s46_ids_of_another_course_find_nothing(stage: Stage, visit: Visit, run: Run):
    course = CourseSync.objects.create(district=stage.district, canvas_id="6")
    run.sync.__class__.objects.filter(pk=run.pk).update(course=course)
    for path in ("previews/{}/", "previews/{}/rows.csv", "runs/{}/"):
        assert visit.get(path.format(run.pk)).status_code == 404
    for path, fields in FORMS:
        assert visit.post(path.format(run.pk), **fields).status_code == 404
    assert visit.post("assignments/99/", on="0").status_code == 404
    assert visit.post("periods/99/", q="gp1").status_code == 404
    assert visit.client.get(f"/courses/6/?place={visit.place}").status_code in (401, 404)
    assert not AuditEvent.objects.exclude(action="session").filter(actor__contains="Rosa").exists()


def test_s46_a_category_or_a_cell_of_elsewhere_changes_nothing(
    stage: Stage, visit: Visit, run: Run
):
    answer = visit.post("categories/", group="1", category="Of another class", at="1")
    assert "told=no-category" in answer["Location"]
    assert visit.post("categories/", group="99", category="Homework").status_code == 404
    from gradesync.screens.preview import token_of

    strange = {f"c-{token_of('result assignment 1 c9 s1')}": "send-canvas"}
    assert visit.post(f"previews/{run.pk}/choices/", **strange).status_code == 404
    assert visit.post(f"previews/{run.pk}/choices/", **{"c-%%%": "send-canvas"}).status_code == 404
    assert not SentResult.objects.exclude(decision=None).exists()


@pytest.fixture
def disputed(stage: Stage) -> Run:
    """One score that somebody changed in Q."""
    made = room(assignments=1, students=2).linked("1")
    made.line_items = [line_item(class_id="c1")]
    made.results = [result("3", "S0")]
    made.confirmed(value("9"), "S0")
    made.submissions = [graded("14", "s0"), graded("12", "s1")]
    return stage.plan(made)


def test_a_conflict_is_decided_both_ways_and_exactly_that_is_sent(
    canvas: list[str], visit: Visit, disputed: Run
):
    page = visit.page(f"previews/{disputed.pk}/")
    assert "1 score is another one in Q." in text(page)
    assert "Send 1 grade to Q" in text(page)
    (field,) = {one.split('"')[1] for one in page.split("name=")[1:] if one.startswith('"c-')}
    visit.follow(visit.post(f"previews/{disputed.pk}/choices/", **{field: "send-canvas"}))
    page = visit.page(f"previews/{disputed.pk}/")
    assert "Send 2 grades to Q" in text(page)
    visit.follow(visit.post(f"previews/{disputed.pk}/choices/", **{field: "keep-q"}))
    assert "Send 1 grade to Q" in text(visit.page(f"previews/{disputed.pk}/"))
    disputed.refresh_from_db()
    visit.follow(send(visit, disputed, **{field: "send-canvas"}))
    written = disputed.changes.filter(kind="result", state="planned")
    assert written.count() == 2


def test_a_settings_form_that_somebody_overtook_is_shown_again(stage: Stage, visit: Visit):
    page = visit.page("settings/")
    version = page.split('name="version" value="')[1].split('"')[0]
    fields = {"version": version, "mode": "nightly", "at": "23:30", "minutes": "15",
              "quiet_from": "00:00", "quiet_until": "00:00", "scale": "percent"}  # fmt: skip
    visit.follow(visit.post("settings/", **fields))
    course = CourseSync.objects.get()
    chosen = {"scale": "percent", "automatic": "nightly", "automatic_at": "23:30"}
    assert (course.mode, course.chosen) == ("nightly", chosen)
    theo = stage.visit(people.theo(permissions=people.GRADES), name="Theo")
    answer = theo.post("settings/", **fields | {"scale": "points"})
    assert answer.status_code == 409
    assert "Rosa Rivera has changed these settings" in text(answer.content.decode())
    assert CourseSync.objects.get().chosen == chosen
    version = answer.content.decode().split('name="version" value="')[1].split('"')[0]
    wrong = theo.post("settings/", **fields | {"version": version, "minutes": "1", "at": "x"})
    assert wrong.status_code == 422
    assert "This was not saved" in wrong.content.decode()
    assert 'aria-invalid="true"' in wrong.content.decode()


def test_s51_nothing_that_a_person_named_is_taken_for_markup(stage: Stage):
    evil = '"><img src=x onerror=alert(1)>{{7*7}}=cmd()'
    from dataclasses import replace

    from integration.canvas.gradebook_types import AssignmentGroup, Section
    from integration.oneroster.gradebook_types import Category

    made = room(assignments=2, students=4)
    made.sections = [replace(one, name=evil) for one in made.sections]
    made.assignments = [replace(one, name=f"={evil}") for one in made.assignments]
    made.enrollments = [replace(one, name=evil, sortable_name=evil) for one in made.enrollments]
    made.groups, made.categories = [AssignmentGroup("1", evil)], [Category("k1", evil)]
    made.classes = [replace(one, title=evil) for one in made.classes]
    assert isinstance(made.sections[0], Section)
    run = stage.plan(made)
    visit = stage.visit(name=evil)
    paths = ["", f"previews/{run.pk}/", "settings/", "history/"]
    pages = [visit.page(path) for path in paths]
    stage.carry_out(run, refuse=1)
    run.changes.filter(state="refused").update(message=evil)
    pages += [visit.page(path) for path in (f"runs/{run.pk}/", "history/", "")]
    pages.append(visit.page("history/", q=evil))
    for page in pages:
        assert "<img" not in page
        assert "49=cmd" not in page
    for path in (f"previews/{run.pk}/rows.csv", "assignments.csv", "history.csv"):
        sheet = visit.page(path)
        assert "'=" in sheet or "history" in path
        for line in sheet.splitlines()[1:]:
            assert not any(cell.strip('"').startswith("=") for cell in line.split(","))


def test_a_nul_in_an_address_is_no_error_of_ours(visit: Visit, run: Run):
    names = ("q", "show", "text", "item", "student", "section", "page", "told")
    asked = dict.fromkeys(names, "a\0")
    for path in ("", f"previews/{run.pk}/", f"previews/{run.pk}/rows.csv", "history/", "settings/"):
        assert visit.get(path, **asked).status_code == 200, path
    assert visit.get("history/grade/", **asked).status_code == 404
