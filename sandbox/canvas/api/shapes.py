"""How objects look in answers, key by key."""

import json
from collections.abc import Iterable
from typing import Any

from sandbox.canvas import store
from sandbox.canvas.api import totals
from sandbox.canvas.api.call import Call
from sandbox.canvas.gradebook import policies
from sandbox.canvas.gradebook.models import GradingPeriodSet
from sandbox.canvas.models import (
    Account,
    AuthenticationProvider,
    Course,
    Enrollment,
    Login,
    Role,
    Section,
    Term,
    User,
)

Shown = dict[str, Any]

STATES = {"claimed": "unpublished", "created": "unpublished"}


def accounts(call: Call, rows: Iterable[Account]) -> list[Shown]:
    return [
        {
            "id": row.pk,
            "name": row.name,
            "uuid": row.uuid,
            "workflow_state": row.workflow_state,
            "parent_account_id": row.parent_id or None,
            "root_account_id": row.root_account_id or None,
            "default_time_zone": "America/Los_Angeles",
            "sis_account_id": row.sis_id or None,
            "sis_import_id": row.sis_import_id or None,
            "integration_id": row.integration_id or None,
            **(
                {"lti_guid": f"{row.uuid}:canvas-lms"}
                if "lti_guid" in call.several("include")
                else {}
            ),
        }
        for row in rows
    ]


def terms(call: Call, rows: Iterable[Term]) -> list[Shown]:
    living = GradingPeriodSet.objects.filter(workflow_state="active").order_by("-id")
    sets = {term_id: each.pk for each in living for term_id in each.term_ids}
    return [
        {
            "id": row.pk,
            "name": row.name,
            "start_at": row.start_at or None,
            "end_at": row.end_at or None,
            "created_at": row.created_at,
            "workflow_state": row.workflow_state,
            "grading_period_group_id": sets.get(row.pk),
            "sis_term_id": row.sis_id or None,
            "sis_import_id": row.sis_import_id or None,
            "overrides": json.loads(row.overrides),
        }
        for row in rows
    ]


def courses(call: Call, rows: Iterable[Course]) -> list[Shown]:
    rows = list(rows)
    wanted = set(call.several("include"))
    by_term = {term.pk: term for term in Term.objects.filter(pk__in={row.term_id for row in rows})}
    shown = []
    for row in rows:
        item = course(row)
        if "term" in wanted and row.term_id in by_term:
            item["term"] = terms(call, [by_term[row.term_id]])[0]
        if "sections" in wanted:
            living = Section.objects.filter(course_id=row.pk).exclude(workflow_state="deleted")
            item["sections"] = [
                {"id": one.pk, "name": one.name, "start_at": None, "end_at": None} for one in living
            ]
        if "total_students" in wanted:
            item["total_students"] = students_of(course_id=row.pk)
        shown.append(item)
    return shown


def course(row: Course) -> Shown:
    grading = policies.of(row.pk)
    return {
        "id": row.pk,
        "name": row.name,
        "course_code": row.course_code,
        "uuid": row.uuid,
        "workflow_state": STATES.get(row.workflow_state, row.workflow_state),
        "account_id": row.account_id,
        "root_account_id": store.ROOT_ACCOUNT_ID,
        "enrollment_term_id": row.term_id,
        "grading_standard_id": grading.grading_standard_id or None,
        "grade_passback_setting": row.grade_passback_setting or None,
        "created_at": row.created_at,
        "start_at": row.start_at or None,
        "end_at": row.end_at or None,
        "restrict_enrollments_to_course_dates": bool(row.restrict_dates),
        "apply_assignment_group_weights": grading.group_weights,
        "hide_final_grades": grading.hide_final_grades,
        "time_zone": "America/Los_Angeles",
        "blueprint": bool(row.blueprint),
        "course_format": row.course_format or None,
        "friendly_name": row.friendly_name or None,
        "sis_course_id": row.sis_id or None,
        "sis_import_id": row.sis_import_id or None,
        "integration_id": row.integration_id or None,
    }


def students_of(**where: int) -> int:
    found = Enrollment.objects.filter(type="StudentEnrollment", workflow_state="active", **where)
    return found.values("user_id").distinct().count()


