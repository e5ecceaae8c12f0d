"""Try a district's two connections step by step: what answers, how fast, and what to do if not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from integration.canvas.client import CanvasClient
from integration.errors import QSyncError
from integration.models import District, QConnection
from integration.oneroster.client import OneRosterClient, Probe
from integration.oneroster.transport import error_for, segment
from integration.phrases import Phrase
from integration.who_acts import YOU, who_acts

BULK = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
OF_A_SCHOOL = ("terms", "courses", "classes", "students", "teachers", "enrollments")
GRADEBOOK = ("categories", "lineItems", "results")
PERMISSIONS = ("import_sis", "manage_sis", "read_sis")
FORBIDDEN, NOT_FOUND = 403, 404
CLOCKS_MAY_DIFFER = timedelta(minutes=5)
# So long before its end a certificate, or another credential, is spoken of.
ENDS_SOON = timedelta(days=30)

NO_SCHOOL = (
    "On the page “Connections”, let Q be read as “The whole district at once”; or ask Q's "
    "administrator why no school is there."
)
BY_SCHOOL = (
    "Q has this list for each school: on the page “Connections”, let Q be read “School by school”."
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried. `needed`: provisioning cannot work without it.

    `rows` is what the provider says it holds, None where it does not say. `who` can mend it (one of
    `who_acts.WHO_IS`), as its name says if none is given. `ends_at`: when what was found ends, ISO.
    """

    name: str
    ok: bool
    needed: bool = True
    status: int = 0
    seconds: float = 0.0
    rows: int | None = None
    message: str = ""
    remedy: str = ""
    who: str = ""
    ends_at: str = ""

    def as_dict(self) -> dict[str, object]:
        told = asdict(self) | {"who": "" if self.ok else self.who or who_acts(self.name)}
        return {name: value for name, value in told.items() if value not in ("", None)}


def failed(name: str, error: QSyncError, *, needed: bool = True) -> Step:
    """A step that ended with an error."""
    who = who_acts(name, error.code)
    return Step(name, ok=False, needed=needed, message=str(error), remedy=error.remedy, who=who)


# What else is tried of Q, by the room above: the district, its client, the class that was named for
# it or "", who asks.
VERIFIERS: list[Callable[[District, OneRosterClient, str, str], Iterator[Step]]] = []


def verify_q(client: OneRosterClient, connection: QConnection) -> Iterator[Step]:
    """Sign in to Q, then ask each endpoint of a run, and of grade passback, for one record."""
    step, token = _tried("Q: sign in", client.token)
    yield step
    if not step.ok:
        return
    if token is not None:
        yield Step("Q: what the key may do", ok=True, message=_scopes(token.scopes))
    school = ""
    if connection.service == QConnection.Service.SCHOOL:
        step, found = _tried("Q: a school to look at", lambda: _first_school(client))
        school = found or ""
        if step.ok and not school:
            nothing = "Q lists no active school, so nothing can be read by school."
            step = Step(step.name, ok=False, message=nothing, remedy=NO_SCHOOL)
        yield step
    paths = [("orgs", True), ("academicSessions", True)]
    if school:
        paths += [(f"schools/{segment(school)}/{name}", True) for name in OF_A_SCHOOL]
    else:
        paths += [(name, True) for name in BULK[2:]]
    paths += [(name, False) for name in GRADEBOOK]
    for path, needed in paths:
        step, probe = _tried(f"Q: /{path}", lambda path=path: client.probe(path))  # type: ignore[misc]  # bound at once
        step = step if probe is None else _probed(path, probe, needed=needed)
        answered = path == "orgs" and probe is not None
        if answered and not step.ok and (root := _root(client, connection)):
            told = Phrase(
                "The service is at {root}. Enter that as Q's address on the page “Connections”.",
                root=root,
            )
            yield replace(step, remedy=told, who=YOU)
            return
        yield _or_by_school(client, path, step)
        if probe is not None and path == "orgs":
            yield _clock("Q: clock", probe.server_date)
            if (ends := client.certificate_ends()) is not None:
                yield _certificate(ends)


def _scopes(scopes: Iterable[str]) -> str:
    return " ".join(sorted(scope.rpartition("/")[2] for scope in scopes)) or "Q does not say."


def _first_school(client: OneRosterClient) -> str:
    for page in client.read("schools"):
        for org in page.records:
            if org.status == "active":
                return str(org.sourced_id)
    return ""


