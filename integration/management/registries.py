"""What the commands of this room do with the kinds that the room above brings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integration.management.base import Command
from integration.management.stage import Stage
from integration.models import District, Run

# Called with the command that was typed, the run and the options; gives the exit code.
UNDOERS: dict[str, Callable[[Command, Run, dict[str, Any]], int]] = {}
# By the KIND that `explain` is asked for: the command, the district, the id; the exit code.
EXPLAINERS: dict[str, Callable[[Command, District, str], int]] = {}
# What the demo shows once its district is provisioned; each gives what it has to tell.
DEMO_STEPS: list[Callable[[Stage], dict[str, Any]]] = []
