"""Can grade passback begin in this course? And if not, what has to happen first (design 6.1)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from integration.models import CourseAssignment, District, RosterRow
from lti.claims import Launch


@dataclass(frozen=True, slots=True)
class Gate:
    """`open`: the course's sections carry SIS IDs of Q classes, and the district is provisioned."""

    open: bool
    sections: int
    sentence: str
    remedy: str = ""


def of_course(district: District, launch: Launch) -> Gate:
    """Decide from our own tables and from what the launch says of its sections."""
    if district.provisioned_at is None:
        return Gate(
            open=False,
            sections=0,
            sentence=gettext(
                "Your district’s classes have not been brought from Q into Canvas yet."
            ),
            remedy=gettext("Your Canvas administrator does this once, in Q Sync’s account page."),
        )
    sections = _sections_of_q(district, launch)
    if not sections:
        return Gate(
            open=False,
            sections=0,
            sentence=gettext("No section of this course is a class of Q."),
            remedy=gettext(
                "Open Q Sync in a course that came from Q, or ask your Canvas administrator to "
                "cross-list the Q class into this course."
            ),
        )
    return Gate(
        open=True, sections=len(sections), sentence=gettext("This course is connected to Q.")
    )


def _sections_of_q(district: District, launch: Launch) -> set[str]:
    """By the sections that Canvas named, and those that our imports put into this course.

    Canvas names only sections in which this person is enrolled, and whoever is limited to their
    own sections is told of no others.
    """
    named = set(launch.section_sis_ids)
    if launch.course_sis_id and not (launch.section_restricted and named):
        ours = CourseAssignment.objects.filter(
            district=district, sis_course_id=launch.course_sis_id
        )
        named |= set(ours.values_list("sis_section_id", flat=True))
    accepted = RosterRow.objects.filter(
        district=district, kind="sections", removed_at=None, key__in=named
    )
    return set(accepted.values_list("key", flat=True)) if named else set()
