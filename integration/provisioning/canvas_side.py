"""What Canvas holds that provisioning has to know: before a first run, and before an update."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

from integration.canvas.client import CanvasClient
from integration.ledger.runs import Ledger
from integration.provisioning import roster
from integration.provisioning.adoption import (
    REPORTED,
    Claims,
    as_row,
    claims_of,
    observed,
    observed_digest,
)
from integration.provisioning.rows import ACCOUNTS, SECTIONS, USERS, Kind, Row


def soon(waited: float) -> float:
    """Seconds between looks at something that is often done at once, and sometimes in hours."""
    return min(0.25 + waited / 4, 60.0)


def observe(ledger: Ledger, canvas: CanvasClient) -> tuple[int, Claims]:
    """Store what Canvas holds, as seen and not ours (design 5.5).

    Gives the number of SIS objects, and who holds which login there.
    """
    district = ledger.run.district
    roster.forget_observed(district)
    with tempfile.TemporaryDirectory(prefix="qsync-") as directory:
        files = _report(ledger, canvas, [kind.name for kind in REPORTED], Path(directory))
        held = 0
        for kind in REPORTED:
            if path := files.get(kind.name):
                rows = (
                    (row, observed_digest(row)) for row in observed(kind, canvas.report_rows(path))
                )
                held += roster.keep_observed(ledger.run, kind, rows)
        if path := files.get(SECTIONS.name):
            sections = map(as_row, observed(SECTIONS, canvas.report_rows(path)))
            roster.keep_assignments(district, {row[0]: row[1] for row in sections if row[1]})
        path = files.get(USERS.name)
        return held, _claims(canvas, path)


def claims(ledger: Ledger, canvas: CanvasClient) -> Claims:
    """Who holds which login in Canvas this moment."""
    with tempfile.TemporaryDirectory(prefix="qsync-") as directory:
        files = _report(ledger, canvas, [USERS.name], Path(directory))
        return _claims(canvas, files.get(USERS.name))


def _claims(canvas: CanvasClient, path: Path | None) -> Claims:
    return claims_of(canvas.report_rows(path), canvas.own_user_id()) if path else Claims()


def ids_there(
    ledger: Ledger, canvas: CanvasClient, kinds: Collection[Kind]
) -> dict[Kind, set[str]]:
    """The SIS IDs of each of these kinds that Canvas holds this moment, of what is not deleted."""
    with tempfile.TemporaryDirectory(prefix="qsync-") as directory:
        files = _report(ledger, canvas, [kind.name for kind in kinds], Path(directory))
        return {
            kind: {row[0] for row in map(as_row, observed(kind, canvas.report_rows(path)))}
            for kind in kinds
            if (path := files.get(kind.name))
        }


Carried = dict[str, dict[str, tuple[str, ...]]]
# Before the login of an account without SIS ID, so that it is not taken for one.
_BY_LOGIN = "\x1f"


def carried_with(carried: Carried, kind: Kind, row: Row) -> tuple[str, ...]:
    """The carried columns of a row about to be sent, also where it adopts a login."""
    values = carried.get(kind.name, {})
    found = values.get(kind.key(row))
    if found is None and kind is USERS:
        found = values.get(_BY_LOGIN + row[USERS.index("login_id")].casefold())
    return found or ("",) * len(kind.carried)


def carried_values(ledger: Ledger, canvas: CanvasClient, kinds: Collection[Kind]) -> Carried:
    """{kind: {key: values of its carried columns}} as Canvas has them this moment.

    Canvas clears these columns when a row comes without them, so they go back unchanged.
    """
    values: Carried = {kind.name: {} for kind in kinds if kind.carried}
    if ACCOUNTS.name in values:
        # The report does not tell an account's integration id; the list of accounts does.
        for account in canvas.sub_accounts():
            values[ACCOUNTS.name][account.sis_account_id] = (account.integration_id,)
    wanted = [kind for kind in kinds if kind.carried and kind is not ACCOUNTS]
    if not wanted:
        return values
    with tempfile.TemporaryDirectory(prefix="qsync-") as directory:
        files = _report(ledger, canvas, [kind.name for kind in wanted], Path(directory))
        for kind in wanted:
            for line in canvas.report_rows(files[kind.name]):
                carried = tuple(line.get(column, "") for column in kind.carried)
                key = line.get(kind.columns[0], "")
                if not key and kind is USERS:
                    key = _BY_LOGIN + line.get("login_id", "").casefold()
                if any(carried):
                    values[kind.name][key] = carried
    return values


def _report(
    ledger: Ledger, canvas: CanvasClient, kinds: list[str], directory: Path
) -> dict[str, Path]:
    return canvas.provisioning_report(
        kinds,
        directory=directory,
        on_progress=lambda report: ledger.progress("reading Canvas", report.progress, 100),
        every=soon,
    )
