"""SIS imports: create, list, poll, abort, errors."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from sandbox.canvas import mishaps, store
from sandbox.canvas.api.call import Call, Refused, not_allowed, not_found
from sandbox.canvas.api.find import find
from sandbox.canvas.api.gate import Linked
from sandbox.canvas.api.paging import by_number
from sandbox.canvas.jobs import File, Progress, SisImport, SisImportError, StateChange
from sandbox.canvas.models import Account, User
from sandbox.canvas.sis import restore, worker
from sandbox.rules import on

SHOWN_MESSAGES = 24
FLAGS = (
    "skip_deletes",
    "override_sis_stickiness",
    "add_sis_stickiness",
    "clear_sis_stickiness",
    "update_sis_id_if_login_claimed",
)
# What the local Canvas does not do; to pass over it would be to import something else.
NOT_DONE = (
    "batch_mode",
    "multi_term_batch_mode",
    "diffing_data_set_identifier",
    "diffing_remaster_data_set",
)
_DROPPED = ("deleted", "completed", "inactive", "deleted_last_completed")
WORDS = {
    "batch_mode_enrollment_drop_status": _DROPPED,
    "diffing_drop_status": _DROPPED,
    "diffing_user_remove_status": ("deleted", "suspended"),
}
_DONE = ("imported", "imported_with_messages", "failed", "failed_with_messages", "aborted")
_EXTENSIONS = {"text/csv": "csv", "application/zip": "zip"}


def _account(call: Call, account_id: str) -> None:
    account = find(Account, account_id)
    call.need_admin()
    if not mishaps.sis_allowed.is_set():
        raise not_allowed()
    if account.pk != store.ROOT_ACCOUNT_ID and on("canvas.root-only"):
        raise Refused(400, {"errors": ["SIS imports can only be executed on root accounts"]})


def create(call: Call, account_id: str) -> Any:
    _account(call, account_id)
    filename, content = _upload(call)
    if (call.text("import_type") or "instructure_csv") != "instructure_csv":
        message = "An error occurred."
        body = {"errors": [{"message": message, "error_code": "internal_server_error"}]}
        raise Refused(500, body)
    for name in NOT_DONE:
        asked = call.text(name)
        if asked and call.flag(name) is not False:
            raise Refused(400, {"message": f"The local Canvas does not offer {name}"})
    for name, words in WORDS.items():
        if (word := call.text(name)) and word not in words:
            raise Refused(400, {"message": f"Invalid {name}"})
    with store.writing():
        made = store.create(
            SisImport,
            filename=filename,
            upload=content,
            options={name: call.flag(name) for name in FLAGS},
            data={"import_type": "instructure_csv"},
            user_id=call.user_id,
        )
    worker.ring()
    return shape(call, [made])[0]


def _upload(call: Call) -> tuple[str, bytes]:
    request = call.request
    kind = (request.content_type or "").lower()
    if kind.startswith("multipart/"):
        attachment = request.FILES.get("attachment")
        if attachment is None:
            raise Refused(400, {"error": True, "error_message": "Missing attachment"})
        return attachment.name or "attachment", attachment.read()
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if charset not in {"utf-8", "utf8"}:
        raise Refused(400, {"error": "Invalid content type, UTF-8 required"})
    if kind == "application/x-www-form-urlencoded" or not request.body:
        raise Refused(400, {"error": True, "error_message": "Missing attachment"})
    extension = request.GET.get("extension") or _EXTENSIONS.get(kind, "zip")
    return f"sis_import.{extension}", request.body


def listed(call: Call, account_id: str) -> Linked:
    _account(call, account_id)
    rows = _chosen(call, SisImport.objects.defer("upload").order_by("-id"))
    return by_number(call, rows, shape, root="sis_imports", total=False)


def _chosen(call: Call, rows: QuerySet[SisImport]) -> QuerySet[SisImport]:
    if states := call.several("workflow_state"):
        rows = rows.filter(workflow_state__in=states)
    if since := call.text("created_since"):
        rows = rows.filter(created_at__gte=_moment(since))
    if before := call.text("created_before"):
        rows = rows.filter(created_at__lte=_moment(before))
    return rows


def _moment(text: str) -> str:
    try:
        parsed = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Refused(400, {"message": f"Invalid date or time {text}"}) from None
    parsed = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return parsed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def importing(call: Call, account_id: str) -> Linked:
    _account(call, account_id)
    rows = SisImport.objects.defer("upload").order_by("id")
    running = rows.filter(workflow_state__in=["importing", "cleanup_batch"])
    return by_number(call, running, shape, root="sis_imports", total=False)


def _import(import_id: str) -> SisImport:
    rows = SisImport.objects.defer("upload")
    found = rows.filter(pk=int(import_id) if import_id.isdigit() else 0).first()
    if found is None:
        raise not_found()
    return found


def show(call: Call, account_id: str, import_id: str) -> Any:
    _account(call, account_id)
    return shape(call, [_import(import_id)])[0]


def abort(call: Call, account_id: str, import_id: str) -> Any:
    _account(call, account_id)
    found = _import(import_id)
    with store.writing():
        waiting = SisImport.objects.filter(pk=found.pk).exclude(workflow_state__in=_DONE)
        if not waiting.update(workflow_state="aborted", ended_at=store.now()):
            raise not_found()
    worker.ring()
    return shape(call, [_import(import_id)])[0]


def abort_pending(call: Call, account_id: str) -> dict[str, bool]:
    _account(call, account_id)
    with store.writing():
        pending = SisImport.objects.filter(workflow_state__in=["initializing", "created"])
        pending.update(workflow_state="aborted", ended_at=store.now())
    return {"aborted": True}


def restore_states(call: Call, account_id: str, import_id: str) -> Any:
    _account(call, account_id)
    found = _import(import_id)
    undelete, unconclude = call.flag("undelete_only"), call.flag("unconclude_only")
    if undelete and unconclude:
        message = "cannot set both undelete_only and unconclude_only"
        raise Refused(400, {"message": message})
    if not StateChange.objects.filter(sis_import_id=found.pk).exists():
        raise Refused(400, {"message": "This import has no states to restore"})
    with store.writing():
        progress = store.create(
            Progress,
            tag="sis_batch_state_restore",
            context_id=found.pk,
            context_type="SisBatch",
            user_id=call.user_id,
        )
        restore.restore(found, undelete_only=bool(undelete), unconclude_only=bool(unconclude))
        progress.workflow_state, progress.completion = "completed", 100
        progress.save()
    return show_progress(call, str(progress.pk)) | {"workflow_state": "queued", "completion": 0}


def show_progress(call: Call, progress_id: str) -> dict[str, Any]:
    found = Progress.objects.filter(pk=int(progress_id) if progress_id.isdigit() else 0).first()
    if found is None:
        raise not_found()
    names = ("id", "context_id", "context_type", "user_id", "tag", "completion", "workflow_state")
    shown = {name: getattr(found, name) for name in (*names, "created_at", "updated_at")}
    url = f"{call.origin}/api/v1/progress/{found.pk}"
    return {**shown, "message": None, "results": None, "url": url}


def errors(call: Call, account_id: str, import_id: str = "") -> Linked:
    _account(call, account_id)
    rows = SisImportError.objects.order_by("-id")
    if import_id:
        rows = rows.filter(sis_import_id=_import(import_id).pk)

    def shaped(call: Call, found: list[Any]) -> list[dict[str, Any]]:
        names = ("sis_import_id", "file", "message", "row")
        return [{name: getattr(row, name) for name in names} for row in found]

    return by_number(call, rows, shaped, root="sis_import_errors")


def shape(call: Call, rows: list[SisImport]) -> list[dict[str, Any]]:
    return [_shape(call, row) for row in rows]


def _shape(call: Call, row: SisImport) -> dict[str, Any]:
    user = User.objects.get(pk=row.user_id)
    shown: dict[str, Any] = {
        "id": row.pk,
        "created_at": row.created_at,
        "started_at": row.started_at or None,
        "ended_at": row.ended_at or None,
        "updated_at": row.updated_at,
        "progress": row.progress,
        "workflow_state": row.workflow_state,
        "data": row.data,
        "batch_mode": None,
        "batch_mode_term_id": None,
        "multi_term_batch_mode": None,
        **{name: row.options.get(name) for name in FLAGS},
        "diffing_data_set_identifier": None,
        "diffing_remaster": None,
        "diffed_against_import_id": None,
        "diffing_drop_status": None,
        "diffing_user_remove_status": None,
        "diffing_threshold_exceeded": False,
        "change_threshold": None,
        "diff_row_count_threshold": None,
        "user": {"id": user.pk, "name": user.name},
    }
    files = File.objects.filter(sis_import_id=row.pk).defer("content").order_by("id")
    sent = [attachment(call, file) for file in files if file.purpose == "sent"]
    if sent:
        shown |= {"csv_attachments": sent, "diffed_csv_attachments": []}
    for file in files:
        if file.purpose == "errors":
            shown["errors_attachment"] = attachment(call, file)
    return shown | (_messages(row) if row.workflow_state in _DONE else {})


def _messages(row: SisImport) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for key, word, failure in (
        ("processing_errors", "errors", True),
        ("processing_warnings", "warnings", False),
    ):
        rows = SisImportError.objects.filter(sis_import_id=row.pk, failure=failure).order_by("id")
        pairs = rows.values_list("file", "message")
        shown = [
            list(pair) for pair in (pairs[:SHOWN_MESSAGES] if on("canvas.message-cap") else pairs)
        ]
        if left := rows.count() - len(shown):
            text = f"and {left} more {word} that were not included"
            shown.append([text, f"Download the error report to see all SIS {word}."])
        if shown:
            found[key] = shown
    return found


def attachment(call: Call, file: File) -> dict[str, Any]:
    """A file as the API shows it, with an address that needs no token."""
    url = f"{call.origin}/files/{file.pk}/download?download_frd=1&verifier={file.verifier}"
    return {
        "id": file.pk,
        "uuid": file.verifier,
        "filename": file.filename,
        "display_name": file.filename,
        "content-type": file.content_type,
        "url": url,
        "size": len(file.content),
        "created_at": file.created_at,
        "updated_at": file.created_at,
        "locked": False,
        "hidden": False,
    }
