"""accounts.csv and terms.csv."""

import json
import re
from collections.abc import Sequence

from sandbox.canvas import store
from sandbox.canvas.sis.files import Row
from sandbox.canvas.sis.records import Row as Record
from sandbox.canvas.sis.work import (
    SIS_ID,
    RowError,
    Work,
    dates_to_put,
    integration_id,
)

_ACTIVE_OR_DELETED = re.compile(r"active|deleted", re.IGNORECASE)
OVERRIDES = ("StudentEnrollment", "TeacherEnrollment", "TaEnrollment", "DesignerEnrollment")


class Accounts:
    """Sub-accounts; a parent has to be there before its children."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def prefetch(self, rows: Sequence[Row]) -> None:
        wanted = {row.text(name) for row in rows for name in ("account_id", "parent_account_id")}
        self.work.accounts.load(SIS_ID, ((value,) for value in wanted))

    def row(self, row: Row) -> bool:
        account_id, parent_id = row.text("account_id"), row.text("parent_account_id")
        status, name = row.text("status"), row.text("name")
        if not account_id:
            raise RowError("No account_id given for an account")
        if self.work.passes_over(row):
            return False
        parent = self._parent(account_id, parent_id)
        account = self.work.accounts.find(SIS_ID, account_id)
        if account is None:
            if not name:
                raise RowError(f"No name given for account {account_id}, skipping")
            if not _ACTIVE_OR_DELETED.match(status):
                raise RowError(f'Improper status "{status}" for account {account_id}, skipping')
            account = self.work.add(
                self.work.accounts,
                sis_id=account_id,
                name=name,
                parent_id=parent,
                root_account_id=store.ROOT_ACCOUNT_ID,
                uuid=store.verifier(),
                workflow_state="active",
            )
        state = self._state(account, status)
        values = {"name": name} if name else {}
        self.work.put(
            self.work.accounts,
            account,
            **values,
            **integration_id(row),
            parent_id=parent,
            workflow_state=state,
        )
        return True

    def _parent(self, account_id: str, parent_id: str) -> int:
        if not parent_id:
            return store.ROOT_ACCOUNT_ID
        parent = self.work.accounts.find(SIS_ID, parent_id)
        if parent is None:
            raise RowError(f"Parent account didn't exist for {account_id}")
        return int(parent["id"])

    def _state(self, account: Record, status: str) -> str:
        if not re.search("deleted", status, re.IGNORECASE):
            return "active" if status else str(account["workflow_state"])
        beginning = (
            f"Cannot delete the sub_account with ID: {account['sis_id']} because it has active"
        )
        children = self.work.accounts.find_all(("parent_id",), account["id"])
        if any(child["workflow_state"] == "active" for child in children):
            raise RowError(f"{beginning} sub accounts.")
        courses = self.work.courses.find_all(("account_id",), account["id"])
        if any(course["workflow_state"] != "deleted" for course in courses):
            raise RowError(f"{beginning} courses.")
        return "deleted"


class Terms:
    """Terms, and the dates that kinds of people have of their own in one."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def prefetch(self, rows: Sequence[Row]) -> None:
        self.work.terms.load(SIS_ID, ((row.text("term_id"),) for row in rows))

    def row(self, row: Row) -> bool:
        term_id, name, status = (row.text(key) for key in ("term_id", "name", "status"))
        if not term_id:
            raise RowError("No term_id given for a term")
        if not _ACTIVE_OR_DELETED.match(status):
            raise RowError(f'Improper status "{status}" for term {term_id}')
        if self.work.passes_over(row):
            return False
        term = self.work.terms.find(SIS_ID, term_id)
        if row.text("date_override_enrollment_type"):
            self._override(row, term)
            return True
        if not name:
            raise RowError(f"No name given for term {term_id}")
        deleted = status.lower().startswith("deleted")
        if term and deleted:
            self._refuse_used(term, term_id, name)
        dates = dates_to_put(self.work, row, f"term {term_id}")
        state = "deleted" if deleted else "active"
        if term is None:
            term = self.work.add(self.work.terms, sis_id=term_id, name=name, workflow_state=state)
        self.work.put(
            self.work.terms, term, name=name, workflow_state=state, **dates, **integration_id(row)
        )
        return True

    def _override(self, row: Row, term: Record | None) -> None:
        kind = row.text("date_override_enrollment_type")
        if term is None:
            raise RowError("Cannot set date override on non-existent term")
        if kind not in OVERRIDES:
            raise RowError("Invalid date_override_enrollment_type")
        overrides = json.loads(term["overrides"])
        overrides.pop(kind, None)
        if not row.text("status").lower().startswith("deleted"):
            overrides[kind] = dates_to_put(self.work, row, f"term {term['sis_id']}")
        self.work.put(self.work.terms, term, overrides=json.dumps(overrides))

    def _refuse_used(self, term: Record, term_id: str, name: str) -> None:
        courses = self.work.courses.find_all(("term_id",), term["id"])
        if any(course["workflow_state"] != "deleted" for course in courses):
            raise RowError(
                f"A term did not pass validation (term: {term_id} / {name}, "
                "error: Workflow state Cannot delete a term with active courses)"
            )
