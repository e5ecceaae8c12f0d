"""Each screen of the course in each state, looked at by axe, narrow, in high contrast, in Spanish.

`./run screenshots` keeps the pictures (SCREENS_TO names the folder).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page

from gradesync.actions import plans
from gradesync.models import CourseSync
from integration.canvas.gradebook_types import Enrollment, Section
from integration.models import Run
from tests.gradesync.makers import line_item
from tests.gradesync.screens.algebra import algebra, with_course_grades
from tests.gradesync.screens.conftest import district
from tests.gradesync.screens.stage import COURSE_ID, Stage, Visit
from tests.journeys.walking import violations
from tests.lti import people

Prepare = Callable[[Stage], str]
WIDTHS = (320, 768, 1180)
PICTURES = os.environ.get("SCREENS_TO", "")


@dataclass
class Screen:
    """`prepare` gives the path below the course."""

    name: str
    prepare: Prepare
    heading: str
    person: dict[str, Any] | None = None


def grades(stage: Stage) -> str:
    _choose(stage, course_grades="periods", course_grade_category="Tests")
    CourseSync.objects.update(first_sent_at="2026-09-01T00:00Z")
    stage.plan(with_course_grades(algebra()))
    return ""


def _choose(stage: Stage, **chosen: Any) -> None:
    course = stage.course
    course.chosen = chosen
    course.save()


def first_use(stage: Stage) -> str:
    stage.plan(algebra())
    return ""


def never_read(stage: Stage) -> str:
    return ""


def all_in_sync(stage: Stage) -> str:
    run = stage.carry_out(stage.plan(algebra(in_trouble=False)))
    assert run.state == Run.State.DONE
    return ""


def q_down(stage: Stage) -> str:
    grades(stage)
    failed = stage.plan(algebra(), by="schedule")
    error = {"code": "http.unreachable", "stage": "reading the classes in Q"}
    Run.objects.filter(pk=failed.pk).update(
        state="failed", read_at=None, plan_digest="", error=error
    )
    return ""


def nothing_graded(stage: Stage) -> str:
    made = algebra(in_trouble=False)
    made.assignments, made.submissions, made.line_items, made.results = [], [], [], []
    made.memory = {}
    stage.plan(made)
    return ""


def unpublished(stage: Stage) -> str:
    made = algebra()
    made.course = replace(made.course, is_published=False)
    stage.plan(made)
    return ""


def preview(stage: Stage) -> str:
    CourseSync.objects.filter(pk=stage.course.pk).update(first_sent_at="2026-09-01T00:00Z")
    return f"previews/{stage.plan(algebra()).pk}/"


def making(stage: Stage) -> str:
    return f"previews/{plans.preview(stage.course, by='Rosa').pk}/"


def running(stage: Stage) -> str:
    run = stage.plan(algebra())
    stage.carry_out(run, leave=20)
    Run.objects.filter(pk=run.pk).update(state="running", cursor="scores", plan_only=False)
    run.changes.filter(state="left").update(state="planned")
    run.sync.__class__.objects.filter(pk=run.pk).update(is_open=True)
    return f"runs/{run.pk}/"


def result(stage: Stage) -> str:
    return f"runs/{stage.carry_out(stage.plan(algebra()), refuse=3).pk}/"


def by_student(stage: Stage) -> str:
    return f"{result(stage)}?by=student"


def stopped(stage: Stage) -> str:
    run = stage.carry_out(stage.plan(algebra()), leave=20)
    run.changes.filter(state="left").update(state="planned", message="")
    Run.objects.filter(pk=run.pk).update(state="failed", error={"code": "grades.cancelled"})
    return f"runs/{run.pk}/"


def looking(stage: Stage) -> str:
    """What was found half an hour ago is shown while it is looked at anew."""
    all_in_sync(stage)
    Run.objects.update(read_at=timezone.now() - timedelta(minutes=30))
    return ""


def which_one(stage: Stage) -> str:
    """Q has two assignments that one could be; a section is no class of Q; a title is asked for."""
    made = algebra()
    CourseSync.objects.filter(pk=stage.course.pk).update(first_sent_at="2026-09-01T00:00Z")
    quiz = next(one for one in made.assignments if one.canvas_id == "2")
    told = {"title": quiz.name, "due_at": quiz.due_at, "maximum": quiz.points_possible}
    made.line_items += [line_item(f"q-{n}", "c1", category_id="k2", **told) for n in (481, 977)]
    made.sections.append(Section("13", "Online", ""))
    made.enrollments.append(Enrollment("s99", "13", "", name="Ines Roy", sortable_name="Roy, Ines"))
    stage.plan(made)
    return "?rename=5"


def undo(stage: Stage) -> str:
    run = stage.carry_out(stage.plan(algebra()))
    undoing = plans.preview_undo(run, by="Rosa")
    stage.take_back(undoing)
    return f"previews/{undoing.pk}/"


def history(stage: Stage) -> str:
    stage.carry_out(stage.plan(algebra()), refuse=3)
    return "history/"


def no_history(stage: Stage) -> str:
    return "history/"


def one_grade(stage: Stage) -> str:
    stage.carry_out(stage.plan(algebra()))
    return "history/grade/?item=assignment:2&student=s0"


def settings(stage: Stage) -> str:
    stage.plan(algebra())
    return "settings/"


def help_page(stage: Stage) -> str:
    return "help/"


SCREENS = [
    Screen("grades", grades, "Grade sync to Q"),
    Screen("first-use", first_use, "Grade sync to Q"),
    Screen("never-read", never_read, "Grade sync to Q"),
    Screen("all-in-sync", all_in_sync, "Grade sync to Q"),
    Screen("q-down", q_down, "Grade sync to Q"),
    Screen("nothing-graded", nothing_graded, "Grade sync to Q"),
    Screen("unpublished", unpublished, "Grade sync to Q"),
    Screen("not-linked", never_read, "Grade sync to Q",
           people.rosa(section_sis_ids="", course_sis_id="")),
    Screen("no-permission", never_read, "Grade sync to Q", people.dora(section_sis_ids="c1,c2")),
    Screen("preview", preview, "Preview: what will change in Q"),
    Screen("comparing", making, "Comparing Canvas and Q"),
    Screen("running", running, "Sending grades to Q"),
    Screen("result", result, "57 of 60 grades are in Q"),
    Screen("result-by-student", by_student, "57 of 60 grades are in Q"),
    Screen("stopped", stopped, "Stopped"),
    Screen("looking", looking, "Grade sync to Q"),
    Screen("which-one", which_one, "Grade sync to Q"),
    Screen("undo", undo, "Undo: what Q gets back"),
    Screen("history", history, "History"),
    Screen("no-history", no_history, "History"),
    Screen("one-grade", one_grade, "Mateo Alvarez: Quiz 4.2: Slope and intercept"),
    Screen("settings", settings, "Course settings"),
    Screen("help", help_page, "Help"),
]  # fmt: skip


@contextmanager
def opened(chromium: Any, visit: Visit, **options: Any) -> Iterator[Page]:
    """A page of this visit; `options` are the browser context's."""
    options = {"viewport": {"width": 1180, "height": 800}} | options
    context: BrowserContext = chromium.new_context(**options)
    kept = (f"{name}={morsel.value}" for name, morsel in visit.client.cookies.items())
    context.set_extra_http_headers({"Cookie": "; ".join(kept)})
    try:
        page = context.new_page()
        page.complaints = []  # type: ignore[attr-defined]
        page.on(
            "console",
            lambda said: page.complaints.append(said.text) if said.type == "error" else None,  # type: ignore[attr-defined]
        )
        yield page
    finally:
        context.close()


