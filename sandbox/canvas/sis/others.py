"""change_sis_id.csv, user_observers.csv and admins.csv."""

from collections.abc import Sequence

from sandbox.canvas import store
from sandbox.canvas.models import Role
from sandbox.canvas.sis.enrollments import enroll_observer
from sandbox.canvas.sis.files import Row
from sandbox.canvas.sis.records import Row as Record
from sandbox.canvas.sis.records import Table
from sandbox.canvas.sis.work import INTEGRATION_ID, SIS_ID, RowError, Work
from sandbox.rules import on


class ChangedIds:
    """Gives objects another SIS ID or integration id."""

    def __init__(self, work: Work) -> None:
        self.tables = {
            "user": work.logins,
            "course": work.courses,
            "section": work.sections,
            "term": work.terms,
            "account": work.accounts,
        }
        self.work = work

    def prefetch(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if table := self.tables.get(row.text("type").lower()):
                table.load(SIS_ID, [(row.text("old_id"),), (row.text("new_id"),)])

    def row(self, row: Row) -> bool:
        kind = row.text("type").lower()
        if not kind:
            raise RowError("No type given for change_sis_id")
        if not row.text("old_id") and not row.text("old_integration_id"):
            raise RowError("No old_id or old_integration_id given for change_sis_id")
        if not row.text("new_id") and not row.text("new_integration_id"):
            raise RowError("No new_id or new_integration_id given for change_sis_id")
        table = self.tables.get(kind)
        if table is None:
            raise RowError(f"Invalid type '{kind}' for change_sis_id")
        self._refuse_taken(table, kind, row)
        found = self._find(table, kind, row)
        values = {}
        if new := row.text("new_id"):
            values["sis_id"] = new
        if new := row.text("new_integration_id"):
            values["integration_id"] = "" if new == "<delete>" else new
        if on("canvas.change-sis-id"):
            table.change(found, **values, sis_import_id=self.work.id, updated_at=self.work.moment)
        return True

    def _refuse_taken(self, table: Table, kind: str, row: Row) -> None:
        column = "sis_user_id" if kind == "user" else "sis_source_id"
        if table.find(SIS_ID, row.text("new_id")):
            raise RowError(
                f"A new_id, '{row.text('new_id')}', referenced an existing {kind} and the {kind} "
                f"with {column} '{row.text('old_id')}' was not updated"
            )
        if table.find(INTEGRATION_ID, row.text("new_integration_id")):
            raise RowError(
                f"A new_integration_id, '{row.text('new_integration_id')}', referenced an existing "
                f"{kind} and the {kind} with integration_id '{row.text('old_integration_id')}' "
                "was not updated"
            )

    def _find(self, table: Table, kind: str, row: Row) -> Record:
        old, integration = row.text("old_id"), row.text("old_integration_id")
        found = table.find(SIS_ID, old)
        by_integration = table.find(INTEGRATION_ID, integration)
        if old and integration and found is not by_integration:
            raise RowError(
                f"An old_id, '{old}', referenced a different {kind} than the "
                f"old_integration_id, '{integration}'"
            )
        if old and found is None:
            raise RowError(
                f"An old_id, '{old}', referenced a non-existent {kind} and was not changed."
            )
        found = found or by_integration
        if found is None:
            raise RowError(
                f"An old_integration_id, '{integration}', referenced a non-existent {kind} "
                "and was not changed."
            )
        return found


class Observers:
    """Who observes whom; observers are enrolled wherever their students are."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def prefetch(self, rows: Sequence[Row]) -> None:
        for column in ("observer_id", "student_id"):
            self.work.logins.load(SIS_ID, ((row.text(column),) for row in rows))
        users = [(login["user_id"],) for login in self.work.logins.rows.values()]
        self.work.enrollments.load(("user_id",), users)
        self.work.observers.load(("student_id",), users)

    def row(self, row: Row) -> bool:
        observer_id, student_id = row.text("observer_id"), row.text("student_id")
        status = row.text("status").lower()
        if not observer_id:
            raise RowError("No observer_id given for a user observer")
        if not student_id:
            raise RowError("No user_id given for a user observer")
        if student_id == observer_id:
            raise RowError(f"Can't observe yourself user {student_id}")
        if status not in {"active", "deleted"}:
            raise RowError(f'Improper status "{row.text("status")}" for a user_observer')
        if self.work.passes_over(row):
            return False
        observer = self._user(observer_id, "An observer")
        student = self._user(student_id, "A student")
        if observer == student:
            raise RowError(f"Can't observe yourself user {student_id}")
        self._put(row, observer, student, status)
        return True

    def _user(self, sis_id: str, what: str) -> int:
        login = self.work.logins.find(SIS_ID, sis_id)
        if login is None or login["workflow_state"] == "deleted":
            raise RowError(f"{what} referenced a non-existent user {sis_id}")
        return int(login["user_id"])

    def _put(self, row: Row, observer: int, student: int, status: str) -> None:
        observers = self.work.observers
        found = observers.find(("observer_id", "student_id"), observer, student)
        there = found is not None and found["workflow_state"] == "active"
        if status == "deleted" and not there:
            raise RowError(
                "Can't delete a non-existent observer for observer: "
                f"{row.text('observer_id')}, student: {row.text('student_id')}"
            )
        if found is None:
            found = self.work.add(
                observers, observer_id=observer, student_id=student, workflow_state=status
            )
        self.work.put(observers, found, workflow_state=status)
        if on("canvas.observers-enrolled"):
            self._enroll(observer, student, status)

    def _enroll(self, observer: int, student: int, status: str) -> None:
        for enrollment in self.work.enrollments.find_all(("user_id",), student):
            if enrollment["type"] != "StudentEnrollment":
                continue
            if enrollment["workflow_state"] != "deleted":
                state = "deleted" if status == "deleted" else enrollment["workflow_state"]
                enroll_observer(self.work, enrollment, observer, state)


class Admins:
    """Who administers which account."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._roles = list(Role.objects.filter(base_type="AccountMembership"))

    def prefetch(self, rows: Sequence[Row]) -> None:
        self.work.logins.load(SIS_ID, ((row.text("user_id"),) for row in rows))

    def row(self, row: Row) -> bool:
        user_id, account_id = row.text("user_id"), row.text("account_id")
        status = row.text("status").lower()
        if not user_id:
            raise RowError("No user_id given for admin")
        if status not in {"active", "deleted"}:
            raise RowError(f'Improper status "{row.text("status")}" for admin for user {user_id}')
        if self.work.passes_over(row):
            return False
        account = self.work.accounts.find(SIS_ID, account_id)
        if account_id and account is None:
            raise RowError(f"Invalid account_id given for admin {user_id}")
        login = self.work.logins.find(SIS_ID, user_id)
        if login is None:
            raise RowError(f"User not found for admin {user_id}")
        role = self._role(row)
        where = account["id"] if account else store.ROOT_ACCOUNT_ID
        found = self.work.admins.find_all(("user_id", "account_id"), login["user_id"], where)
        self._put(
            next((a for a in found if a["role_id"] == role), None), login, where, role, status
        )
        return True

    def _role(self, row: Row) -> int:
        name, number = row.text("role"), row.text("role_id")
        if not name and not number:
            raise RowError(f"No role_id or role given for admin {row.text('user_id')}")
        for role in self._roles:
            if str(role.pk) == number or role.name == name:
                return int(role.pk)
        raise RowError(f"Invalid role '{name or number}' for admin {row.text('user_id')}")

    def _put(self, found: Record | None, login: Record, where: int, role: int, status: str) -> None:
        if found is None and status == "active":
            self.work.add(
                self.work.admins,
                user_id=login["user_id"],
                account_id=where,
                role_id=role,
                workflow_state=status,
            )
        # An admin made by hand is not the SIS's to remove.
        elif found and (status == "active" or found["sis_import_id"]):
            self.work.put(self.work.admins, found, workflow_state=status)
