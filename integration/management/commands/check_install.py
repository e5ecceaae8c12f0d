"""`manage.py check_install`: is this server set up as it has to be, and what comes next?"""

from __future__ import annotations

from typing import Any

from django.db import Error as DatabaseProblem

from integration.installation import link
from integration.installation.checks import State, findings
from integration.management.base import DONE
from integration.management.base import Command as BaseCommand

CHECK, TODO = 1, 2


class Command(BaseCommand):
    help = (
        "Check this server: one line a check. Exit codes: 0 all is well, 1 something is worth a "
        "look, 2 something is to be done. Prints the address of the set-up page, good for a day."
    )
    # Both are what it tells of.
    requires_migrations_checks = False
    requires_system_checks: list[str] = []

    def run(self, options: dict[str, Any]) -> int:
        found = findings()
        for one in found:
            self.say(f"{one.state:5} {one.name} — {one.text}")
            if one.remedy:
                self.say(f"      {one.remedy}")
        try:
            address = link.make()
        except DatabaseProblem:
            address = ""
        else:
            self.say(f"\nThe set-up page, until tomorrow or the first launch:\n\n  {address}\n")
        states = {one.state for one in found}
        code = TODO if State.TODO in states else CHECK if State.CHECK in states else DONE
        self.answer(state="done", checks=[one.as_dict() for one in found], setup_url=address)
        return code