def sections(call: Call, rows: Iterable[Section]) -> list[Shown]:
    rows = list(rows)
    ids = {row.course_id for row in rows} | {row.nonxlist_course_id for row in rows}
    known = {one.pk: one.sis_id for one in Course.objects.filter(pk__in=ids)}
    totals = "total_students" in call.several("include")
    return [
        {
            "id": row.pk,
            "name": row.name,
            "course_id": row.course_id,
            "nonxlist_course_id": row.nonxlist_course_id or None,
            "start_at": row.start_at or None,
            "end_at": row.end_at or None,
            "created_at": row.created_at,
            "restrict_enrollments_to_section_dates": bool(row.restrict_dates),
            "sis_section_id": row.sis_id or None,
            "sis_course_id": known.get(row.course_id) or None,
            "integration_id": row.integration_id or None,
            "sis_import_id": row.sis_import_id or None,
            **({"total_students": students_of(section_id=row.pk)} if totals else {}),
        }
        for row in rows
    ]


def logins_of(users: Iterable[int]) -> dict[int, Login]:
    """Each user's login as lists show it: a living one, with a SIS id if there is any."""
    found: dict[int, Login] = {}
    rows = Login.objects.filter(user_id__in=set(users)).exclude(workflow_state="deleted")
    for row in sorted(rows, key=lambda row: (bool(row.sis_id), -row.pk)):
        found[row.user_id] = row
    return found


def users(call: Call, rows: Iterable[User]) -> list[Shown]:
    rows = list(rows)
    logins = logins_of(row.pk for row in rows)
    email = "email" in call.several("include")
    return [
        {
            **person(row, logins.get(row.pk)),
            "created_at": row.created_at,
            **({"email": row.email or None} if email else {}),
        }
        for row in rows
    ]


def person(row: User, login: Login | None) -> Shown:
    return {
        "id": row.pk,
        "name": row.name,
        "sortable_name": row.sortable_name,
        "short_name": row.short_name,
        "sis_user_id": (login and login.sis_id) or None,
        "integration_id": (login and login.integration_id) or None,
        "sis_import_id": (login and login.sis_import_id) or None,
        "login_id": login.unique_id if login else None,
    }


def logins(call: Call, rows: Iterable[Login]) -> list[Shown]:
    kinds = {one.pk: one.auth_type for one in AuthenticationProvider.objects.all()}
    return [
        {
            "id": row.pk,
            "user_id": row.user_id,
            "account_id": store.ROOT_ACCOUNT_ID,
            "workflow_state": row.workflow_state,
            "unique_id": row.unique_id,
            "created_at": row.created_at,
            "sis_user_id": row.sis_id or None,
            "integration_id": row.integration_id or None,
            "authentication_provider_id": row.authentication_provider_id or None,
            "authentication_provider_type": kinds.get(row.authentication_provider_id),
            "declared_user_type": row.declared_user_type or None,
        }
        for row in rows
    ]


def enrollments(call: Call, rows: Iterable[Enrollment]) -> list[Shown]:
    rows = list(rows)
    people = {one.pk: one for one in User.objects.filter(pk__in={row.user_id for row in rows})}
    by_user = logins_of(people)
    by_login = {one.pk: one for one in Login.objects.filter(pk__in={r.login_id for r in rows})}
    in_course = {one.pk: one for one in Course.objects.filter(pk__in={r.course_id for r in rows})}
    in_section = {
        one.pk: one for one in Section.objects.filter(pk__in={r.section_id for r in rows})
    }
    names = dict(Role.objects.values_list("pk", "name"))
    grades = totals.Shower(call)
    shown = []
    for row in rows:
        login = by_login.get(row.login_id) or by_user.get(row.user_id)
        item = _enrollment(call, row, in_course[row.course_id], in_section[row.section_id])
        item["role"] = names.get(row.role_id, row.type)
        item["sis_user_id"] = (login and login.sis_id) or None
        item["grades"] = grades.of(row, in_course[row.course_id])
        item["user"] = person(people[row.user_id], by_user.get(row.user_id))
        shown.append(item)
    return shown


def _enrollment(call: Call, row: Enrollment, course: Course, section: Section) -> Shown:
    url = f"{call.origin}/courses/{row.course_id}"
    return {
        "id": row.pk,
        "course_id": row.course_id,
        "sis_course_id": course.sis_id or None,
        "course_integration_id": course.integration_id or None,
        "course_section_id": row.section_id,
        "sis_section_id": section.sis_id or None,
        "section_integration_id": section.integration_id or None,
        "sis_account_id": None,
        "sis_import_id": row.sis_import_id or None,
        "user_id": row.user_id,
        "type": row.type,
        "role_id": row.role_id,
        "enrollment_state": row.workflow_state,
        "limit_privileges_to_course_section": bool(row.limit_section),
        "associated_user_id": row.associated_user_id or None,
        "root_account_id": store.ROOT_ACCOUNT_ID,
        "start_at": row.start_at or None,
        "end_at": row.end_at or None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "last_activity_at": None,
        "last_attended_at": None,
        "total_activity_time": 0,
        "html_url": f"{url}/users/{row.user_id}",
    }