def _root(client: OneRosterClient, connection: QConnection) -> str:
    """Where the service is, if it is below the address that was given; else ""."""
    try:
        found = client.locate()
    except QSyncError:
        return ""
    # It may have answered there by now.
    return "" if found == connection.base_url.strip().rstrip("/") else found


def _or_by_school(client: OneRosterClient, path: str, step: Step) -> Step:
    """Some have the long lists for each school only, which the other service asks for."""
    name = "students" if path == "users" else path
    if step.status not in (FORBIDDEN, NOT_FOUND) or name not in OF_A_SCHOOL:
        return step
    try:
        school = _first_school(client)
        probe = client.probe(f"schools/{segment(school)}/{name}") if school else None
    except QSyncError:
        return step
    is_there = probe is not None and probe.is_ok
    return replace(step, remedy=BY_SCHOOL, who=YOU) if is_there else step


def _probed(path: str, probe: Probe, *, needed: bool) -> Step:
    error = None if probe.is_ok else error_for(probe.status)
    return Step(
        f"Q: /{path}",
        ok=probe.is_ok,
        needed=needed,
        status=probe.status,
        seconds=round(probe.seconds, 3),
        rows=probe.total,
        message=probe.description or ("" if error is None else f"Q answered with {probe.status}."),
        remedy=error.remedy if error else "",
        who=who_acts(f"Q: /{path}", error.code) if error else "",
    )


def verify_canvas(client: CanvasClient) -> Iterator[Step]:
    """Who we are in Canvas, whether it is the root account, and what we may do there."""
    step, account = _tried("Canvas: the account", client.account)
    if account is None:
        yield step
        return
    yield Step(
        step.name,
        ok=account.is_root,
        seconds=step.seconds,
        message=account.name if account.is_root else f"{account.name} is a sub-account.",
        remedy=""
        if account.is_root
        else "SIS imports need the root account: enter its number on the page “Connections”.",
        who=YOU,
    )
    step, permissions = _tried("Canvas: permissions", lambda: client.permissions(PERMISSIONS))
    missing = [name for name, given in (permissions or {}).items() if not given]
    yield (
        step
        if permissions is None
        else Step(
            step.name,
            ok=not missing,
            seconds=step.seconds,
            message=f"Missing: {', '.join(missing)}" if missing else ", ".join(PERMISSIONS),
            remedy="Give the service account these permissions in the root account."
            if missing
            else "",
        )
    )
    yield _includes(client)
    for path in ("sis_imports", "terms", "reports"):
        probe = client.probe(f"accounts/{account.id}/{path}")
        error = probe.error
        yield Step(
            f"Canvas: {path}",
            ok=probe.is_ok,
            status=probe.status,
            seconds=round(probe.seconds, 3),
            message=str(error) if error else "",
            remedy=error.remedy if error else "",
            who=who_acts(f"Canvas: {path}", error.code) if error else "",
        )
        if path == "terms":
            yield _clock("Canvas: clock", probe.server_date)


def _includes(client: CanvasClient) -> Step:
    """Canvas says nothing when a key may not ask for more than the bare object (canvas.md 3)."""
    step, honoured = _tried("Canvas: include parameters", client.honours_includes)
    if honoured is not False:
        return replace(step, needed=False)
    return Step(
        step.name,
        ok=False,
        needed=False,
        seconds=step.seconds,
        message="Canvas leaves out details that were asked for.",
        remedy="Switch on “Allow Include Parameters” for the developer key.",
    )


def _clock(name: str, server_date: datetime | None) -> Step:
    if server_date is None:
        return Step(name, ok=True, needed=False, message="Their time was not said.")
    apart = abs(datetime.now(UTC) - server_date)
    ok = apart <= CLOCKS_MAY_DIFFER
    return Step(
        name,
        ok=ok,
        needed=False,
        message=f"Our clock and theirs are {apart.total_seconds():.0f} seconds apart.",
        remedy=""
        if ok
        else "Have the clock that is wrong set right: a server refuses what comes at another time.",
    )


def _certificate(ends: datetime) -> Step:
    ok = ends - datetime.now(UTC) > ENDS_SOON
    return Step(
        "Q: certificate",
        ok=ok,
        needed=False,
        message=f"It ends on {ends:%Y-%m-%d}.",
        remedy="" if ok else "Renew Q's certificate before that day; after it no run can read Q.",
        ends_at=ends.isoformat(),
    )


def _tried(name: str, call: Callable[[], T]) -> tuple[Step, T | None]:
    started = time.monotonic()
    try:
        value = call()
    except QSyncError as error:
        return failed(name, error), None
    return Step(name, ok=True, seconds=round(time.monotonic() - started, 3)), value
