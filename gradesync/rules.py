"""By what a plan of one course is made, as one value. PURE: even the clock is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from gradesync.course_settings import Settings
from gradesync.profile import Profile

OnConflict = Literal["keep-q", "send-canvas"]


@dataclass(frozen=True, slots=True)
class Rules:
    """`zone` is the district's, `namespace` that of its Canvas, `root` the OneRoster service root.

    `is_provisioned`: the district has a successful provisioning run. `force` sends again what is
    the same; it decides no conflict.
    """

    settings: Settings
    profile: Profile
    zone: ZoneInfo
    now: datetime
    namespace: UUID
    root: str = ""
    on_conflict: OnConflict = "keep-q"
    force: bool = False
    is_provisioned: bool = True
