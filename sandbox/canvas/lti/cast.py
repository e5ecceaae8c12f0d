"""People to act as, one of each kind: found in what was provisioned, and made where missing.

The same data gives the same people. What is made is made as by hand: imports leave it alone.
"""

import uuid
from dataclasses import dataclass

from django.db.models import Count

from sandbox.canvas import edits, store
from sandbox.canvas.models import (
    Account,
    Admin,
    Course,
    Enrollment,
    Role,
    Section,
    Term,
    User,
)
from sandbox.canvas.permissions import STUDENT_VIEW

TEST_STUDENT = "Test Student"
NEIGHBOUR = "Neighbouring School District"
SMALL_GROUP = "Small group"

# Key, what it says on the page, kind of enrollment in the course.
_INSIDE = [
    ("teacher", "Teacher", "TeacherEnrollment"),
    ("second-teacher", "Second teacher", "TeacherEnrollment"),
    ("limited-teacher", "Teacher limited to own section", "TeacherEnrollment"),
    ("ta", "Teaching assistant", "TaEnrollment"),
    ("designer", "Designer", "DesignerEnrollment"),
    ("student", "Student", "StudentEnrollment"),
    ("observer", "Observer", "ObserverEnrollment"),
    ("test-student", "Test student (student view)", STUDENT_VIEW),
]
_NAMES = {
    "teacher": "Rosa Delgado",
    "second-teacher": "Theo Winter",
    "limited-teacher": "Lena Cho",
    "ta": "Tariq Aziz",
    "designer": "Dora Lindqvist",
    "student": "Sam Okafor",
    "observer": "Olga Okafor",
    "test-student": TEST_STUDENT,
    "sub-account-admin": "Sven Berg",
    "neighbouring-admin": "Nils Aberg",
}


@dataclass(frozen=True)
class Part:
    """Somebody to act as, and the page to begin at."""

    key: str
    label: str
    user: User
    where: str


def parts() -> list[Part]:
    """Everybody to act as. Makes who and what is missing; one caller at a time."""
    with store.writing():
        return _parts()


def _parts() -> list[Part]:
    course = course_to_act_in()
    home = f"/courses/{course.pk}"
    found = [Part(key, label, _member(key, kind, course), home) for key, label, kind in _INSIDE]
    root = Account.objects.get(pk=store.ROOT_ACCOUNT_ID)
    admin = User.objects.get(pk=store.ADMIN_ID)
    found.append(Part("admin", "Admin of the root account", admin, f"/accounts/{root.pk}"))
    below = _sub_account(course)
    user = _admin("sub-account-admin", below)
    found.append(Part("sub-account-admin", "Admin of a sub-account", user, f"/accounts/{below.pk}"))
    other = _neighbour()
    user = _admin("neighbouring-admin", other)
    label = "Admin of a neighbouring district"
    found.append(Part("neighbouring-admin", label, user, f"/accounts/{other.pk}"))
    return found


def course_to_act_in() -> Course:
    """The one with most sections from the SIS; published."""
    rows = Section.objects.exclude(sis_id="").filter(workflow_state="active")
    counted = rows.values("course_id").annotate(n=Count("id")).order_by("-n", "course_id")
    taught = Enrollment.objects.filter(type="TeacherEnrollment", workflow_state="active")
    candidates = counted.filter(course_id__in=taught.values("course_id")) or counted
    numbers = [row["course_id"] for row in candidates[:1]]
    course = Course.objects.filter(pk__in=numbers).first() or _own_course()
    if course.workflow_state in {"claimed", "created"}:
        edits.edit(course, workflow_state="available")
    return course


def _own_course() -> Course:
    name = "A course made by hand"
    found = Course.objects.filter(name=name).first()
    return found or edits.make_course(
        name=name,
        course_code="BYHAND",
        account_id=store.ROOT_ACCOUNT_ID,
        term_id=Term.objects.order_by("id")[0].pk,
        workflow_state="available",
    )


