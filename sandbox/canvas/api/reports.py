"""Reports over the API, and the download of files."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.canvas import store
from sandbox.canvas.api.call import Call, Refused, not_found
from sandbox.canvas.api.find import root_account
from sandbox.canvas.api.gate import Linked
from sandbox.canvas.api.imports import attachment
from sandbox.canvas.api.paging import by_number
from sandbox.canvas.jobs import File, Report
from sandbox.canvas.reports.columns import PROVISIONING
from sandbox.canvas.reports.make import KINDS, begin

LINK_SECONDS = 3600


def kinds(call: Call, account_id: str) -> list[dict[str, Any]]:
    root_account(account_id)
    call.need_admin()
    parameters = {
        name: {"required": False, "description": f"Include {name}"}
        for name in (*PROVISIONING, "include_deleted", "created_by_sis", "enrollment_term_id")
    }
    return [
        {"report": name, "title": title, "parameters": parameters, "last_run": None}
        for name, title in KINDS.items()
    ]


def create(call: Call, account_id: str, report: str) -> Any:
    root_account(account_id)
    call.need_admin()
    if report not in KINDS:
        raise not_found()
    parameters = call.fields("parameters")
    with store.writing():
        made = store.create(Report, report=report, parameters=parameters, user_id=call.user_id)
    begin(made)
    return shape(call, [made])[0]


def listed(call: Call, account_id: str, report: str) -> Linked:
    root_account(account_id)
    call.need_admin()
    return by_number(call, Report.objects.filter(report=report).order_by("-id"), shape)


def _report(report: str, number: str) -> Report:
    found = Report.objects.filter(report=report, pk=int(number) if number.isdigit() else 0).first()
    if found is None:
        raise not_found()
    return found


def show(call: Call, account_id: str, report: str, report_id: str) -> Any:
    root_account(account_id)
    call.need_admin()
    return shape(call, [_report(report, report_id)])[0]


def remove(call: Call, account_id: str, report: str, report_id: str) -> Any:
    root_account(account_id)
    call.need_admin()
    found = _report(report, report_id)
    shown = shape(call, [found])[0]
    with store.writing():
        found.delete()
    return shown | {"status": "deleted"}


def abort(call: Call, account_id: str, report: str, report_id: str) -> Any:
    root_account(account_id)
    call.need_admin()
    found = _report(report, report_id)
    with store.writing():
        running = Report.objects.filter(pk=found.pk, status__in=["created", "running"])
        if not running.update(status="aborted", ended_at=store.now()):
            raise Refused(404, {"errors": [{"message": "The report is not running"}]})
    return shape(call, [_report(report, report_id)])[0]


def shape(call: Call, rows: list[Report]) -> list[dict[str, Any]]:
    shown = []
    for row in rows:
        item: dict[str, Any] = {
            "id": row.pk,
            "report": row.report,
            "status": row.status,
            "progress": row.progress,
            "parameters": row.parameters,
            "message": row.message,
            "created_at": row.created_at,
            "started_at": row.started_at or None,
            "ended_at": row.ended_at or None,
            "current_line": None,
            "run_time": None,
            "file_url": None,
        }
        file = File.objects.filter(pk=row.file_id).first()
        if file:
            page = f"{call.origin}/accounts/{store.ROOT_ACCOUNT_ID}/files/{file.pk}/download"
            item |= {"file_url": page, "attachment": attachment(call, file)}
        shown.append(item)
    return shown


def download(request: HttpRequest, file_id: str) -> HttpResponse:
    """A file, for whoever has its link while the link is young."""
    number = int(file_id) if file_id.isdigit() else 0
    file = File.objects.filter(pk=number, verifier=request.GET.get("verifier", "-")).first()
    if file is None:
        return HttpResponse("The file could not be found", status=404, content_type="text/plain")
    made = datetime.fromisoformat(file.created_at)
    if (store.moment() - made).total_seconds() > LINK_SECONDS:
        return HttpResponse("The link has expired", status=403, content_type="text/plain")
    answer = HttpResponse(bytes(file.content), content_type=file.content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file.filename}"'
    return answer
