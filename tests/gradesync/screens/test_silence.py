"""What a teacher sees where Q is silent, no worker begins, or a comparison takes its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from gradesync.models import SyncRun
from integration.models import Run
from tests.gradesync.screens.stage import Stage, Visit, room, text

SILENT = {"code": "http.unreachable", "stage": "reading the classes in Q"}


@pytest.fixture
def visit(stage: Stage) -> Visit:
    return stage.visit()


def now(run: Run, minutes_ago: float = 0, **fields: Any) -> None:
    """As a worker leaves it."""
    created_at = timezone.now() - timedelta(minutes=minutes_ago)
    Run.objects.filter(pk=run.pk).update(created_at=created_at, **fields)


def test_a_first_look_that_q_does_not_answer_says_so_while_it_is_tried_again(
    stage: Stage, visit: Visit
):
    visit.page()
    run, tag = Run.objects.get(), visit.get(part=True)["ETag"]
    now(run, state="waiting", error=SILENT)
    part = visit.get(part=True, tag=tag)
    assert part.status_code == 200
    assert "Q is not answering" in text(part.content.decode())
    assert "being read for the first time" not in text(part.content.decode())
    now(run, state="running")
    page = text(visit.page())
    assert "Q is not answering" in page
    assert "Connected to Q" not in page
    stage.work(run, room())
    page = text(visit.page())
    assert "18 grades ready to send to Q" in page
    assert "Q is not answering" not in page


def test_a_page_that_waits_hears_that_q_fell_silent(stage: Stage):
    stage.plan(room())
    visit = stage.visit(minutes_ago=0)
    visit.page()
    tag = visit.get(part=True)["ETag"]
    now(Run.objects.latest("pk"), state="waiting", error=SILENT)
    part = visit.get(part=True, tag=tag)
    assert "Q is not answering" in text(part.content.decode())


@pytest.mark.parametrize("is_first", [True, False])
def test_a_look_that_no_worker_begins_says_so(stage: Stage, is_first: bool):
    if not is_first:
        ungraded = room()
        ungraded.submissions, ungraded.assignments = [], []
        stage.plan(ungraded)
    visit = stage.visit(minutes_ago=0)
    assert "not begun" not in text(visit.page())
    tag = visit.get(part=True)["ETag"]
    now(Run.objects.latest("pk"), minutes_ago=6)
    Run.objects.exclude(pk=Run.objects.latest("pk").pk).update(
        created_at=timezone.now() - timedelta(minutes=20)
    )
    part = visit.get(part=True, tag=tag)
    assert "It has waited for some minutes and not begun." in text(part.content.decode())


def test_a_preview_that_is_made_tells_how_it_stands(stage: Stage, visit: Visit):
    stage.plan(room())
    visit.post("check/", then="preview")
    run = Run.objects.latest("pk")
    path = f"previews/{run.pk}/"
    visit.page(path)
    tag = visit.get(path, part=True)["ETag"]
    assert visit.get(path, part=True, tag=tag).status_code == 304
    now(run, state="waiting", error=SILENT)
    part = visit.get(path, part=True, tag=tag)
    assert "Canvas or Q is not answering" in text(part.content.decode())
    now(run, state="queued", error={}, minutes_ago=6)
    assert "not begun" in text(visit.get(path, part=True, tag=tag).content.decode())
    stage.work(run, room())
    assert visit.get(path, part=True)["HX-Refresh"] == "true"


def test_the_place_in_the_queue_moves_on_the_page_of_a_sync(stage: Stage, visit: Visit):
    other = Run.objects.create(district=stage.district, kind="grades", state="done")
    run = stage.plan(room())
    SyncRun.objects.filter(run=run).update(is_open=True)
    now(run, state="queued", plan_only=False, cursor="approved")
    path = f"runs/{run.pk}/"
    tag = visit.get(path, part=True)["ETag"]
    now(other, state="queued")
    part = visit.get(path, part=True, tag=tag)
    assert "1 other course is before this one." in text(part.content.decode())
