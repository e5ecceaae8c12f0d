"""users.csv and logins.csv."""

import re
from collections.abc import Sequence
from typing import Any

from sandbox.canvas import store
from sandbox.canvas.models import AuthenticationProvider
from sandbox.canvas.sis.files import Row
from sandbox.canvas.sis.records import Row as Record
from sandbox.canvas.sis.work import ID, INTEGRATION_ID, SIS_ID, RowError, Work
from sandbox.rules import on

_STATUS = re.compile(r"active|suspended|deleted", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+")
_LOGIN = ("unique_id_lower",)
_LOGIN_OK = re.compile(r"[\w.+\-@ $'&#]+")


def providers() -> dict[str, int]:
    """Authentication providers by what a CSV may call them: their id or their type."""
    found: dict[str, int] = {}
    for provider in AuthenticationProvider.objects.filter(workflow_state="active").order_by("-id"):
        found[str(provider.pk)] = found[provider.auth_type] = provider.pk
    return found


class Users:
    """People and their SIS logins."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._providers = providers()

    def prefetch(self, rows: Sequence[Row]) -> None:
        logins = self.work.logins
        logins.load(SIS_ID, ((row.text("user_id"),) for row in rows))
        logins.load(_LOGIN, ((row.text("login_id").lower(),) for row in rows))
        logins.load(INTEGRATION_ID, ((row.text("integration_id"),) for row in rows))
        self.work.users.load(ID, ((login["user_id"],) for login in logins.rows.values()))

    def row(self, row: Row) -> bool:
        check(row)
        if self.work.passes_over(row):
            return False
        login = self._login(row)
        user = self.work.users.get(login["user_id"]) if login else None
        status = row.text("status").lower()
        status = status if status in {"suspended", "deleted"} else "active"
        if login and user and status == "deleted" and not self._may_go(row, login, user):
            return True
        provider = provider_of(row, self._providers)
        if user is None:
            user = self._create(row)
        self.work.put(self.work.users, user, **_names(row, user), workflow_state="registered")
        if login is None:
            login = add_login(self.work, user, row, status)
        self._put(row, login, status, provider)
        self._email(row, user)
        return True

    def _login(self, row: Row) -> Record | None:
        """The login the row means; None for a new one. Raises RowError where it is another's."""
        logins, sis_id = self.work.logins, row.text("user_id")
        by_login = self._by_login(row)
        login = logins.find(SIS_ID, sis_id) or by_login
        self._refuse_integration_id(row, login)
        if login is None:
            return None
        other = login["sis_id"] and login["sis_id"] != sis_id
        if other and on("canvas.login-claimed") and not self._takes_over:
            raise RowError(_claimed(login["sis_id"], sis_id))
        if not other and login["sis_id"] != sis_id and not on("canvas.login-adopted"):
            raise RowError(_claimed(f"Canvas ID {login['user_id']}", sis_id))
        deleted = row.text("status").lower() == "deleted"
        renamed = login["unique_id_lower"] != row.text("login_id").lower()
        if by_login and by_login is not login and (not deleted or renamed):
            who = by_login["sis_id"]
            raise RowError(
                f"An existing Canvas user with the "
                f"{f'SIS ID {who}' if who else 'Canvas ID ' + str(by_login['user_id'])} "
                f"has already claimed {sis_id}'s user_id requested login information, skipping"
            )
        return login

    @property
    def _takes_over(self) -> bool:
        return bool(self.work.options.get("update_sis_id_if_login_claimed"))

    def _by_login(self, row: Row) -> Record | None:
        found = self.work.logins.find_all(_LOGIN, row.text("login_id").lower())
        living = [login for login in found if login["workflow_state"] != "deleted"]
        if name := row.text("authentication_provider_id"):
            # Canvas looks for the login under that provider only: the same login without
            # a provider is somebody else to it.
            provider = self._providers.get(name, 0)
            living = [login for login in living if login["authentication_provider_id"] == provider]
        return living[0] if living else None

    def _refuse_integration_id(self, row: Row, login: Record | None) -> None:
        other = self.work.logins.find(INTEGRATION_ID, row.text("integration_id"))
        if other and other is not login and row.text("status").lower() != "deleted":
            who = (
                f"SIS ID {other['sis_id']}" if other["sis_id"] else f"Canvas ID {other['user_id']}"
            )
            raise RowError(
                f"An existing Canvas user with the {who} has already claimed "
                f"{row.text('user_id')}'s requested integration_id, skipping"
            )

    def _may_go(self, row: Row, login: Record, user: Record) -> bool:
        """Before a login is deleted: False if it already is; the last one takes all along."""
        sis_id = row.text("user_id")
        if user["id"] == self.work.user_id:
            raise RowError(f"Can't remove yourself user_id '{sis_id}'")
        if login["workflow_state"] == "deleted":
            return False
        others = self.work.logins.find_all(("user_id",), user["id"])
        if not any(o["workflow_state"] != "deleted" for o in others if o["sis_id"] != sis_id):
            for enrollment in self.work.enrollments.find_all(("user_id",), user["id"]):
                if enrollment["workflow_state"] != "deleted":
                    self.work.put(self.work.enrollments, enrollment, workflow_state="deleted")
            for admin in self.work.admins.find_all(("user_id",), user["id"]):
                self.work.put(self.work.admins, admin, workflow_state="deleted")
        return True

    def _create(self, row: Row) -> Record:
        return self.work.add(
            self.work.users, uuid=store.verifier(), workflow_state="registered", **_names(row, None)
        )

    def _put(self, row: Row, login: Record, status: str, provider: int) -> None:
        values: dict[str, Any] = {
            "unique_id": row.text("login_id"),
            "sis_id": row.text("user_id"),
            "workflow_state": status,
        }
        if provider or on("canvas.provider-blank-clears"):
            values["authentication_provider_id"] = provider
        if integration := row.text("integration_id"):
            values["integration_id"] = integration
        if kind := row.text("declared_user_type"):
            values["declared_user_type"] = "" if kind == "<delete>" else kind
        if "unique_id" not in self.work.stuck(login):
            values["unique_id_lower"] = values["unique_id"].lower()
        self.work.put(self.work.logins, login, **values)

    def _email(self, row: Row, user: Record) -> None:
        email = row.text("email")
        if email and not _EMAIL.fullmatch(email):
            raise RowError(
                f"The email address associated with user '{row.text('user_id')}' is invalid "
                f"(email: '{email}')"
            )
        if email or not on("canvas.blanks-that-keep"):
            self.work.put(self.work.users, user, email=email)


def check(row: Row) -> None:
    """Refuse a row that names nobody."""
    sis_id, status = row.text("user_id"), row.text("status")
    if any("\0" in value for value in row.values.values()):
        raise RowError("Some of the fields contain NULL character")
    if not sis_id:
        raise RowError("No user_id given for a user")
    if not row.text("login_id"):
        raise RowError(f"No login_id given for user {sis_id}")
    if not status:
        raise RowError(f"No status given for user {sis_id}")
    if not _STATUS.match(status):
        raise RowError(f"Improper status for user {sis_id}")
    if not _LOGIN_OK.fullmatch(row.text("login_id")):
        raise RowError(
            f"Could not save the user with user_id: '{sis_id}'. "
            f"Invalid login_id: '{row.text('login_id')}'"
        )


def provider_of(row: Row, known: dict[str, int]) -> int:
    """The row's authentication provider; 0 for none. Raises RowError for an unknown one."""
    name = row.text("authentication_provider_id")
    if name and name not in known:
        raise RowError(
            f"unrecognized authentication provider {name} for {row.text('user_id')}, skipping"
        )
    return known.get(name, 0)


def add_login(work: Work, user: Record, row: Row, status: str) -> Record:
    """A new login of `user` with the row's ids."""
    return work.add(
        work.logins,
        user_id=user["id"],
        sis_id=row.text("user_id"),
        unique_id=row.text("login_id"),
        unique_id_lower=row.text("login_id").lower(),
        integration_id=row.text("integration_id"),
        workflow_state=status,
    )


def _claimed(who: str, sis_id: str) -> str:
    return (
        f"An existing Canvas user with the SIS ID {who} has already claimed "
        f"{sis_id}'s user_id requested login information, skipping"
    )


def _names(row: Row, user: Record | None) -> dict[str, str]:
    """How Canvas writes the person's names, given the row and what it had before."""
    first, last, full = (row.text(key) for key in ("first_name", "last_name", "full_name"))
    prior = user["name"] if user else ""
    written = f"{first} {last}".strip()
    fallbacks = (prior, row.text("sortable_name"), row.text("short_name"), row.text("login_id"))
    name = full or written or next(filter(None, fallbacks))
    sortable = row.text("sortable_name")
    if not sortable and full:
        sortable = _sortable(full)
    elif not sortable and written:
        sortable = ", ".join(filter(None, (last, first)))
    names = {"name": name, "sortable_name": sortable or (user or {}).get("sortable_name") or name}
    short = row.text("short_name")
    if short or user is None or user["short_name"] == prior:
        names["short_name"] = short or name
    if pronouns := row.text("pronouns"):
        names["pronouns"] = "" if pronouns == "<delete>" else pronouns
    return names


def _sortable(name: str) -> str:
    given, _, family = name.rpartition(" ")
    return f"{family}, {given}" if given else name


class Logins:
    """Further logins of people who are there already."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._providers = providers()

    def prefetch(self, rows: Sequence[Row]) -> None:
        for column in ("user_id", "existing_user_id"):
            self.work.logins.load(SIS_ID, ((row.text(column),) for row in rows))

    def row(self, row: Row) -> bool:
        check(Row({**row.values, "status": row.text("status") or "active"}, row.file, row.line))
        sis_id, login_id = row.text("user_id"), row.text("login_id")
        existing = self._existing(row)
        provider = provider_of(row, self._providers)
        same = self.work.logins.find_all(_LOGIN, login_id.lower())
        taken = any(login["workflow_state"] != "deleted" for login in same)
        if taken or self.work.logins.find(SIS_ID, sis_id):
            raise RowError(
                f"An existing Canvas user with the SIS ID {sis_id} or login of {login_id} "
                "already exists, skipping"
            )
        if existing is None:
            raise RowError(
                f"Could not find the existing user for login with SIS ID {sis_id}, skipping"
            )
        login = add_login(self.work, self.work.users.get(existing["user_id"]), row, "active")
        self.work.put(self.work.logins, login, authentication_provider_id=provider)
        return True

    def _existing(self, row: Row) -> Record | None:
        logins = self.work.logins
        if number := row.text("existing_canvas_user_id"):
            return logins.find(("user_id",), int(number)) if number.isdigit() else None
        if integration := row.text("existing_integration_id"):
            return logins.find(INTEGRATION_ID, integration)
        if sis_id := row.text("existing_user_id"):
            return logins.find(SIS_ID, sis_id)
        raise RowError(f"No existing user provided for login with SIS ID {row.text('user_id')}")
