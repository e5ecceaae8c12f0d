"""Putting objects back into the states they had before an import; nothing but states."""

from sandbox.canvas import models
from sandbox.canvas.jobs import SisImport, StateChange

_MODELS = {
    "Account": models.Account,
    "EnrollmentTerm": models.Term,
    "Course": models.Course,
    "CourseSection": models.Section,
    "Pseudonym": models.Login,
    "Enrollment": models.Enrollment,
    "UserObserver": models.Observer,
    "AccountUser": models.Admin,
}


def restore(found: SisImport, *, undelete_only: bool, unconclude_only: bool) -> None:
    """Take back the state changes of an import; call it inside `store.writing()`."""
    for change in StateChange.objects.filter(sis_import_id=found.pk).order_by("-id"):
        if undelete_only and change.after != "deleted":
            continue
        if unconclude_only and change.after != "completed":
            continue
        # What the import made is not there in the state before: Canvas deletes it.
        before = change.before or "deleted"
        rows = _MODELS[change.kind].objects.filter(pk=change.object_id)
        rows.filter(workflow_state=change.after).update(workflow_state=before)
    partly = undelete_only or unconclude_only
    found.workflow_state = "partially_restored" if partly else "restored"
    found.save(update_fields=["workflow_state"])
