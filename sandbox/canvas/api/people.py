"""People, their logins and enrollments."""

from typing import Any

from django.db.models import Q, QuerySet

from sandbox.canvas import edits, store
from sandbox.canvas.api import shapes
from sandbox.canvas.api.accounts import descendants
from sandbox.canvas.api.call import Call, Refused, not_allowed, not_found
from sandbox.canvas.api.find import find, find_user
from sandbox.canvas.api.gate import Linked
from sandbox.canvas.api.paging import by_bookmark
from sandbox.canvas.gradebook.models import GradingPeriod
from sandbox.canvas.models import (
    Account,
    Course,
    Enrollment,
    Login,
    Role,
    Section,
    User,
)

_ENDINGS = {
    "conclude": "completed",
    "delete": "deleted",
    "inactivate": "inactive",
    "deactivate": "inactive",
}


def in_account(call: Call, account_id: str) -> Linked:
    account = find(Account, account_id)
    call.need_admin()
    rows = User.objects.filter(
        pk__in=Login.objects.exclude(workflow_state="deleted").values("user_id")
    )
    if account.pk != store.ROOT_ACCOUNT_ID:
        below = [account.pk, *descendants(account.pk)]
        courses = Course.objects.filter(account_id__in=below).values("pk")
        rows = rows.filter(
            pk__in=Enrollment.objects.filter(course_id__in=courses).values("user_id")
        )
    if searched := call.text("search_term"):
        logins = Login.objects.filter(Q(unique_id__icontains=searched) | Q(sis_id=searched))
        rows = rows.filter(
            Q(name__icontains=searched)
            | Q(email__icontains=searched)
            | Q(pk__in=logins.values("user_id"))
        )
    return by_bookmark(call, rows, shapes.users, order=("sortable_name", "id"))


def in_course(call: Call, course_id: str) -> Linked:
    course = find(Course, course_id)
    call.need_course(course.pk)
    inside = Enrollment.objects.filter(course_id=course.pk)
    inside = inside.filter(workflow_state__in=call.several("enrollment_state") or ["active"])
    if kinds := call.several("enrollment_type"):
        inside = inside.filter(type__in=[f"{kind.title()}Enrollment" for kind in kinds])
    rows = User.objects.filter(pk__in=inside.values("user_id"))
    return by_bookmark(call, rows, shapes.users, order=("sortable_name", "id"))


def add(call: Call, account_id: str) -> Any:
    find(Account, account_id)
    call.need_admin()
    person, login = call.fields("user"), call.fields("pseudonym")
    name = login.get("unique_id", "")
    living = Login.objects.exclude(workflow_state="deleted")
    if not name or living.filter(unique_id_lower=name.lower()).exists():
        error = {"attribute": "unique_id", "type": "taken", "message": "ID already in use"}
        raise Refused(400, {"errors": {"pseudonym": {"unique_id": [error]}}})
    made = edits.make_user(
        person.get("name", name),
        name,
        short_name=person.get("short_name", ""),
        email=call.fields("communication_channel").get("address", ""),
        sis_id=login.get("sis_user_id", ""),
        integration_id=login.get("integration_id", ""),
        authentication_provider_id=int(login.get("authentication_provider_id") or 0),
    )
    return shapes.users(call, [made])[0]


def show(call: Call, user_id: str) -> Any:
    user = find_user(call, user_id)
    if user.pk != call.user_id:
        call.need_admin()
    return {**shapes.users(call, [user])[0], "email": user.email or None, "locale": None}


def change(call: Call, user_id: str) -> Any:
    user = find_user(call, user_id)
    call.need_admin()
    names = ("name", "sortable_name", "short_name", "email", "pronouns")
    fields = call.fields("user")
    edits.edit(user, **{name: fields[name] for name in names if name in fields})
    return {**shapes.users(call, [user])[0], "email": user.email or None}


def logins(call: Call, user_id: str = "", account_id: str = "") -> Linked:
    call.need_admin()
    rows = Login.objects.exclude(workflow_state="deleted")
    if user_id:
        rows = rows.filter(user_id=find_user(call, user_id).pk)
    return by_bookmark(call, rows, shapes.logins)


