"""What Canvas holds before our first run, read from its provisioning report. PURE (design 5.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Claims:
    """Who has which login (folded) in Canvas: a SIS ID, or "" for an account without.

    `own`: logins of the account whose token we work with.
    """

    holder_of: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()


def claims_of(report: Iterable[Mapping[str, str]], own_id: str) -> Claims:
    """`own_id`: Canvas's id of the user whose token we work with."""
    own: set[str] = set()

    def noted() -> Iterator[Mapping[str, str]]:
        for line in report:
            if line.get("canvas_user_id") == own_id:
                own.add(line.get("login_id", "").casefold())
            yield line

    return Claims(claimed_logins(noted()), frozenset(own))


def claimed_logins(report: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Login (folded) to the SIS user ID that holds it; "" for a login without a SIS ID."""
    claims: dict[str, str] = {}
    for line in report:
        if line.get("login_id") and line.get("status") != "deleted":
            login = line["login_id"].casefold()
            claims[login] = line.get("user_id") or claims.get(login, "")
    return claims
