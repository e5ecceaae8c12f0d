"""Courses: what would be sent, sent, and stopped. A token is the district's, so it sees them whole.

What is anonymous in Canvas stays so here: `selectors.plans` leaves the name and the id out.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from gradesync import sync
from gradesync.actions import plans as acts
from gradesync.api import shapes
from gradesync.errors import PlanRefused
from gradesync.models import CourseSync
from gradesync.selectors import course as courses
from gradesync.selectors import plans
from integration.api.operation import OfDistrict, operation
from integration.api.pages import Filter, Rows
from integration.api.problems import NotThere
from integration.api.run_shapes import RunOut
from integration.api.shapes import Nothing
from integration.models import ApiToken, Run

Right = ApiToken.Right
TAG = "courses"


class OfCourse(OfDistrict):
    """Operations below /courses/<canvas id>/."""

    @cached_property
    def course(self) -> CourseSync:
        """Raises NotThere."""
        found = courses.course_of(self.district, str(self.kwargs["course"]))
        if found is None:
            raise NotThere("This course is not known here; POST it to courses/ first.")
        return found

    @cached_property
    def run(self) -> Run:
        return self.run_numbered(self.kwargs["run"])

    def run_numbered(self, number: int) -> Run:
        """Raises NotThere."""
        found = courses.run_of(self.course, number)
        if found is None:
            raise NotThere("This course has no such run.")
        return found

    def named(self, run: Run) -> Run:
        """The run, if the wish names its plan by the digest. Raises PlanRefused."""
        if run.plan_digest != self.wish["digest"]:
            raise PlanRefused(f"This plan's digest is {run.plan_digest or 'not made yet'}.")
        return run

    def shown(self, run: Run) -> dict[str, Any]:
        """A plan, as far as it is made."""
        plan = courses.plan(run)
        return {
            "run": run,
            "is_waiting": bool(plan and plan.is_waiting),
            "why_not": plan.why_not if plan else "",
            "review": plan.review if plan else None,
        }


class Courses(OfDistrict):
    @operation(
        Right.GRADES,
        "The courses that were ever synced or previewed",
        gives=shapes.CourseOut,
        query=Filter,
        tag=TAG,
    )
    def get(self, request: Any, **_: Any) -> Rows:
        return Rows(self.district.course_syncs.all())

    @operation(
        Right.SEND,
        "Make a Canvas course known",
        gives=shapes.CourseOut,
        body=shapes.CourseWish,
        tag=TAG,
        text="Nothing is read or sent; a preview does that. One that is known stays as it is.",
    )
    def post(self, request: Any, **_: Any) -> CourseSync:
        return sync.course_of(self.district, self.wish["canvas_id"])


class OneCourse(OfCourse):
    @operation(
        Right.GRADES,
        "A course: its latest plan, and what is going on",
        gives=shapes.CourseStateOut,
        tag=TAG,
    )
    def get(self, request: Any, **_: Any) -> dict[str, Any]:
        latest = courses.latest_plan(self.course)
        return {
            "course": self.course,
            "under_way": courses.under_way(self.course),
            "plan": self.shown(latest.run) if latest else None,
        }


class Previews(OfCourse):
    @operation(
        Right.GRADES, "Previews of a course, newest first", gives=RunOut, query=Filter, tag=TAG
    )
    def get(self, request: Any, **_: Any) -> Rows:
        return Rows(courses.runs_of(self.course).filter(plan_only=True), newest_first=True)

    @operation(
        Right.SEND,
        "Read both sides and plan what would be sent",
        gives=RunOut,
        status=202,
        body=shapes.PreviewWish,
        refuses=[409],
        tag=TAG,
        text="Sends nothing. Joins the same preview, or the push that is going.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        course, wish = self.course, self.wish
        self.may_begin()
        return acts.preview(
            course,
            by=self.by,
            items=wish["items"],
            on_conflict=wish["on_conflict"],
            force=wish["force"],
        )


class OnePreview(OfCourse):
    @operation(
        Right.GRADES, "A plan of a course, and whether it waits", gives=shapes.PreviewOut, tag=TAG
    )
    def get(self, request: Any, **_: Any) -> dict[str, Any]:
        return self.shown(self.run)


class Cells(OfCourse):
    @operation(
        Right.GRADES,
        "The scores of a plan, and what came of sending them",
        gives=shapes.CellOut,
        query=shapes.CellFilter,
        tag=TAG,
    )
    def get(self, request: Any, **_: Any) -> Rows:
        run, asked = self.run, self.asked
        chosen = plans.Filter(
            actions=[asked["action"]] if "action" in asked else (),
            codes=[asked["code"]] if "code" in asked else (),
            states=[asked["state"]] if "state" in asked else (),
            item=asked.get("item", ""),
            student=asked.get("student", ""),
        )
        found = plans.lines(run, "result", asked=chosen)
        return Rows(found, tell=lambda rows: plans.told(run, rows))


class Pushes(OfCourse):
    @operation(
        Right.GRADES,
        "What was sent from a course, newest first",
        gives=RunOut,
        query=Filter,
        tag=TAG,
    )
    def get(self, request: Any, **_: Any) -> Rows:
        return Rows(courses.runs_of(self.course).filter(plan_only=False), newest_first=True)

    @operation(
        Right.SEND,
        "Send the plan of a preview: the one with this digest, and no other",
        gives=RunOut,
        status=202,
        body=shapes.PushWish,
        refuses=[409],
        tag=TAG,
        text="Said twice, it is done once. Naming the digest says that the plan was looked at. "
        "What was sent is taken back with the run's undo.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        wish = self.wish
        run = self.run_numbered(wish["preview"])
        self.may_begin()
        acts.seen(self.named(run), by=self.by)
        return acts.send(run, wish["digest"], by=self.by, reason=wish["reason"])


class Cancel(OfCourse):
    @operation(
        Right.SEND,
        "Stop a push or a preview",
        gives=RunOut,
        status=202,
        body=Nothing,
        tag=TAG,
        text="What is under way comes to its end; what has ended stays as it is.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        run = self.run
        acts.cancel(run, by=self.by)
        run.refresh_from_db()
        return run
