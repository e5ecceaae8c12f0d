"""One SIS import from its upload to its final state, chunk by chunk."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connections

from sandbox.canvas import mishaps, store
from sandbox.canvas.jobs import File, SisImport, SisImportError, StateChange
from sandbox.canvas.sis.accounts import Accounts, Terms
from sandbox.canvas.sis.courses import Courses
from sandbox.canvas.sis.enrollments import Enrollments
from sandbox.canvas.sis.files import TYPES, Row, SisFile, UnusableUpload, Upload, read
from sandbox.canvas.sis.others import Admins, ChangedIds, Observers
from sandbox.canvas.sis.outcome import counts_of, errors_csv, statistics, without_passwords
from sandbox.canvas.sis.sections import CrossListings, Sections
from sandbox.canvas.sis.users import Logins, Users
from sandbox.canvas.sis.work import Importer, RowError, Work
from sandbox.rules import on

CHUNK = 1000

IMPORTERS: dict[str, type[Importer]] = {
    "change_sis_id": ChangedIds,
    "account": Accounts,
    "term": Terms,
    "course": Courses,
    "section": Sections,
    "xlist": CrossListings,
    "user": Users,
    "login": Logins,
    "enrollment": Enrollments,
    "admin": Admins,
    "user_observer": Observers,
}


class Aborted(Exception):
    """Somebody aborted the import, or the sandbox is to forget it."""


class BrokenOff(Exception):
    """A test wanted the import to end here."""


class Import:
    """The run of one import."""

    def __init__(self, number: int) -> None:
        self.record = SisImport.objects.get(pk=number)
        self.work = Work(number, self.record.options, self.record.user_id)
        self.done: dict[str, int] = {}
        self.failed = False
        self.supplied: list[str] = []
        self.completed: list[str] = []
        self.mishap = mishaps.of_import()
        self.rows_left = self.mishap.rows

    def run(self) -> None:
        """Import all there is to import; the final state says how that went."""
        try:
            upload = read(self.record.filename, bytes(self.record.upload))
        except UnusableUpload:
            self._fail(self.record.filename, _broken(self.record.pk))
            self._finish()
            return
        try:
            self._note(upload)
            self._import_rows(upload)
        except Aborted:
            return
        except BrokenOff:
            self._break_off()
            return
        self._finish()
        self._attach_errors()

    def _note(self, upload: Upload) -> None:
        self.supplied = [kind for kind in TYPES if kind in upload.rows]
        with store.writing():
            for name, message in upload.warnings:
                self._message(name, message)
            self._keep(upload.files)
            self._save(progress=0)
        for name, message in upload.failures:
            self._fail(name, message)
        for kind in self.supplied:
            if kind == self.mishap.type:
                name = next(file.name for file in upload.files if file.type == kind)
                self._fail(name, "Malformed CSV")
            elif kind not in IMPORTERS:
                name = next(file.name for file in upload.files if file.type == kind)
                self._fail(name, f"The local Canvas does not import {kind} files")

    def _keep(self, files: Sequence[SisFile]) -> None:
        """Let an admin download later what was sent, passwords excepted."""
        for file in files:
            store.create(
                File,
                sis_import_id=self.record.pk,
                purpose="sent",
                filename=file.name.rpartition("/")[2],
                content_type="text/csv",
                content=without_passwords(file.content),
                verifier=store.verifier(),
            )

    def _import_rows(self, upload: Upload) -> None:
        if self.failed and not on("canvas.failure-keeps-others"):
            return
        kinds = self.supplied if on("canvas.order-of-types") else list(upload.rows)
        total = sum(len(rows) for rows in upload.rows.values()) or 1
        passed = 0
        for kind in kinds:
            if kind not in IMPORTERS or kind == self.mishap.type:
                continue
            importer = IMPORTERS[kind](self.work)
            for rows in self._chunks(kind, upload.rows[kind]):
                passed += len(rows)
                self._chunk(kind, importer, rows, passed * 100 // total)
            self.completed.append(kind)

    def _chunks(self, kind: str, rows: list[Row]) -> Iterator[list[Row]]:
        # Canvas runs the jobs of one type side by side, so no order of rows is kept;
        # accounts alone need theirs, and an import of a few rows runs in one job.
        if kind != "account" and len(rows) > 50:
            random.Random(self.record.pk).shuffle(rows)
        for start in range(0, len(rows), CHUNK):
            yield rows[start : start + CHUNK]

    def _chunk(self, kind: str, importer: Importer, rows: list[Row], progress: int) -> None:
        if self.mishap.state:
            rows = rows[: self.rows_left]
            self.rows_left -= len(rows)
        with store.writing():
            state = SisImport.objects.values_list("workflow_state", flat=True)
            if state.filter(pk=self.record.pk).first() != "importing":
                raise Aborted
            self.work.begin()
            importer.prefetch(rows)
            done = sum(self._row(importer, row) for row in rows)
            self.done[kind] = self.done.get(kind, 0) + done
            self.work.write()
            self._write_down()
            self._save(progress=min(progress, 99))
        if self.mishap.state and not self.rows_left:
            raise BrokenOff

    def _row(self, importer: Importer, row: Row) -> bool:
        try:
            return importer.row(row)
        except RowError as error:
            if on("canvas.row-messages"):
                self.work.warn(row, str(error))
            return False

    def _write_down(self) -> None:
        SisImportError.objects.bulk_create(
            SisImportError(sis_import_id=self.record.pk, file=file, message=message, row=line)
            for file, message, line in self.work.messages
        )
        with connections[store.DATABASE].cursor() as cursor:
            # Not by bulk_create: a big import changes the state of 100,000 enrollments.
            cursor.executemany(
                f"INSERT INTO {StateChange._meta.db_table} "
                "(sis_import_id, kind, object_id, before, after) VALUES (%s, %s, %s, %s, %s)",
                [(self.record.pk, *change) for change in self.work.changes],
            )
        self.work.messages.clear()
        self.work.changes.clear()

    def _message(self, file: str, message: str, *, failure: bool = False) -> None:
        SisImportError.objects.create(
            sis_import_id=self.record.pk, file=file, message=message, failure=failure
        )

    def _fail(self, file: str, message: str) -> None:
        self.failed = True
        with store.writing():
            self._message(file, message, failure=True)

    def _save(self, **values: Any) -> None:
        data = {
            "import_type": "instructure_csv",
            "supplied_batches": self.supplied,
            "completed_importers": self.completed,
            "running_immediately": False,
            "counts": counts_of(self.record.pk, self.done),
        }
        SisImport.objects.filter(pk=self.record.pk).update(
            data=data, updated_at=store.now(), **values
        )

    def _break_off(self) -> None:
        if self.mishap.state == "failed":
            self._fail(self.record.filename, _broken(self.record.pk))
        with store.writing():
            self._save(workflow_state=self.mishap.state, ended_at=store.now())

    def _finish(self) -> None:
        with store.writing():
            if SisImport.objects.get(pk=self.record.pk).workflow_state != "importing":
                return
            self._save(progress=100)
            record = SisImport.objects.get(pk=self.record.pk)
            record.data["statistics"] = statistics(record.pk)
            told = SisImportError.objects.filter(sis_import_id=record.pk).exists()
            state = "imported_with_messages" if told else "imported"
            record.workflow_state = "failed_with_messages" if self.failed else state
            record.ended_at = store.now()
            record.save()

    def _attach_errors(self) -> None:
        # A moment after the final state, as in Canvas: who polls may see the state without it.
        content = errors_csv(self.record.pk)
        if content:
            with store.writing():
                store.create(
                    File,
                    sis_import_id=self.record.pk,
                    purpose="errors",
                    filename=f"sis_errors_attachment_{self.record.pk}.csv",
                    content_type="text/csv",
                    content=content,
                    verifier=store.verifier(),
                )


def _broken(number: int) -> str:
    return f"Error while importing CSV. Please contact support. (Error report {number})"


def fail(number: int) -> None:
    """Record that the import broke down inside."""
    with store.writing():
        SisImportError.objects.create(
            sis_import_id=number, file="", message=_broken(number), failure=True
        )
        SisImport.objects.filter(pk=number).update(
            workflow_state="failed_with_messages", ended_at=store.now(), updated_at=store.now()
        )
