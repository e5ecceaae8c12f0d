"""Running a report in the background: asked for, running, complete with a file."""

import csv
import io
import logging
import threading
import zipfile
from collections.abc import Iterator

from django.db import connections

from sandbox.canvas import mishaps, store
from sandbox.canvas.jobs import File, Report
from sandbox.canvas.reports.columns import EXPORTED, PROVISIONING, Sheet
from sandbox.rules import on

logger = logging.getLogger(__name__)

KINDS = {
    "provisioning_csv": "Provisioning",
    "sis_export_csv": "SIS Export",
}
_TRUE = {"1", "true", "on", "yes"}


def begin(report: Report) -> None:
    """Make the report in a thread of its own."""
    threading.Thread(target=_make_and_close, args=(report.pk,), daemon=True).start()


def _make_and_close(number: int) -> None:
    try:
        _make(number)
    except Exception:
        logger.exception("report %s broke down", number)
        Report.objects.filter(pk=number).update(status="error", message="Generating failed")
    finally:
        store.close()


def _make(number: int) -> None:
    report = Report.objects.filter(pk=number).first()
    if report is None:
        return
    with store.writing():
        Report.objects.filter(pk=number).update(
            status="running", progress=1, started_at=store.now()
        )
    match mishaps.of_report():
        case "endless":
            return
        case "error":
            with store.writing():
                found = Report.objects.filter(pk=number)
                found.update(status="error", message="Generating failed", ended_at=store.now())
            return
    wanted = [name for name in PROVISIONING if str(report.parameters.get(name)).lower() in _TRUE]
    sheets = {name: sheet(report, name) for name in wanted}
    with store.writing():
        if not Report.objects.filter(pk=number, status="running").exists():
            return
        filename, kind, content = _packed(report, sheets)
        file = store.create(
            File,
            purpose="report",
            filename=filename,
            content_type=kind,
            content=content,
            verifier=store.verifier(),
        )
        Report.objects.filter(pk=number).update(
            status="complete", progress=100, file_id=file.pk, ended_at=store.now()
        )


def _packed(report: Report, sheets: dict[str, bytes]) -> tuple[str, str, bytes]:
    """One sheet travels as it is, several in a zip."""
    stem = f"{report.report}_{report.created_at[:10]}_{report.pk}"
    if len(sheets) == 1:
        return f"{stem}.csv", "text/csv", next(iter(sheets.values()))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sheets.items():
            archive.writestr(f"{name}.csv", content)
    return f"{stem}.zip", "application/zip", packed.getvalue()


def sheet(report: Report, name: str) -> bytes:
    """One CSV of a report."""
    exported = report.report == "sis_export_csv"
    found = PROVISIONING[name]
    columns = EXPORTED[name] if exported else tuple(found.columns)
    if not on("canvas.report-shape"):
        columns = tuple(reversed(columns))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(_rows(report, found, columns, exported=exported))
    return text.getvalue().encode()


def _rows(
    report: Report, found: Sheet, columns: tuple[str, ...], *, exported: bool
) -> Iterator[tuple[object, ...]]:
    conditions = []
    if str(report.parameters.get("include_deleted", "")).lower() not in _TRUE:
        conditions.append(found.living)
    if exported or str(report.parameters.get("created_by_sis", "")).lower() in _TRUE:
        conditions.append(found.sis_only)
    chosen = ", ".join(found.columns[column] for column in columns)
    joint = " AND " if "WHERE" in found.source else " WHERE "
    where = joint + " AND ".join(f"({one})" for one in conditions) if conditions else ""
    query = f"SELECT {chosen} FROM {found.source}{where} ORDER BY {found.order}"
    with connections[store.DATABASE].cursor() as cursor:
        cursor.execute(query)
        while some := cursor.fetchmany(5000):
            yield from some