def change_login(call: Call, account_id: str, login_id: str) -> Any:
    call.need_admin()
    login = Login.objects.filter(pk=int(login_id) if login_id.isdigit() else 0).first()
    if login is None:
        raise not_found()
    fields = call.fields("login")
    names = {
        "unique_id": "unique_id",
        "sis_user_id": "sis_id",
        "integration_id": "integration_id",
        "workflow_state": "workflow_state",
        "declared_user_type": "declared_user_type",
    }
    values: dict[str, Any] = {names[key]: text for key, text in fields.items() if key in names}
    if "unique_id" in values:
        values["unique_id_lower"] = values["unique_id"].lower()
    if "authentication_provider_id" in fields:
        values["authentication_provider_id"] = int(fields["authentication_provider_id"] or 0)
    edits.edit(login, **values)
    return shapes.logins(call, [login])[0]


def enrollments(call: Call, course_id: str = "", section_id: str = "", user_id: str = "") -> Linked:
    rows = Enrollment.objects.all()
    if course_id:
        course = find(Course, course_id)
        call.need_course(course.pk)
        rows = rows.filter(course_id=course.pk)
    elif section_id:
        section = find(Section, section_id)
        call.need_course(section.course_id)
        rows = rows.filter(section_id=section.pk)
    else:
        user = find_user(call, user_id)
        if user.pk != call.user_id:
            call.need_admin()
        elif "deleted" in call.several("state"):
            raise Refused(400, {"error": "Invalid state deleted"})
        rows = rows.filter(user_id=user.pk)
    return by_bookmark(call, _chosen(call, rows, of_user=bool(user_id)), shapes.enrollments)


def _chosen(call: Call, rows: QuerySet[Enrollment], *, of_user: bool) -> QuerySet[Enrollment]:
    states = call.several("state")
    if not states:
        states = ["active", "invited"]
        if call.is_admin and not of_user:
            states.append("inactive")
    if "all" not in states:
        rows = rows.filter(workflow_state__in=states)
    if kinds := call.several("type"):
        rows = rows.filter(type__in=kinds)
    if names := call.several("role"):
        rows = rows.filter(role_id__in=Role.objects.filter(name__in=names).values("pk"))
    if user := call.text("user_id"):
        rows = rows.filter(user_id=find_user(call, user).pk)
    if ids := call.several("sis_user_id"):
        rows = rows.filter(user_id__in=Login.objects.filter(sis_id__in=ids).values("user_id"))
    if ids := call.several("sis_section_id"):
        rows = rows.filter(section_id__in=Section.objects.filter(sis_id__in=ids).values("pk"))
    if (period := call.text("grading_period_id")) and not _is_period(period):
        raise Refused(400, {"error": "invalid grading_period_id"})
    return rows


def _is_period(text: str) -> bool:
    living = GradingPeriod.objects.filter(workflow_state="active")
    return text.isdigit() and len(text) < 19 and living.filter(pk=int(text)).exists()


def show_enrollment(call: Call, account_id: str, enrollment_id: str) -> Any:
    call.need_admin()
    return shapes.enrollments(call, [_enrollment(enrollment_id)])[0]


def _enrollment(text: str) -> Enrollment:
    found = Enrollment.objects.filter(pk=int(text) if text.isdigit() else 0).first()
    if found is None:
        raise not_found()
    return found


def enroll(call: Call, course_id: str = "", section_id: str = "") -> Any:
    call.need_admin()
    fields = call.fields("enrollment")
    user = find_user(call, fields.get("user_id", ""))
    if chosen := section_id or fields.get("course_section_id", ""):
        section = find(Section, chosen)
    else:
        course = find(Course, course_id)
        found = Section.objects.filter(course_id=course.pk, default_section=True).first()
        if found is None:
            raise not_found()
        section = found
    kind = fields.get("role_id") or fields.get("type") or "StudentEnrollment"
    role = Role.objects.filter(Q(name=kind) | Q(pk=int(kind) if kind.isdigit() else 0)).first()
    if role is None:
        raise Refused(400, {"message": "Invalid type"})
    # Without enrollment_state Canvas invites; an import never does.
    made = edits.enroll(user, section, role, fields.get("enrollment_state") or "invited")
    return shapes.enrollments(call, [made])[0]


def end_enrollment(call: Call, course_id: str, enrollment_id: str) -> Any:
    if not call.is_admin:
        raise not_allowed()
    enrollment = _enrollment(enrollment_id)
    if find(Course, course_id).pk != enrollment.course_id:
        raise not_found()
    edits.edit(enrollment, workflow_state=_ENDINGS.get(call.text("task"), "completed"))
    return shapes.enrollments(call, [enrollment])[0]
