"""What is kept of users until all have come. PURE, and the second hot path of a night."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from sys import intern
from typing import Literal

from integration.oneroster.compact import Users, UserTraits
from integration.oneroster.types import Ref, User
from integration.provisioning.people import LeanUser, is_wanted, user_row, user_state
from integration.provisioning.problems import is_plain
from integration.provisioning.rows import UserRow
from integration.provisioning.rules import Rules


def lean_people(rules: Rules) -> Callable[[Sequence[User]], Iterator[User | LeanUser]]:
    """What is kept of a page of users until all have come: its rows, and what ties them to others.

    Half a million whole records would be most of what a night holds in memory. Of one that has no
    row and should all is kept that `map_people` will look at, to say why.
    """
    lean = _Lean(rules)
    return lambda users: lean.columns(users) if isinstance(users, Users) else map(lean.one, users)


class _Lean:
    """What many people share is kept once."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._modified = ""  # most that come together were modified together
        self._orgs: dict[tuple[Ref, ...], tuple[Ref, ...]] = {}
        self._names: dict[str, str] = {}  # half a million people share a few thousand
        self._by_identifier = rules.user_sis_id == "identifier"
        self._by_user_ids = rules.user_sis_id not in ("identifier", "sourcedId")

    def columns(self, users: Users) -> Iterator[User | LeanUser]:
        """Of those in columns no record is made, where nothing else than the columns is asked."""
        if self._rules.guardians or self._rules.user_sis_id != "sourcedId":
            yield from map(self.one, users)
            return
        traits = [self._shared(one) for one in users.traits]
        found = zip(*users.texts, map(traits.__getitem__, users.which), strict=True)
        whole: list[User] = []
        for place, (sourced_id, username, first, last, email, shared) in enumerate(found):
            status, modified, role, orgs, state = shared
            if not state:
                yield LeanUser(sourced_id, status, modified, role=role)
                continue
            login = username or email
            named = sourced_id and login and (first or last)
            if not (named and is_plain(sourced_id, login, first, last, email)):
                whole = whole or list(users)
                yield self.one(whole[place])
                continue
            names = self._name(first), self._name(last)
            row = UserRow(sourced_id, login, *names, email, state)
            yield LeanUser(sourced_id, status, modified, role=role, orgs=orgs, row=row)

    def _shared(
        self, traits: UserTraits
    ) -> tuple[Literal["active", "tobedeleted"], str, str, tuple[Ref, ...], str]:
        """Status, when modified, role, organisations, and Canvas's status: "" for none."""
        return (
            "active" if traits.status == "active" else "tobedeleted",
            self._last_modified(traits.date_last_modified),
            intern(traits.role),
            self._orgs.setdefault(traits.orgs, traits.orgs),
            user_state(is_enabled=traits.enabled_user) if is_wanted(traits, self._rules) else "",
        )

    def _last_modified(self, moment: str) -> str:
        if self._modified != moment:
            self._modified = moment
        return self._modified

    def _name(self, name: str) -> str:
        return self._names.setdefault(name, name)

    def one(self, user: User) -> User | LeanUser:
        modified = self._last_modified(user.date_last_modified)
        if not is_wanted(user, self._rules):
            return LeanUser(
                user.sourced_id,
                "active" if user.status == "active" else "tobedeleted",
                modified,
                role=intern(user.role),
            )
        agents = user.agents if self._rules.guardians else ()
        orgs = self._orgs.setdefault(user.orgs, user.orgs)
        row = user_row(user, self._rules)
        if isinstance(row, UserRow):
            user_id, login, first, last, email, status = row
            names = self._name(first), self._name(last)
            return LeanUser(
                user.sourced_id,
                "active",
                modified,
                role=intern(user.role),
                agents=agents,
                orgs=orgs,
                row=UserRow(user_id, login, *names, email, status),
            )
        return User(
            user.sourced_id,
            "active",
            modified,
            user.username,
            user.enabled_user,
            user.given_name,
            user.family_name,
            role=intern(user.role),
            identifier=user.identifier if self._by_identifier else "",
            email=user.email,
            user_ids=user.user_ids if self._by_user_ids else (),
            agents=agents,
            orgs=orgs,
        )
