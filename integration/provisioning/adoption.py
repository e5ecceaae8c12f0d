"""What Canvas holds before our first run, read from its provisioning report. PURE (design 5.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from integration.provisioning.rows import KINDS, Kind, Row, digest

ObservedRow = tuple[str | None, ...]

def observed(kind: Kind, report: Iterable[Mapping[str, str]]) -> Iterator[ObservedRow]:
    """The report's rows in our columns; without those that have no SIS ID or are deleted.

    A column that this Canvas does not report is None: it is not known, which is not blank.
    """
    for line in report:
        row = tuple(line.get(column) for column in kind.columns)
        if all(row[: kind.key_columns]) and line.get("status") != "deleted":
            yield row


def observed_digest(row: ObservedRow) -> bytes:
    """A digest for the row as seen; it equals no row of ours where a column is not known."""
    return digest(tuple("\x00" if value is None else value for value in row))


def as_row(row: ObservedRow) -> Row:
    return tuple(value or "" for value in row)


REPORTED = tuple(kind for kind in KINDS if kind.reported)


def claimed_logins(report: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Login (folded) to the SIS user ID that holds it; "" for a login without a SIS ID."""
    claims: dict[str, str] = {}
    for line in report:
        if line.get("login_id") and line.get("status") != "deleted":
            login = line["login_id"].casefold()
            claims[login] = line.get("user_id") or claims.get(login, "")
    return claims
