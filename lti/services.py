"""LTI services of a platform: an access token by client assertion, and the names and roles.

Own paging: a next link is followed as it is spelled, and only to the host that the first address
was on, because our token goes with it (G23).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.utils import timezone

from lti import tool_keys
from lti.errors import ServiceError
from lti.models import Deployment, Platform
from lti.registry import Answer, Unreachable, host

MEMBERSHIPS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEMBERSHIPS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_NEXT = re.compile(r"<([^<>]*)>\s*((?:;[^,;<]*)*)")
_MAX_BYTES = 16 * 2**20
_SECONDS = 30.0
_MOST_PAGES = 1000
_BEFORE_EXPIRY = timedelta(seconds=60)

_tokens: dict[tuple[int, str], tuple[str, datetime]] = {}
_lock = threading.Lock()


class Denied(ServiceError):
    code = "lti.service-denied"
    remedy = "A Canvas administrator has to allow Q Sync this scope (developer key, scopes)."
    status = 403


class ForeignLink(ServiceError):
    code = "lti.foreign-link"


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a context, with all their roles in it."""

    subject: str
    name: str
    roles: tuple[str, ...]
    is_active: bool


def access_token(platform: Platform, scope: str) -> str:
    """A bearer token for one scope, kept until it expires.

    Raises:
        Denied: the platform grants this scope no longer.
        ServiceError: no usable answer came.
    """
    key, now = (platform.pk, scope), timezone.now()
    with _lock:
        known = _tokens.get(key)
    if known and now < known[1]:
        return known[0]
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": _ASSERTION_TYPE,
        "client_assertion": tool_keys.client_assertion(platform),
        "scope": scope,
    }
    answer = _json(_ask("POST", platform.token_url, {"Accept": "application/json"}, form))
    token, granted = answer.get("access_token"), answer.get("scope", scope)
    # An administrator can take a scope away; the answer says what is left.
    if not isinstance(token, str) or not isinstance(granted, str) or scope not in granted.split():
        raise Denied("Canvas does not let us use this service.")
    life = answer.get("expires_in")
    seconds = life if isinstance(life, int) and not isinstance(life, bool) else 0
    until = now + timedelta(seconds=max(0, min(seconds, 3600))) - _BEFORE_EXPIRY
    with _lock:
        _tokens[key] = (token, until)
    return token


def forget_tokens() -> None:
    """Ask anew, as after a change of scopes in Canvas."""
    with _lock:
        _tokens.clear()


def members(deployment: Deployment, url: str) -> Iterator[Member]:
    """Everybody of the context whose launch named `url`, page by page to the end.

    Raises:
        ForeignLink: the address, or a next page, is on another host than this Canvas.
        ServiceError
    """
    parts = urlsplit(url)
    known = {*deployment.hosts, urlsplit(deployment.platform.token_url).netloc}
    if parts.netloc.lower() not in known:
        raise ForeignLink("The list of people is not on a host of this Canvas.")
    token = access_token(deployment.platform, MEMBERSHIPS_SCOPE)
    headers = {"Accept": MEMBERSHIPS_TYPE, "Authorization": f"Bearer {token}"}
    seen: set[str] = set()
    while url:
        if url in seen or len(seen) >= _MOST_PAGES:
            raise ServiceError("The list of people does not come to an end.")
        seen.add(url)
        answer = _ask("GET", url, headers)
        yield from _members(_json(answer))
        url = _next(answer, url)


def _members(page: dict[str, Any]) -> Iterator[Member]:
    listed = page.get("members")
    if not isinstance(listed, list):
        raise ServiceError("Canvas answered with something that is no list of people.")
    for one in listed:
        if isinstance(one, dict) and isinstance(one.get("user_id"), str):
            roles = one.get("roles")
            yield Member(
                subject=one["user_id"],
                name=str(one.get("name") or ""),
                roles=tuple(map(str, roles)) if isinstance(roles, list) else (),
                is_active=one.get("status", "Active") == "Active",
            )


def _next(answer: Answer, url: str) -> str:
    for target, params in _NEXT.findall(answer.headers.get("link", "")):
        if re.search(r';\s*rel="?next"?(\s|;|$)', params):
            following: str = urljoin(url, target)
            if urlsplit(following)[:2] != urlsplit(url)[:2]:
                raise ForeignLink("The next page of the list of people is on another host.")
            return following
    return ""


def _ask(
    method: str, url: str, headers: dict[str, str], form: dict[str, str] | None = None
) -> Answer:
    try:
        answer = host().request(
            method, url, headers=headers, form=form, max_bytes=_MAX_BYTES, seconds=_SECONDS
        )
    except Unreachable as error:
        raise ServiceError(f"Canvas did not answer: {error}") from None
    if answer.status in (400, 401, 403):
        raise Denied(f"Canvas does not let us use this service (status {answer.status}).")
    if answer.status != 200:
        raise ServiceError(f"Canvas did not answer as it should (status {answer.status}).")
    return answer


def _json(answer: Answer) -> dict[str, Any]:
    found = answer.mapping()
    if found is None:
        raise ServiceError("Canvas answered with something that cannot be read.")
    return found
