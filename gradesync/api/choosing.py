"""What a person would choose for a course, look at again, or try once more; through a program."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from gradesync.actions import plans as acts
from gradesync.actions import repairs
from gradesync.actions import settings as chosen
from gradesync.api import shapes
from gradesync.api.views import TAG, OfCourse, Right
from gradesync.course_settings import Effective
from gradesync.errors import BadSetting
from gradesync.models import SentScore
from gradesync.rulebook import effective_of
from gradesync.selectors import history
from integration.api.operation import operation
from integration.api.pages import Rows
from integration.api.run_shapes import RunOut
from integration.api.shapes import Nothing
from integration.api.views import wanted
from integration.models import Run


class Choices(OfCourse):
    @operation(
        Right.SEND,
        "Say whose value stands where both sides have changed",
        gives=RunOut,
        body=shapes.ChoiceWish,
        refuses=[409],
        tag=TAG,
        text="Of a plan that waits; it has another digest then. What was chosen holds in later "
        "plans as long as both values are those that were shown.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        run, wish = self.named(self.run), self.wish
        done, _changed = acts.choose(run, wish["choice"], by=self.by, keys=wish["keys"] or None)
        return done


class Retries(OfCourse):
    @operation(
        Right.SEND,
        "Plan again what of a run did not reach Q, and nothing else",
        gives=RunOut,
        status=202,
        body=shapes.RetryWish,
        refuses=[409],
        tag=TAG,
        text="A preview, to be pushed as such.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        run = self.run
        self.may_begin()
        return acts.retry(run, by=self.by, only=self.wish["keys"])


class Checks(OfCourse):
    @operation(
        Right.SEND,
        "Read back what Q has confirmed of a course",
        gives=RunOut,
        status=202,
        body=Nothing,
        refuses=[409],
        tag=TAG,
        text="Sends nothing. The cells of the run are the differences, with their likely cause.",
    )
    def post(self, request: Any, **_: Any) -> Run:
        course = self.course
        self.may_begin()
        return repairs.verify(course, by=self.by)


class CourseSettings(OfCourse):
    @operation(
        Right.GRADES, "How a course is synced, and who chose it", gives=shapes.SettingsOut, tag=TAG
    )
    def get(self, request: Any, **_: Any) -> dict[str, Any]:
        return _told(effective_of(self.course))

    @operation(
        Right.SEND,
        "Choose for a course; null leaves a setting to the levels above",
        gives=shapes.SettingsOut,
        body=shapes.SettingsWish,
        refuses=[409],
        tag=TAG,
        text="What is not named stays. 409: a level above holds it for every course.",
    )
    def post(self, request: Any, **_: Any) -> dict[str, Any]:
        try:
            return _told(chosen.change_course(self.course, self.wish, by=self.by))
        except BadSetting as error:
            raise serializers.ValidationError({"settings": [str(error)]}) from None


class Receipts(OfCourse):
    @operation(
        Right.GRADES,
        "Every value that Q confirmed, newest first",
        gives=shapes.ReceiptOut,
        query=shapes.ReceiptFilter,
        tag=TAG,
    )
    def get(self, request: Any, **_: Any) -> Rows:
        course = self.course
        named = wanted(self.asked, run="run", item="item", student="person")
        found = SentScore.objects.filter(course=course, **named).select_related("run")
        return Rows(found, newest_first=True, tell=lambda rows: history.receipts_of(course, rows))


def _told(effective: Effective) -> dict[str, Any]:
    return {
        "settings": asdict(effective.settings),
        "where": effective.where,
        "locked": sorted(effective.locked),
    }