def _member(key: str, kind: str, course: Course) -> User:
    inside = Enrollment.objects.filter(course_id=course.pk, type=kind, workflow_state="active")
    name = _NAMES[key]
    made = User.objects.filter(name=name, pk__in=inside.values("user_id")).first()
    if made:
        return made
    if key in {"teacher", "student", "observer"}:
        own = set(_NAMES.values())
        people = User.objects.filter(pk__in=inside.values("user_id")).exclude(name__in=own)
        if found := people.order_by("id").first():
            return found
    user = _new(name)
    section = _small_group(course) if key == "limited-teacher" else _main_section(course)
    role = "StudentEnrollment" if kind == STUDENT_VIEW else kind
    made = edits.enroll(user, section, Role.objects.get(name=role), "active")
    _finish(key, made, course)
    return user


def _finish(key: str, made: Enrollment, course: Course) -> None:
    with store.writing():
        if key == "limited-teacher":
            Enrollment.objects.filter(pk=made.pk).update(limit_section=True)
        if key == "test-student":
            Enrollment.objects.filter(pk=made.pk).update(type=STUDENT_VIEW)
        if key == "observer":
            observed = _member("student", "StudentEnrollment", course)
            Enrollment.objects.filter(pk=made.pk).update(associated_user_id=observed.pk)


def _new(name: str) -> User:
    """A person by hand; with a login, but for those Canvas gives none."""
    if name in {TEST_STUDENT, _NAMES["neighbouring-admin"]}:
        # Logins are all of the district's root account here.
        with store.writing():
            user: User = store.create(
                User, name=name, sortable_name=_sortable(name), workflow_state="registered"
            )
        return user
    login = name.lower().replace(" ", ".")
    return edits.make_user(name, login, email=f"{login}@example.org", authentication_provider_id=1)


def _sortable(name: str) -> str:
    given, _, family = name.rpartition(" ")
    return f"{family}, {given}"


def _main_section(course: Course) -> Section:
    rows = Section.objects.filter(course_id=course.pk, workflow_state="active")
    return rows.exclude(sis_id="").order_by("id").first() or rows.order_by("id")[0]


def _small_group(course: Course) -> Section:
    """A second section: one from the SIS, else one made by hand with one student in it."""
    rows = Section.objects.filter(course_id=course.pk, workflow_state="active")
    second = rows.exclude(sis_id="").order_by("id")[1:2]
    found = second.first() if second else rows.filter(name=SMALL_GROUP).first()
    if found:
        return found
    with store.writing():
        made: Section = store.create(
            Section, course_id=course.pk, name=SMALL_GROUP, workflow_state="active"
        )
    student = User.objects.filter(name="Mina Solo").first() or _new("Mina Solo")
    edits.enroll(student, made, Role.objects.get(name="StudentEnrollment"), "active")
    return made


def _admin(key: str, account: Account) -> User:
    name = _NAMES[key]
    rows = Admin.objects.filter(account_id=account.pk, workflow_state="active")
    found = User.objects.filter(name=name, pk__in=rows.values("user_id")).first()
    if found:
        return found
    user = _new(name)
    role = Role.objects.get(name="AccountAdmin")
    with store.writing():
        store.create(
            Admin,
            user_id=user.pk,
            account_id=account.pk,
            role_id=role.pk,
            workflow_state="active",
        )
    return user


def _sub_account(course: Course) -> Account:
    """The account of the course, if that is none of root; else the first below it."""
    if course.account_id != store.ROOT_ACCOUNT_ID:
        return Account.objects.get(pk=course.account_id)
    below = Account.objects.filter(parent_id=store.ROOT_ACCOUNT_ID).exclude(
        workflow_state="deleted"
    )
    found = below.order_by("id").first()
    return found or _account("A school made by hand", store.ROOT_ACCOUNT_ID)


def _neighbour() -> Account:
    """Another root account of the same Canvas: another district."""
    return Account.objects.filter(name=NEIGHBOUR, parent_id=0).first() or _account(NEIGHBOUR, 0)


def _account(name: str, parent: int) -> Account:
    with store.writing():
        made: Account = store.create(
            Account,
            name=name,
            uuid=uuid.uuid4().hex,
            parent_id=parent,
            root_account_id=parent,
            workflow_state="active",
        )
    return made
