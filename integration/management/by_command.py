"""What to type where a remedy names a page: the terminal's half of what to do.

Remedies are read on pages by people who type no commands, so they name pages only.
"""

from __future__ import annotations

from collections.abc import Mapping

_IDS = "provision SLUG --approve DIGEST --kind change_sis_id"
_OLD = "provision SLUG --decline DIGEST --record OLD_ID"

# Code of an error or a finding: command lines behind `manage.py`.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "canvas.other-account": ("connect SLUG --canvas-url URL",),
    "drift.missing": ("drift SLUG --repair",),
    "evaluation.fix.ids-differ": ("policy SLUG --user-sis-id FIELD",),
    "provisioning.no-school-comes": ("policy SLUG --schools IDS",),
    "provisioning.not-connected": ("connect SLUG",),
    "provisioning.plan-refused": ("provision SLUG --plan-only", "provision SLUG --approve DIGEST"),
    "roster.id-changed": (_IDS,),
    "roster.id-proposed": (_IDS, _OLD),
    "roster.id-recycled": (_IDS, _OLD),
    "roster.set-aside": ("provision SLUG --take-up",),
    "roster.stands-on-set-aside": ("provision SLUG --take-up",),
    "schedule.refused": ("schedule SLUG --help",),
}


def by_command(code: str) -> str:
    """The commands for a code in a line, "" where there is none."""
    return " or ".join(f"manage.py {one}" for one in COMMANDS.get(code, ()))
