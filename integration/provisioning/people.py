"""Q users become Canvas users, guardians become observers. PURE."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from integration.oneroster.compact import UserTraits
from integration.oneroster.types import Problem, Record, Ref, User
from integration.provisioning.problems import is_plain, problem, unfit
from integration.provisioning.rows import ObserverRow, UserRow
from integration.provisioning.rules import GUARDIANS, Rules


@dataclass(slots=True)
class People:
    """`user_of`: user sourcedId to SIS user ID; `school_of`: SIS user ID to an account's SIS ID.

    `inactive`: read, and not to be in Canvas (or only by hand); `left_out`: could not be mapped.
    `held_as`: whoever was left out, and the SIS IDs under which Canvas may have them, where these
    are known. `adopted`: SIS IDs that would take over an account made by hand. `renamed`: SIS IDs
    that Canvas has for people whom Q calls otherwise tonight. `came_again`: their rows of tonight,
    each with the id before, where nobody else may have that.
    """

    rows: list[UserRow] = field(default_factory=list)
    user_of: dict[str, str] = field(default_factory=dict)
    school_of: dict[str, str] = field(default_factory=dict)
    observers: list[ObserverRow] = field(default_factory=list)
    inactive: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    held_as: dict[str, set[str]] = field(default_factory=dict)
    adopted: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)
    came_again: list[tuple[UserRow, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def may_be(self, sourced_id: str, rules: Rules) -> set[str]:
        """The SIS IDs that this person may have in Canvas; none where that cannot be told."""
        if sourced_id in self.user_of:
            return {self.user_of[sourced_id]}
        own = {sourced_id} if rules.user_sis_id == "sourcedId" else set[str]()
        return own | self.held_as.get(sourced_id, set())


NOBODY = UserRow("", "", "", "", "", "")


class LeanUser(Record, frozen=True, gc=False):
    """What is kept of a user: the row, made when the record came, while the next was on its way.

    That of one who is not to be in Canvas is `NOBODY`.
    """

    role: str = ""
    agents: tuple[Ref, ...] = ()
    orgs: tuple[Ref, ...] = ()
    row: UserRow = NOBODY


def is_wanted(user: User | LeanUser | UserTraits, rules: Rules) -> bool:
    return user.status == "active" and (rules.guardians or user.role not in GUARDIANS)


def map_people(
    users: Mapping[str, User | LeanUser],
    rules: Rules,
    *,
    account_of: Mapping[str, str],
    accepted: Callable[[str], bool],
) -> People:
    """Users with their logins; of two with one login, whom Canvas `accepted` before keeps it."""
    result = People()
    holder_of: dict[str, UserRow] = {}
    source_of: dict[str, str] = {}
    losers: list[UserRow] = []
    result.inactive = {key for key, user in users.items() if not is_wanted(user, rules)}
    for sourced_id in sorted(users.keys() - result.inactive):
        user = users[sourced_id]
        if isinstance(user, LeanUser):
            row = user.row
        elif isinstance(made := user_row(user, rules), Problem):
            _leave_out(result, sourced_id, made, sis_id(user, rules.user_sis_id))
            continue
        else:
            row = made
        if row.user_id in source_of:
            why = problem("roster.duplicate-sis-id", "users", sourced_id)
            _leave_out(result, sourced_id, why, row.user_id)
            continue
        source_of[row.user_id] = sourced_id
        losers += _take_login(row, holder_of, accepted)
        result.school_of[row.user_id] = _school(user, account_of)
    _tell_of_shared_logins(result, holder_of, losers, source_of)
    result.rows = list(holder_of.values())
    result.user_of = {source_of[row.user_id]: row.user_id for row in result.rows}
    if rules.guardians:
        _observe(result, users)
    return result


def _school(user: User | LeanUser, account_of: Mapping[str, str]) -> str:
    """The account of the first organisation that has one."""
    for org in user.orgs:
        if org.sourced_id in account_of:
            return account_of[org.sourced_id]
    return ""


def user_row(user: User, rules: Rules) -> UserRow | Problem:
    """The row of one user, or why there can be none, whatever else there is in Q."""
    user_id = sis_id(user, rules.user_sis_id)
    login = user.username or user.email
    if not user_id:
        return problem("roster.no-sis-id", "users", user.sourced_id)
    if not login:
        return problem("roster.no-login", "users", user.sourced_id)
    if not (user.given_name or user.family_name):
        return problem("roster.no-name", "users", user.sourced_id)
    if is_plain(user_id, login, user.given_name, user.family_name, user.email):
        return _row(user_id, login, user)
    why = unfit(
        "users",
        user.sourced_id,
        sis_id=user_id,
        username=login,
        givenName=user.given_name,
        familyName=user.family_name,
        email=user.email,
    )
    return why or _row(user_id, login, user)


def _row(user_id: str, login: str, user: User) -> UserRow:
    state = user_state(is_enabled=user.enabled_user)
    return UserRow(user_id, login, user.given_name, user.family_name, user.email, state)


def user_state(*, is_enabled: bool) -> str:
    return "active" if is_enabled else "suspended"


def sis_id(user: User, rule: str) -> str:
    """The SIS ID of a user by the district's rule; "" where Q has none."""
    if rule == "sourcedId":
        return user.sourced_id
    if rule == "identifier":
        return user.identifier
    return next((one.identifier for one in user.user_ids if one.type == rule), "")


