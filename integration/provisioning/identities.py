"""Under which id and login we gave somebody to Canvas, asked of the accepted rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from integration import bulk
from integration.models import District, RosterRow
from integration.provisioning import roster
from integration.provisioning.rows import USERS, Kind, UserRow, digests

_LOGIN = USERS.index("login_id")


def unknown(district: District, rows: Sequence[UserRow], accepted: Collection[bytes]) -> set[str]:
    """The SIS IDs of users whom Canvas never took from us. `accepted`: digests of their rows."""
    named = zip(rows, digests(rows), strict=True)
    keys = {row.user_id for row, digest in named if digest not in accepted}
    ours = {key for key, there in roster.find(district, USERS, keys).items() if there.ours}
    return keys - ours


def known_logins(district: District, logins: Collection[str]) -> dict[str, str]:
    """Each of these logins (folded) that Canvas has from us, with the SIS ID that has it.

    Also of users who are gone from Q: their accounts stay in Canvas, with their logins.
    """
    found: dict[str, str] = {}
    rows = RosterRow.objects.filter(
        district=district, kind=USERS.name, origin=RosterRow.Origin.OURS
    ).values_list("key", "row", "removed_at")
    for key, row, removed_at in rows.iterator(bulk.BATCH):
        login = json.loads(row)[_LOGIN].casefold()
        if login in logins and (removed_at is None or login not in found):
            found[login] = key
    return found


def accepted_count(district: District, kind: Kind) -> int:
    """How many rows of a kind Canvas has from us, without those that are gone."""
    ours = RosterRow.objects.filter(district=district, kind=kind.name, removed_at=None)
    return ours.filter(origin=RosterRow.Origin.OURS).count()