def keep(page: Page, name: str) -> None:
    if PICTURES:
        folder = Path(PICTURES)
        folder.mkdir(parents=True, exist_ok=True)
        # As high as the page: what sticks to the window's foot is at the page's then.
        size = page.viewport_size or {"width": 1180, "height": 800}
        height = int(page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({**size, "height": max(height, 400)})
        page.screenshot(path=folder / f"{name}.png")
        page.set_viewport_size(size)


def overflowing(page: Page) -> int:
    """By how much the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


SMALL = """() => [...document.querySelectorAll('a,button,input,select,summary')].filter(one => {
  const box = one.getBoundingClientRect();
  const shown = box.width > 1 && getComputedStyle(one).visibility !== 'hidden';
  const sentence = one.matches('a:not(.btn):not(.chip)') || one.closest('.skip,.opt');
  return shown && !sentence && (box.height < 23.5 || box.width < 23.5);
}).map(one => one.outerHTML.slice(0, 120))"""


WIDE = """() => [...document.querySelectorAll('main *, header *')].filter(one =>
  one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.tw,.tabs,.sr')
).map(one => one.outerHTML.slice(0, 100)).slice(0, 4)"""


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("grades", "preview", "result"), id="some"),
        pytest.param(tuple(one.name for one in SCREENS), id="all", marks=pytest.mark.prove),
    ],
)
def test_every_screen_in_every_state(
    live_server: Any, settings: Any, chromium: Any, names: tuple[str, ...]
):
    settings.BASE_URL = live_server.url
    problems: list[Any] = []
    for number, screen in enumerate(one for one in SCREENS if one.name in names):
        stage = district(f"lakeside-{number}")
        path = screen.prepare(stage)
        person = screen.person or people.rosa(section_sis_ids="c1,c2")
        visit = stage.visit(person)
        joint = "&" if "?" in path else "?"
        url = f"{live_server.url}/courses/{COURSE_ID}/{path}{joint}place={visit.place}"
        with opened(chromium, visit) as page:
            page.goto(url)
            problems += look(page, screen)
        contrasting = stage.visit(person | _custom(person, prefers_high_contrast="true"))
        with opened(chromium, contrasting) as page:
            page.goto(url.replace(visit.place, contrasting.place))
            if page.locator("html").get_attribute("data-contrast") != "high":
                problems.append((screen.name, "no high contrast"))
            problems += [(screen.name, "high contrast", one) for one in violations(page.main_frame)]
            if screen.name == "grades":
                keep(page, "grades-high-contrast")
    assert problems == [], "\n".join(map(str, problems))


def look(page: Page, screen: Screen) -> list[Any]:
    """What is wrong with a page, at every width."""
    name, found = screen.name, []
    if (heading := page.locator("h1").inner_text()) != screen.heading:
        found.append((name, "heading", heading))
    if not page.title().endswith("· Q Sync for Canvas"):
        found.append((name, "title", page.title()))
    keep(page, name)
    found += [(name, "axe", one) for one in violations(page.main_frame)]
    found += [(name, "small", one) for one in page.evaluate(SMALL)]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if (more := overflowing(page)) > 0:
            found.append((name, f"wider than {width}", more, page.evaluate(WIDE)))
        if width == 320 and name in ("grades", "preview", "result"):
            keep(page, f"{name}-narrow")
    if name == "grades":
        found += hidden_at_first(page)
    found += [(name, "console", one) for one in page.complaints]  # type: ignore[attr-defined]
    return found


# What is left of a laptop's and a phone's screen for the tool, inside of Canvas.
FIRST_LOOK = ((1042, 600), (390, 744))


def hidden_at_first(page: Page) -> list[Any]:
    """The number and both buttons are seen without scrolling."""
    found = []
    for width, height in FIRST_LOOK:
        page.set_viewport_size({"width": width, "height": height})
        for place in ("#ready", ".hero a.btn", "#sync"):
            box = page.locator(place).bounding_box()
            if not box or box["y"] + box["height"] > height:
                found.append(("grades", "not seen at first", place, (width, height), box))
    return found


def _custom(person: dict[str, Any], **fields: str) -> dict[str, Any]:
    key = next(name for name in person if name.endswith("claim/custom"))
    return {key: person[key] | fields}
