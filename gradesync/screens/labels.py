"""Names of filters and steps, translated where they are shown."""

from django.utils.translation import gettext_lazy as _

SHOW_NAMES = {
    "": _("All"),
    "new": _("New"),
    "changed": _("Changed"),
    "cleared": _("Cleared"),
    "decide": _("Decide"),
    "waits": _("Waits"),
    "failed": _("Failed"),
    "same": _("The same"),
}
# By the cursor of a run (push.py): the steps of the page, and which cursors belong to each.
STEPS = (
    (_("Read Canvas and Q, and compare"), ("", "approved")),
    (_("Add or update assignments in Q"), ("planned", "items")),
    (_("Send grades"), ("scores", "removed")),
    (_("Read back from Q and compare"), ("verify", "verified")),
)
