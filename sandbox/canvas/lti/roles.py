"""Who a person is to Canvas in a context: enrollments, admin roles, URIs, permissions."""

from dataclasses import dataclass

from sandbox.canvas.lti.ids import Context
from sandbox.canvas.models import Account, Admin, Course, Enrollment, Role, User
from sandbox.canvas.permissions import ADMIN, BY_TYPE, ROOT_ONLY, STUDENT_VIEW
from sandbox.rules import on

_MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
_INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
_SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

IN_CONTEXT = {
    "TeacherEnrollment": (f"{_MEMBERSHIP}#Instructor",),
    "TaEnrollment": (
        f"{_MEMBERSHIP}/Instructor#TeachingAssistant",
        f"{_MEMBERSHIP}#Instructor",
    ),
    "StudentEnrollment": (f"{_MEMBERSHIP}#Learner",),
    STUDENT_VIEW: (f"{_MEMBERSHIP}#Learner", TEST_USER),
    "DesignerEnrollment": (f"{_MEMBERSHIP}#ContentDeveloper",),
    "ObserverEnrollment": (f"{_MEMBERSHIP}#Mentor",),
}
_ANYWHERE = {
    "TeacherEnrollment": f"{_INSTITUTION}Instructor",
    "TaEnrollment": f"{_INSTITUTION}Instructor",
    "StudentEnrollment": f"{_INSTITUTION}Student",
}
STAFF = {"TeacherEnrollment", "TaEnrollment", "DesignerEnrollment"}


@dataclass(frozen=True)
class Standing:
    """What a person is in one context."""

    user: User
    enrollments: tuple[Enrollment, ...]
    admin_roles: tuple[str, ...]
    is_root_admin: bool
    uris: tuple[str, ...]
    permissions: frozenset[str]

    @property
    def is_staff(self) -> bool:
        return bool(self.admin_roles) or any(each.type in STAFF for each in self.enrollments)

    @property
    def is_inside(self) -> bool:
        return bool(self.admin_roles or self.enrollments)

    def names(self) -> list[str]:
        """The roles as Canvas names them, those of admins last."""
        names = dict(Role.objects.values_list("pk", "name"))
        inside = [names.get(each.role_id, each.type) for each in self.enrollments]
        return list(dict.fromkeys([*inside, *self.admin_roles]))


def chain(context: Context) -> list[Account]:
    """The accounts a context is in, the nearest first, the root account last."""
    by_id = {account.pk: account for account in Account.objects.all()}
    number = context.account_id if isinstance(context, Course) else context.pk
    found = []
    while account := by_id.get(number):
        found.append(account)
        number = account.parent_id
    return found


def standing(user: User, context: Context) -> Standing:
    """What `user` is in `context`."""
    accounts = chain(context)
    admin = _admin_roles(user, accounts)
    inside = _enrollments(user, context)
    may: set[str] = set()
    for each in inside:
        may |= BY_TYPE.get(each.type, frozenset())
    if admin:
        may |= ADMIN - ROOT_ONLY
    is_root_admin = accounts[-1].pk in admin
    if is_root_admin:
        may |= ADMIN | ROOT_ONLY
    return Standing(
        user=user,
        enrollments=tuple(inside),
        admin_roles=tuple(dict.fromkeys(admin.values())),
        is_root_admin=is_root_admin,
        uris=tuple(_uris(user, inside)),
        permissions=frozenset(may),
    )


def _admin_roles(user: User, accounts: list[Account]) -> dict[int, str]:
    rows = Admin.objects.filter(user_id=user.pk, workflow_state="active")
    here = rows.filter(account_id__in=[account.pk for account in accounts])
    names = dict(Role.objects.values_list("pk", "name"))
    shown = {"AccountAdmin": "Account Admin"}
    return {
        row.account_id: shown.get(names.get(row.role_id, ""), names.get(row.role_id, ""))
        for row in here
    }


def _enrollments(user: User, context: Context) -> list[Enrollment]:
    if not isinstance(context, Course):
        return []
    rows = Enrollment.objects.filter(user_id=user.pk, course_id=context.pk)
    return list(rows.filter(workflow_state="active").order_by("id"))


def _uris(user: User, inside: list[Enrollment]) -> list[str]:
    """All roles as `$com.instructure.User.allRoles` gives them."""
    anywhere = Enrollment.objects.filter(user_id=user.pk, workflow_state="active")
    kinds = set(anywhere.values_list("type", flat=True))
    found = [_ANYWHERE[kind] for kind in sorted(kinds) if kind in _ANYWHERE]
    if Admin.objects.filter(user_id=user.pk, workflow_state="active").exists():
        found.append(f"{_INSTITUTION}Administrator")
    for each in inside:
        found += context_uris(each.type)
    return list(dict.fromkeys([*found, f"{_SYSTEM}User"]))


def context_uris(kind: str) -> tuple[str, ...]:
    """The roles of a kind of enrollment in its course."""
    found = IN_CONTEXT.get(kind, ())
    return found if on("canvas.lti-roles") else found[-1:]


def adminable(user: User) -> list[int]:
    """The accounts a person administers, those below among them."""
    mine = Admin.objects.filter(user_id=user.pk, workflow_state="active")
    top = set(mine.values_list("account_id", flat=True))
    return [
        account.pk
        for account in Account.objects.order_by("id")
        if top & {each.pk for each in chain(account)}
    ]


def is_root_account_admin(user: User, root: Account) -> bool:
    mine = Admin.objects.filter(user_id=user.pk, workflow_state="active", account_id=root.pk)
    return mine.exists()
