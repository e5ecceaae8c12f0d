"""Dynamic registration: a Canvas administrator's frame, our configuration, Canvas's client id.

Anybody can open our registration address with a forged `openid_configuration`, so an invite code
comes first, then a list of hosts, then the guarded door (canvas.md 1.7).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from lti import configuration, frames
from lti.errors import RegistrationError
from lti.models import Platform
from lti.registry import Answer, Unreachable, host

_CANVAS = "https://canvas.instructure.com/lti/"
_PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_MAX_BYTES = 256 * 1024
_SECONDS = 10.0
_PLACE = "registration"


class NotSeen(RegistrationError):
    code = "registration.unreachable"
    remedy = "Try again; if it happens twice, Canvas is not reachable from here."


class Refused(RegistrationError):
    code = "registration.refused-by-canvas"
    remedy = "Begin again from Canvas: its registration page is good for an hour."


@dataclass(frozen=True, slots=True)
class Offer:
    """What a platform says of itself, and what it wants to be answered with."""

    code: str
    token: str
    issuer: str
    auth_url: str
    token_url: str
    jwks_url: str
    registration_url: str
    account: str

    def seal(self) -> str:
        """For the form: it holds the platform's token, so nobody may read it."""
        return host().cipher.seal(json.dumps(asdict(self)), place=_PLACE)

    @classmethod
    def unseal(cls, sealed: str) -> Offer:
        """Raises RegistrationError."""
        try:
            return cls(**json.loads(host().cipher.unseal(sealed, place=_PLACE)))
        except Exception as error:
            raise RegistrationError("This form is not one of ours.") from error


def look_at(*, code: str, openid_configuration: str, token: str) -> Offer:
    """Read the platform's configuration. Nothing is asked of anybody without an open invite.

    Raises:
        RegistrationError
    """
    if not host().invitations.is_open(code):
        raise RegistrationError("This registration link was used before, or it is out of date.")
    _check_host(openid_configuration)
    found = _json(
        _ask("GET", openid_configuration, {"Authorization": f"Bearer {token}"} if token else {})
    )
    about = found.get(_PLATFORM)
    about = about if isinstance(about, dict) else {}
    offer = Offer(
        code=code,
        token=token,
        issuer=_text(found, "issuer"),
        auth_url=_text(found, "authorization_endpoint"),
        token_url=_text(found, "token_endpoint"),
        jwks_url=_text(found, "jwks_uri"),
        registration_url=_text(found, "registration_endpoint"),
        account=str(about.get(f"{_CANVAS}account_name") or "your Canvas")[:255],
    )
    for url in (offer.auth_url, offer.token_url, offer.jwks_url, offer.registration_url):
        _check_host(url)
    return offer


def register(offer: Offer) -> Platform:
    """Register with the platform, and keep what it answers. The invite is used up by success.

    Raises:
        RegistrationError
    """
    if not host().invitations.redeem(offer.code, by=offer.account):
        raise RegistrationError("This registration link was used before, or it is out of date.")
    try:
        platform = _keep(offer, _registered(offer))
    except BaseException:
        host().invitations.give_back(offer.code)
        raise
    host().audit(
        "platform.registered",
        actor="registration link",
        subject=str(platform)[:255],
        after={"issuer": platform.issuer, "client_id": platform.client_id},
    )
    return platform


def environment_of(issuer: str) -> str:
    """Hosted Canvas has one issuer for each environment (canvas.md 1.1)."""
    name = (urlsplit(issuer).hostname or "").split(".")
    kinds = Platform.Environment
    return next((kind for kind in (kinds.BETA, kinds.TEST) if kind in name), kinds.PRODUCTION)


def _registered(offer: Offer) -> str:
    """The client id that the platform gives us."""
    body = json.dumps(configuration.registration()).encode()
    headers = {"Content-Type": "application/json"}
    if offer.token:
        headers["Authorization"] = f"Bearer {offer.token}"
    return _text(_json(_ask("POST", offer.registration_url, headers, body)), "client_id")


def _keep(offer: Offer, client_id: str) -> Platform:
    try:
        with transaction.atomic():
            return Platform.objects.create(
                issuer=offer.issuer,
                client_id=client_id,
                auth_url=offer.auth_url,
                token_url=offer.token_url,
                jwks_url=offer.jwks_url,
                environment=environment_of(offer.issuer),
            )
    except IntegrityError:
        raise RegistrationError(
            "This Canvas answered with a registration that is known already."
        ) from None


def _ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    try:
        answer = host().request(
            method,
            url,
            headers={"Accept": "application/json", **headers},
            body=body,
            max_bytes=_MAX_BYTES,
            seconds=_SECONDS,
        )
    except Unreachable as error:
        raise NotSeen(f"Canvas did not answer: {error}") from None
    if answer.status not in (200, 201):
        raise Refused(f"Canvas refused the registration (status {answer.status}).")
    return answer


def _json(answer: Answer) -> dict[str, Any]:
    found = answer.mapping()
    if found is None:
        raise Refused("Canvas answered with something that cannot be read.")
    return found


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= 255 or "\0" in value:
        raise Refused(f"Canvas did not say its {name.replace('_', ' ')}.")
    return value


def _check_host(url: str) -> None:
    try:
        parts = urlsplit(url)
        netloc = parts.netloc.lower()
    except ValueError:
        netloc = ""
    if not netloc or not frames.is_listed(netloc, settings.REGISTRATION_HOSTS):
        raise RegistrationError("This Canvas is not on the list of those that may register here.")
