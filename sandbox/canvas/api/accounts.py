"""Accounts, terms, roles, admins, authentication providers."""

from typing import Any

from sandbox.canvas import edits, store
from sandbox.canvas.api import shapes
from sandbox.canvas.api.call import Call, Refused
from sandbox.canvas.api.find import find, root_account
from sandbox.canvas.api.gate import Linked
from sandbox.canvas.api.paging import by_number
from sandbox.canvas.models import Account, Admin, AuthenticationProvider, Role, Term, User


def mine(call: Call) -> Linked:
    """The accounts the caller administers."""
    ids = Admin.objects.filter(user_id=call.user_id, workflow_state="active")
    rows = Account.objects.filter(pk__in=ids.values("account_id")).order_by("id")
    return by_number(call, rows, shapes.accounts)


def show(call: Call, account_id: str) -> Any:
    account = find(Account, account_id)
    call.need_admin()
    return shapes.accounts(call, [account])[0]


def change(call: Call, account_id: str) -> Any:
    account = find(Account, account_id)
    call.need_admin()
    fields = call.fields("account")
    names = {"name": "name", "sis_account_id": "sis_id", "integration_id": "integration_id"}
    edits.edit(account, **{names[key]: value for key, value in fields.items() if key in names})
    return shapes.accounts(call, [account])[0]


def children(call: Call, account_id: str) -> Linked:
    account = find(Account, account_id)
    call.need_admin()
    rows = Account.objects.exclude(workflow_state="deleted").order_by("id")
    if call.flag("recursive"):
        rows = rows.filter(pk__in=descendants(account.pk))
    else:
        rows = rows.filter(parent_id=account.pk)
    return by_number(call, rows, shapes.accounts)


def descendants(account_id: int) -> set[int]:
    """All accounts below this one."""
    parents = dict(Account.objects.values_list("id", "parent_id"))
    below: set[int] = set()
    size = -1
    while size != len(below):
        size = len(below)
        below |= {one for one, up in parents.items() if up == account_id or up in below}
    return below


def add_child(call: Call, account_id: str) -> Any:
    parent = find(Account, account_id)
    call.need_admin()
    fields = call.fields("account")
    with store.writing():
        made = store.create(
            Account,
            name=fields.get("name", ""),
            sis_id=fields.get("sis_account_id", ""),
            parent_id=parent.pk,
            root_account_id=store.ROOT_ACCOUNT_ID,
            workflow_state="active",
        )
    return shapes.accounts(call, [made])[0]


def permissions(call: Call, account_id: str) -> dict[str, bool]:
    find(Account, account_id)
    asked = [name for name in call.several("permissions") if name]
    return dict.fromkeys(asked, call.is_admin)


def list_terms(call: Call, account_id: str) -> Linked:
    root_account(account_id)
    call.need_admin()
    rows = Term.objects.order_by("id")
    states = call.several("workflow_state") or ["active"]
    if "all" not in states:
        rows = rows.filter(workflow_state__in=states)
    return by_number(call, rows, shapes.terms, root="enrollment_terms")


def show_term(call: Call, account_id: str, term_id: str) -> Any:
    root_account(account_id)
    call.need_admin()
    return shapes.terms(call, [find(Term, term_id)])[0]


def _term_values(call: Call) -> dict[str, str]:
    fields = call.fields("enrollment_term")
    names = {"name": "name", "start_at": "start_at", "end_at": "end_at", "sis_term_id": "sis_id"}
    return {names[key]: value for key, value in fields.items() if key in names}


def add_term(call: Call, account_id: str) -> Any:
    root_account(account_id)
    call.need_admin()
    with store.writing():
        made = store.create(Term, workflow_state="active", **_term_values(call))
    return shapes.terms(call, [made])[0]


def change_term(call: Call, account_id: str, term_id: str) -> Any:
    root_account(account_id)
    call.need_admin()
    term = find(Term, term_id)
    edits.edit(term, **_term_values(call))
    return shapes.terms(call, [term])[0]


def providers(call: Call, account_id: str) -> Linked:
    root_account(account_id)
    call.need_admin()

    def shape(call: Call, rows: list[Any]) -> list[dict[str, Any]]:
        return [
            {"id": row.pk, "auth_type": row.auth_type, "position": row.position} for row in rows
        ]

    return by_number(call, AuthenticationProvider.objects.order_by("position"), shape)


def roles(call: Call, account_id: str) -> Linked:
    account = find(Account, account_id)
    call.need_admin()

    def shape(call: Call, rows: list[Any]) -> list[dict[str, Any]]:
        return [
            {
                "id": row.pk,
                "role": row.name,
                "label": row.name,
                "base_role_type": row.base_type,
                "workflow_state": "built_in" if row.built_in else "active",
                "is_account_role": row.base_type == "AccountMembership",
                "account": shapes.accounts(call, [account])[0],
                "permissions": {},
            }
            for row in rows
        ]

    return by_number(call, Role.objects.order_by("id"), shape)


def add_role(call: Call, account_id: str) -> Any:
    root_account(account_id)
    call.need_admin()
    name, base = call.text("label"), call.text("base_role_type") or "AccountMembership"
    if not name:
        raise Refused(400, {"message": "missing required parameter 'label'"})
    with store.writing():
        made = Role.objects.create(name=name, base_type=base)
    return {"id": made.pk, "role": name, "label": name, "base_role_type": base}


def admins(call: Call, account_id: str) -> Linked:
    account = find(Account, account_id)
    call.need_admin()

    def shape(call: Call, rows: list[Any]) -> list[dict[str, Any]]:
        people = User.objects.in_bulk([row.user_id for row in rows])
        names = dict(Role.objects.values_list("pk", "name"))
        return [
            {
                "id": row.pk,
                "role": names.get(row.role_id, ""),
                "role_id": row.role_id,
                "workflow_state": row.workflow_state,
                "user": shapes.users(call, [people[row.user_id]])[0],
            }
            for row in rows
        ]

    rows = Admin.objects.filter(account_id=account.pk, workflow_state="active").order_by("id")
    return by_number(call, rows, shape)
