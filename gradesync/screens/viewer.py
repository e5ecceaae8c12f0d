"""Who is looking: which sections are theirs, whether they see scores, whether they may send.

Everything a page shows of a course goes by this, so that a person who is limited to their own
sections meets no name, score or count of another (design 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404

from gradesync import sync
from gradesync.models import CourseSync
from gradesync.picture import Picture
from gradesync.scope import Scope
from gradesync.selectors import course as courses
from integration.models import District, Run
from lti.claims import Launch
from lti.roles import COURSE_SCORES, COURSE_SEND

# No Canvas id: whoever is limited to sections that nobody knows sees none.
NOWHERE = frozenset({"-"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """`sections` are Canvas ids, None: all. `picture` holds only what this person may see.

    `opened_at`: when this visit began.
    """

    district: District
    launch: Launch
    course: CourseSync
    picture: Picture
    sections: frozenset[str] | None
    sees_scores: bool
    may_send: bool
    opened_at: datetime

    @property
    def actor(self) -> str:
        """For runs and the audit log: the name that colleagues know, and who it is for Canvas."""
        told = self.launch.actor
        return f"{self.launch.name[:120]} ({told})" if self.launch.name else told

    def is_me(self, actor: str) -> bool:
        return actor == self.launch.actor or actor.endswith(f"({self.launch.actor})")

    @property
    def scope(self) -> Scope:
        return Scope(sections=self.sections)

    def run(self, run_id: int) -> Run:
        """A run of this course. Raises Http404 for any other's."""
        found = courses.run_of(self.course, run_id)
        if found is None:
            raise Http404
        return found

    def is_own(self, run: Run) -> bool:
        """Is a run about these sections and no others? Only such a one may be sent or stopped."""
        about = Scope.read(run.sync.scope).sections
        return self.sections is None or about == self.sections

    def student(self, canvas_id: str) -> str:
        names = {one.canvas_id: one.name for one in self.picture.students}
        return names.get(canvas_id, "")


def viewer_of(request: Any) -> Viewer:
    """From the launch of a request, and what is kept of its course."""
    launch: Launch = request.launch
    course = sync.course_of(request.district, launch.course_id)
    sections = None
    picture = courses.picture_of(course)
    if launch.section_restricted:
        named = set(launch.section_sis_ids)
        mine = {one.canvas_id for one in picture.sections if one.sis_section_id in named}
        sections = frozenset(mine) or NOWHERE
        picture = courses.limited(picture, sections)
    rights = launch.rights
    return Viewer(
        request.district,
        launch,
        course,
        picture,
        sections,
        COURSE_SCORES in rights,
        COURSE_SEND in rights,
        request.launch_session.created_at,
    )
