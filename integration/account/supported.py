"""What this integration does and does not, with the district's own facts filled in.

The rows on provisioning are here; the room above adds its own to `TABLES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext

from integration.models import ConnectionCheck, District, ProvisioningPolicy, QConnection

Support = Literal["yes", "part", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what, whether, which way it goes, and what to know."""

    what: str
    support: Support
    way: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    rows: list[Row]


# Tables of the rooms above; they put themselves in here.
TABLES: list[Callable[[District], Iterator[Table]]] = []


def tables(district: District | None) -> Iterator[Table]:
    """Every table; without a district only what holds for all."""
    yield Table(gettext("Provisioning"), list(_provisioning(district)))
    if district is not None:
        for tell in TABLES:
            yield from tell(district)
    yield Table(gettext("Limits"), list(_limits(district)))
    yield Table(gettext("Security and privacy"), list(_security()))


def _provisioning(district: District | None) -> Iterator[Row]:
    policy = ProvisioningPolicy.objects.filter(district=district).first() if district else None
    down = gettext("Q to Canvas")
    yield Row(
        gettext("Terms, sub-accounts, courses, sections"),
        "yes",
        down,
        gettext("Every night, or when you say so"),
    )
    yield Row(
        gettext("Students and staff"),
        "yes",
        down,
        gettext("A name that somebody changed in Canvas by hand stays"),
    )
    yield Row(
        gettext("Enrollments"), "yes", down, gettext("Teachers, aides and students, with dates")
    )
    is_on = bool(policy and policy.guardians)
    switched = gettext("Switched on") if is_on else gettext("Switched off; see Rules")
    yield Row(gettext("Guardians as observers"), "yes" if is_on else "part", down, switched)
    yield Row(
        gettext("Only what differs is sent"),
        "yes",
        down,
        gettext("A night without changes starts no import"),
    )
    yield Row(
        gettext("Removals"),
        "yes",
        down,
        gettext("Only of what Q Sync brought, and only where Q was read completely"),
    )
    yield Row(
        gettext("Totals from Q"), _totals(district), "", gettext("Without them Q is read twice")
    )
    yield Row(gettext("Demographics"), "no", "", gettext("They are never asked for"))
    yield Row(gettext("Changes made in Canvas"), "no", "", gettext("They do not go to Q"))


def _totals(district: District | None) -> Support:
    """Does Q say how many records it has? The last test of the connection tells."""
    found = ConnectionCheck.objects.filter(district=district).exclude(ended_at=None)
    check = found.order_by("-pk").first() if district else None
    if check is None:
        return "unknown"
    return "yes" if any(step.get("rows") is not None for step in check.steps) else "part"


def _limits(district: District | None) -> Iterator[Row]:
    policy = ProvisioningPolicy.of(district) if district else ProvisioningPolicy()
    held = gettext("The plan waits for a person; Canvas is not changed")
    yield Row(
        gettext("Removals in one run: %(share)s of a school or of all, at most %(most)d")
        % {"share": f"{policy.removed_share:.0%}", "most": policy.removed_ceiling},
        "yes",
        "",
        held,
    )
    yield Row(
        gettext("Changes in one run: %(share)s of a school or of all")
        % {"share": f"{policy.changed_share:.0%}"},
        "yes",
        "",
        held,
    )
    q = QConnection.objects.filter(district=district).first() if district else None
    if q:
        told = {"pages": q.page_size, "at_once": q.concurrency}
        what = gettext("Reading Q: %(pages)d records a page, %(at_once)d requests at a time") % told
        yield Row(what, "yes", "", gettext("Set with the connection"))
    yield Row(gettext("SIS IDs: 255 characters"), "yes", "", gettext("A longer one is listed"))


def _security() -> Iterator[Row]:
    yield Row(
        gettext("Data stays between your Canvas, your Q and this server"),
        "yes",
        "",
        gettext("Nothing is sent to anybody else"),
    )
    yield Row(
        gettext("Keys and secrets"),
        "yes",
        "",
        gettext("Encrypted with keys of their own; nobody can read them back"),
    )
    yield Row(gettext("Every approval, change of settings and sign-in is in the audit log"), "yes")
