"""The first step of a launch: the platform says who is coming, we send the browser back to it.

State, nonce and browser stand in one row. The browser's key goes into a partitioned cookie, and,
where the platform offers it, into the platform's storage as well (canvas.md 2.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.utils import timezone

from lti.errors import (
    Disabled,
    Malformed,
    NotForUs,
    NotFromHere,
    NotFromPlatform,
    Replayed,
    TooOften,
)
from lti.models import Deployment, LoginAttempt, Platform
from lti.own_urls import launch_url
from lti.rates import name_of
from lti.secret_words import digest, new_word

LIFE = timedelta(minutes=10)
STORAGE_KEY = "qsync-"
_LONGEST = 16 * 1024
_DEPLOYMENT_NAMES = ("deployment_id", "lti_deployment_id")


@dataclass(frozen=True, slots=True)
class SignIn:
    """Where the browser goes next, and what it has to remember until it comes back."""

    url: str
    platform: Platform
    browser: str
    storage_key: str
    # A frame's name, "_parent", or "" where the platform has no storage.
    storage_target: str

    @property
    def platform_origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def begin(fields: Mapping[str, str], *, browser: str, address: str) -> SignIn:
    """Start a sign-in for a login request with these fields.

    `browser` is the key this browser already has, or ""; `address` is whence it comes.

    Raises:
        Malformed, NotFromPlatform, Disabled, NotForUs, TooOften
    """
    if not fields.get("login_hint") or any(
        len(value) > _LONGEST or "\0" in value for value in fields.values()
    ):
        raise Malformed("This is not how Canvas begins a launch.")
    if fields.get("target_link_uri") != launch_url():
        raise NotForUs("This launch is meant for another address.")
    platform = find_platform(fields.get("iss", ""), fields.get("client_id", ""))
    who = name_of(address)
    _require_room(who)
    state, nonce, browser = new_word(), new_word(), browser or new_word()
    target = fields.get("lti_storage_target", "")[:64]
    hinted = next((fields[name] for name in _DEPLOYMENT_NAMES if fields.get(name)), "")
    named = Deployment.objects.filter(platform=platform, deployment_id=hinted)
    LoginAttempt.objects.create(
        state_hash=digest(state),
        nonce_hash=digest(nonce),
        browser_hash=digest(browser),
        platform=platform,
        hint=hinted[:255],
        deployment_id=named.values_list("pk", flat=True).first() if hinted else None,
        uses_storage=bool(target),
        expires_at=timezone.now() + LIFE,
        who=who,
    )
    asked = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": launch_url(),
        "login_hint": fields["login_hint"],
        "state": state,
        "nonce": nonce,
    }
    if fields.get("lti_message_hint"):
        asked["lti_message_hint"] = fields["lti_message_hint"]
    url = _with_query(platform.auth_url, asked)
    return SignIn(url, platform, browser, STORAGE_KEY + state, target)


def _require_room(who: str) -> None:
    """A school has one address: only what was begun in this minute and left counts against it."""
    most = settings.LOGINS_PER_MINUTE
    lately = timezone.now() + LIFE - timedelta(minutes=1)
    left = LoginAttempt.objects.filter(who=who, expires_at__gt=lately, taken_at=None)
    if most and left[:most].count() >= most:
        raise TooOften("Too many launches were begun from your network and not finished.")


def find_platform(issuer: str, client_id: str) -> Platform:
    """The registration; without a client id, the only one of that issuer.

    Raises:
        NotFromPlatform, Disabled
    """
    named = Platform.objects.filter(issuer=issuer)
    if client_id:
        named = named.filter(client_id=client_id)
    found = list(named[:2])
    if len(found) != 1:
        raise NotFromPlatform("Q Sync is not registered with this Canvas.")
    return enabled(found[0])


def enabled(platform: Platform) -> Platform:
    """Raises Disabled."""
    if not platform.is_enabled:
        raise Disabled("Q Sync is switched off for this Canvas.")
    return platform


def find(state: str) -> LoginAttempt | None:
    """The sign-in of this state, with its platform; it still has to be checked and taken."""
    begun = LoginAttempt.objects.select_related("platform", "deployment")
    try:
        return begun.get(state_hash=digest(state), expires_at__gt=timezone.now())
    except LoginAttempt.DoesNotExist:
        return None


def check(
    attempt: LoginAttempt | None, *, nonce: object, platform: Platform, deployment_id: str
) -> LoginAttempt:
    """Make sure that it is the sign-in which this launch ends.

    Raises:
        NotFromHere: there is no such sign-in, or it was begun for something else.
    """
    if attempt is None or not isinstance(nonce, str) or attempt.nonce_hash != digest(nonce):
        raise NotFromHere("This launch was not begun here, or too long ago.")
    if attempt.platform_id != platform.pk or attempt.hint not in ("", deployment_id):
        raise NotFromHere("This launch was begun for another Canvas.")
    return attempt


def take(attempt: LoginAttempt) -> None:
    """Use it up, for exactly one caller. Raises Replayed: somebody has taken it before."""
    free = LoginAttempt.objects.filter(pk=attempt.pk, taken_at=None)
    if not free.update(taken_at=timezone.now()):
        raise Replayed("This launch was used before.")


def _with_query(url: str, asked: Mapping[str, str]) -> str:
    """Add to whatever query the platform's own address has."""
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *asked.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))
