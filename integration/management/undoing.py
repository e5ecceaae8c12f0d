"""Who takes back a run that is not provisioning's: the room above says, by kind of run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integration.management.base import Command
from integration.models import Run

# Called with the command that was typed, the run and the options; gives the exit code.
UNDOERS: dict[str, Callable[[Command, Run, dict[str, Any]], int]] = {}
