"""What provisioning renames, grade passback follows: no second line item, no lost value."""

from __future__ import annotations

from gradesync.models import AssignmentSync, CategoryLink, CourseSync, SectionLink, SentResult
from integration import bulk
from integration.models import District, ProvisioningPolicy
from integration.provisioning.renames import Names
from integration.provisioning.rows import SECTIONS, USERS


def follow(district: District, names: Names) -> None:
    """Change the ids of classes and students in all that is kept, by their SIS IDs of before."""
    policy = ProvisioningPolicy.objects.get(district=district)
    courses = CourseSync.objects.filter(district=district)
    prefix = policy.sis_id_prefix
    classes = {
        old.removeprefix(prefix): new.removeprefix(prefix)
        for old, new in names.get(SECTIONS, {}).items()
    }
    for model in (SectionLink, CategoryLink, AssignmentSync):
        bulk.rename(model.objects.filter(course__in=courses), "class_id", classes)
    if policy.user_sis_id != "sourcedId":
        return  # a cell is kept under the sourcedId, which this says nothing of
    cells = SentResult.objects.filter(course__in=courses)
    bulk.rename(cells, "student_id", names.get(USERS, {}))
