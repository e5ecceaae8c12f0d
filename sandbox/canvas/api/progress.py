"""Jobs that Canvas answers with a Progress, and that are done at once here."""

from typing import Any

from sandbox.canvas import store
from sandbox.canvas.api.call import Call
from sandbox.canvas.api.imports import show_progress
from sandbox.canvas.jobs import Progress
from sandbox.canvas.models import Course


def finished(call: Call, course: Course, tag: str, *, failed: bool = False) -> dict[str, Any]:
    """A job that is still queued, as it is answered; asked for again it is over."""
    with store.writing():
        made = store.create(
            Progress,
            context_id=course.pk,
            context_type="Course",
            user_id=call.user_id,
            tag=tag,
            completion=100,
            workflow_state="failed" if failed else "completed",
        )
    return show_progress(call, str(made.pk)) | {"workflow_state": "queued", "completion": 0}
