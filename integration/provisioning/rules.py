"""The district's mapping rules as a value, and the days of its time zone. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

# OneRoster role to Canvas enrollment role. None: a user without course enrollment.
# A guardian observes a student (user_observers.csv) and is enrolled by Canvas itself.
ROLES: Mapping[str, str | None] = {
    "student": "student",
    "teacher": "teacher",
    "aide": "ta",
    "administrator": None,
    "proctor": None,
    "guardian": None,
    "parent": None,
    "relative": None,
}
GUARDIANS = frozenset({"guardian", "parent", "relative"})

COURSE, TEACHER = "course", "teacher"


@dataclass(frozen=True, slots=True)
class Rules:
    """How this district's Q records become Canvas rows; `ProvisioningPolicy` keeps them."""

    time_zone: str = "UTC"
    grouping: str = "class"
    guardians: bool = False
    end_date_inclusive: bool = True
    user_sis_id: str = "sourcedId"
    prefix: str = ""
    removal: str = "inactive"
    roles: Mapping[str, str | None] = field(default_factory=dict)

    def canvas_role(self, role: str) -> str | None:
        """The Canvas role for a OneRoster role; None where it means no enrollment."""
        return self.roles[role] if role in self.roles else ROLES[role]

    def start_of(self, day: str) -> str:
        """The first second of an ISO date in the district's zone, in UTC; "" stays ""."""
        return _instant(day, time.min, self.time_zone) if day else ""

    def end_of(self, day: str) -> str:
        """The last second that an ISO end date includes (F22); "" stays ""."""
        if not day:
            return ""
        if not self.end_date_inclusive:
            day = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
        # Where the clock goes back at midnight, this second comes twice: the later one is meant.
        return _instant(day, time(23, 59, 59, fold=1), self.time_zone)


@lru_cache(maxsize=4096)
def _instant(day: str, at: time, zone: str) -> str:
    local = datetime.combine(date.fromisoformat(day), at)
    try:
        instant = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:  # 9999-12-31, which many send for "no end", is the calendar's last day
        instant = local
    # Not strftime: it writes the year 206 with three digits.
    return instant.replace(tzinfo=None).isoformat() + "Z"
