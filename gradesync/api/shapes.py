"""What the operations on courses take and give."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from gradesync.compare import ACTIONS
from gradesync.course_settings import Settings
from gradesync.models import CourseSync
from gradesync.selectors.plans import Cell
from integration.api.pages import Filter
from integration.api.run_shapes import RunOut
from integration.api.shapes import Out
from integration.models import Change
from integration.oneroster.gradebook_types import Value

CANVAS_ID = r"^[1-9][0-9]{0,18}$"


class CourseWish(serializers.Serializer[Any]):
    canvas_id = serializers.RegexField(CANVAS_ID, help_text="of the course, in digits")


class CourseOut(Out):
    canvas_id = serializers.CharField()
    url = serializers.SerializerMethodField()
    name = serializers.CharField(allow_blank=True, help_text="blank until it was read once")
    mode = serializers.ChoiceField(CourseSync.Mode.choices, help_text="when it syncs by itself")
    first_sent_at = serializers.DateTimeField(allow_null=True)

    def get_url(self, course: CourseSync) -> str:
        return self.address("course", course.canvas_id)


class ReviewOut(serializers.Serializer[Any]):
    """What a push would do to scores in Q; `why` says why a person should look first."""

    why = serializers.CharField(allow_blank=True)
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    cleared = serializers.IntegerField()
    conflicts = serializers.IntegerField()
    sentence = serializers.CharField(allow_blank=True)


class PreviewOut(Out):
    """A plan of a course. While it is being made, only `run` tells how it goes."""

    run = RunOut()
    cells_url = serializers.SerializerMethodField()
    is_waiting = serializers.BooleanField(help_text="it can be pushed by its digest")
    why_not = serializers.CharField(allow_blank=True)
    review = ReviewOut(allow_null=True)

    def get_cells_url(self, shown: dict[str, Any]) -> str:
        return self.address("cells", self.context["view"].course.canvas_id, shown["run"].pk)


class CourseStateOut(Out):
    course = CourseOut()
    under_way = RunOut(allow_null=True, help_text="the push or undo that is going")
    plan = PreviewOut(allow_null=True, help_text="the latest plan of the whole course")


class PreviewWish(serializers.Serializer[Any]):
    items = serializers.ListField(
        child=serializers.RegexField(CANVAS_ID),
        default=list,
        max_length=500,
        help_text="only these assignments of Canvas; none means all",
    )
    on_conflict = serializers.ChoiceField(
        ["keep-q", "send-canvas"], default="keep-q", help_text="where both sides have changed"
    )
    force = serializers.BooleanField(default=False, help_text="send again what is the same")


class PushWish(serializers.Serializer[Any]):
    preview = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="the run that made the plan"
    )
    digest = serializers.CharField(max_length=64, help_text="of the plan as it was read")
    reason = serializers.CharField(default="", allow_blank=True, max_length=1000)


class ChoiceWish(serializers.Serializer[Any]):
    digest = serializers.CharField(max_length=64, help_text="of the plan as it was read")
    choice = serializers.ChoiceField(
        ["keep-q", "send-canvas", ""], help_text="whose value stands; blank takes a choice back"
    )
    keys = serializers.ListField(
        child=serializers.CharField(max_length=800),
        default=list,
        max_length=500,
        help_text="of its cells; none means every conflict",
    )


class RetryWish(serializers.Serializer[Any]):
    keys = serializers.ListField(
        child=serializers.CharField(max_length=800),
        default=list,
        max_length=500,
        help_text="only these cells; none means all that did not reach Q",
    )


def _field_of(name: str, hint: Any) -> serializers.Field[Any, Any, Any, Any]:
    """What a setting may be; null leaves it to the levels above."""
    how: dict[str, Any] = {"required": False, "allow_null": True}
    if choices := get_args(hint):
        return serializers.ChoiceField(list(choices), **how)
    if hint is bool:
        return serializers.BooleanField(**how)
    if hint is int:
        return serializers.IntegerField(min_value=0, max_value=10**6, **how)
    return serializers.CharField(allow_blank=True, max_length=255, **how)


SettingsWish: type[serializers.Serializer[Any]] = type(
    "SettingsWish",
    (serializers.Serializer,),
    {name: _field_of(name, hint) for name, hint in get_type_hints(Settings).items()},
)


class SettingsOut(serializers.Serializer[Any]):
    """What holds for a course, which level has chosen it, and what the course cannot change."""

    settings = serializers.DictField()
    where = serializers.DictField(child=serializers.CharField())
    locked = serializers.ListField(child=serializers.CharField())


class CellFilter(Filter):
    action = serializers.ChoiceField(list(ACTIONS), required=False)
    code = serializers.CharField(required=False, max_length=64)
    state = serializers.ChoiceField(Change.State.choices, required=False)
    item = serializers.CharField(required=False, max_length=255)
    student = serializers.CharField(required=False, max_length=64)


class ValueOut(serializers.Serializer[Any]):
    score = serializers.SerializerMethodField(help_text="a decimal number")
    status = serializers.CharField()
    letter = serializers.CharField(allow_null=True)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_score(self, value: Value) -> str | None:
        return None if value.score is None else f"{value.score:f}"


class CellOut(serializers.Serializer[Any]):
    """One student's score in one piece of work: on both sides, and what becomes of it."""

    key = serializers.SerializerMethodField(help_text="names it in choices and retries")
    can_choose = serializers.BooleanField()
    item = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    class_id = serializers.CharField()
    student_id = serializers.CharField(
        allow_blank=True, help_text="of Canvas; blank where the work is anonymous"
    )
    name = serializers.CharField(allow_blank=True)
    sourced_id = serializers.CharField(allow_blank=True, help_text="of the result in Q")
    action = serializers.ChoiceField(list(ACTIONS))
    state = serializers.ChoiceField(Change.State.choices)
    code = serializers.CharField(allow_blank=True)
    sentence = serializers.CharField(allow_blank=True)
    remedy = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    last = ValueOut(allow_null=True, help_text="what Q confirmed last")
    canvas = ValueOut(allow_null=True)
    q = ValueOut(allow_null=True)

    def get_key(self, cell: Cell) -> str:
        # It holds the student's id, which stays unknown where the work is anonymous.
        return cell.key if cell.student_id else ""


class ReceiptOut(serializers.Serializer[Any]):
    """A value that Q confirmed, and what it was there before."""

    run = serializers.IntegerField(source="run_id")
    by = serializers.CharField()
    at = serializers.DateTimeField()
    item = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    class_id = serializers.CharField()
    student_id = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    before = ValueOut(allow_null=True)
    value = ValueOut(allow_null=True)


class ReceiptFilter(Filter):
    run = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    item = serializers.CharField(required=False, max_length=255)
    student = serializers.CharField(required=False, max_length=64)