def _take_login(
    row: UserRow, holder_of: dict[str, UserRow], accepted: Callable[[str], bool]
) -> list[UserRow]:
    """Put the row in its login's place; give back the row that has to go without, if any."""
    login = row.login_id.casefold()
    holder = holder_of.setdefault(login, row)
    if holder is row:
        return []
    if accepted(row.user_id) and not accepted(holder.user_id):
        holder_of[login] = row
        return [holder]
    return [row]


def _tell_of_shared_logins(
    result: People,
    holder_of: Mapping[str, UserRow],
    losers: list[UserRow],
    source_of: Mapping[str, str],
) -> None:
    """Told at the end: who holds a login when the second comes may lose it to the third."""
    for login in dict.fromkeys(loser.login_id.casefold() for loser in losers):
        keeper = source_of[holder_of[login].user_id]
        result.problems.append(problem("roster.login-shared", "users", keeper, "username"))
    for loser in losers:
        lost = source_of[loser.user_id]
        why = problem("roster.duplicate-login", "users", lost, "username")
        _leave_out(result, lost, why, loser.user_id)


def _leave_out(result: People, sourced_id: str, why: Problem, *held_as: str) -> None:
    result.left_out.add(sourced_id)
    result.problems.append(why)
    if ids := set(filter(None, held_as)):
        result.held_as.setdefault(sourced_id, set()).update(ids)


def _observe(result: People, users: Mapping[str, User | LeanUser]) -> None:
    """Links in either direction: a student names guardians, or a guardian names children."""
    links: set[ObserverRow] = set()
    for sourced_id, user in users.items():
        if sourced_id not in result.user_of:
            continue
        for agent in user.agents:
            other = users.get(agent.sourced_id)
            if other is None:
                result.problems.append(
                    problem("roster.unknown-agent", "users", sourced_id, "agents")
                )
                continue
            pair = (user, other) if user.role in GUARDIANS else (other, user)
            if pair[0].role not in GUARDIANS or pair[1].role != "student":
                continue
            ids = [result.user_of.get(one.sourced_id) for one in pair]
            if ids[0] and ids[1]:
                links.add(ObserverRow(ids[0], ids[1], "active"))
    result.observers = sorted(links)


def respect_ids(people: People, known: Mapping[str, str], new: Collection[str]) -> None:
    """Leave out whom Canvas has from us under another id, and list both ids (design 5.8).

    `known`: login (folded) to the SIS ID under which Canvas took it from us; `new`: the SIS IDs
    of tonight that it did not.
    """
    source_of = {user_id: sourced_id for sourced_id, user_id in people.user_of.items()}
    still_there = set[str]().union(*people.held_as.values())
    gone: set[str] = set()
    for row in people.rows:
        before = known.get(row.login_id.casefold(), row.user_id)
        # Who is there tonight under that id has given the login up, or was left out for it.
        if row.user_id not in new or before == row.user_id or before in source_of:
            continue
        sourced_id = source_of[row.user_id]
        told = f"Canvas has {before}; Q now says {row.user_id}."
        why = problem("roster.id-changed", "users", sourced_id, "sourcedId", detail=told)
        _leave_out(people, sourced_id, why, before)
        people.renamed.add(before)
        if before not in still_there:
            people.came_again.append((row, before))
        gone.add(row.user_id)
    _without(people, gone)


def respect_claims(
    people: People,
    claims: Mapping[str, str],
    *,
    new: Collection[str],
    own: Collection[str] = (),
) -> None:
    """Leave out whom Canvas would refuse, and list whom it would adopt, by login.

    `claims`: login (folded) to the SIS ID that holds it in Canvas, "" where it has none. `own`:
    the logins of the account that we work with. `new`: the SIS IDs that Canvas never took from us.
    """
    source_of = {user_id: sourced_id for sourced_id, user_id in people.user_of.items()}
    gone: set[str] = set()
    for row in people.rows:
        login = row.login_id.casefold()
        holder = claims.get(login, row.user_id)
        if row.user_id not in new or holder == row.user_id:
            continue
        sourced_id = source_of[row.user_id]
        if holder == "" and login not in own:
            people.problems.append(problem("roster.adopts-login", "users", sourced_id, "username"))
            people.adopted.add(row.user_id)
            continue
        code = "roster.login-of-service" if holder == "" else "roster.login-claimed"
        _leave_out(people, sourced_id, problem(code, "users", sourced_id, "username"), row.user_id)
        gone.add(row.user_id)
    _without(people, gone)


def _without(people: People, user_ids: Collection[str]) -> None:
    """Take users out of everything that would be sent."""
    if not user_ids:
        return
    people.rows = [row for row in people.rows if row.user_id not in user_ids]
    people.user_of = {
        sourced_id: user_id
        for sourced_id, user_id in people.user_of.items()
        if user_id not in user_ids
    }
    people.observers = [
        row
        for row in people.observers
        if row.observer_id not in user_ids and row.student_id not in user_ids
    ]
