"""Whether somebody who launched may still send: asked of Canvas before each push (S47)."""

from __future__ import annotations

from gradesync.screens.viewer import Viewer
from integration.connections import canvas_client
from lti.roles import INSTRUCTOR

_TEACHING = ("TeacherEnrollment", "TaEnrollment")


def may_still_send(viewer: Viewer) -> bool:
    """Is this person still teaching the course, or a root admin?

    Raises:
        QSyncError: Canvas did not say.
    """
    launch = viewer.launch
    if not launch.user_id:
        return False
    with canvas_client(viewer.district) as canvas:
        if INSTRUCTOR not in launch.roles:
            return launch.user_id in canvas.admins_of("self")
        return any(
            one.course_id == launch.course_id and one.state in ("active", "invited")
            for kind in _TEACHING
            for one in canvas.enrollments_of(launch.user_id, type_=kind)
        )
