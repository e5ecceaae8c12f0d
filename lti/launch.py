"""The gate: a platform's POST in, a verified Launch out, or a LaunchError. Alone knows pylti1p3.

Each check of faults-and-threats.md 1.1, in its order. PyLTI1p3 takes the message apart, finds
registration, key and deployment, and validates the message; what it leaves open (G1-G24) is
closed in `id_token`, `keys`, `login` and here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import jwt
from django.conf import settings
from jwt.algorithms import RSAAlgorithm
from pylti1p3.exception import LtiException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.request import Request

from lti import claims, id_token, keys, login
from lti.errors import Disabled, LaunchError, Malformed, NotFromPlatform
from lti.models import Deployment, LoginAttempt, Platform
from lti.own_urls import launch_url

_ONLY_THE_SIGNATURE: Any = {
    f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
}
_MOST_HOSTS = 6


@dataclass(frozen=True, slots=True)
class Verified:
    """A launch whose token is good.

    `attempt` still has to be shown to be this browser's, and to be taken (`login.take`).
    """

    launch: claims.Launch
    deployment: Deployment
    attempt: LoginAttempt


def verify(fields: Mapping[str, str]) -> Verified:
    """Check what was posted to the launch address. A refused launch uses its sign-in up.

    Raises:
        LaunchError: with nothing of the token in its message.
    """
    message = _Message(fields)
    try:
        message.validate()
    except LaunchError:
        raise
    except LtiException:
        # Its texts hold parts of the token and whole answers of other servers (G17).
        raise Malformed("This launch is not complete.") from None
    return message.verified()


class _Message(MessageLaunch[Any, Any, Any, Any]):
    """One message. Nothing is fetched, remembered or set by the library itself."""

    platform: Platform
    deployment: Deployment
    attempt: LoginAttempt

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields
        unused: Any = _Unused()
        super().__init__(
            _Fields(),
            unused,
            session_service=unused,
            cookie_service=unused,
            requests_session=unused,
        )
        self._own_url = launch_url()

    def validate(self) -> _Message:
        self._validated = True
        self.validate_jwt_format()
        self.validate_registration()
        self.validate_jwt_signature()
        self._check_claims()
        self._check_sign_in()
        try:
            self.validate_message()
            self.validate_deployment()
        except (LaunchError, LtiException):
            login.take(self.attempt)
            raise
        return self

    def verified(self) -> Verified:
        return Verified(self.launch, self.deployment, self.attempt)

    def _get_request_param(self, key: str) -> str:
        return self._fields.get(key, "")

    def validate_jwt_format(self) -> _Message:
        header, body = id_token.unverified(self._get_id_token())
        self._kid = id_token.check_header(header)
        self._issuer, self._client_id = id_token.party(body)
        self._jwt = cast("Any", {"header": header, "body": body})
        return self

    def get_client_id(self) -> str:
        return self._client_id

    def validate_registration(self) -> _Message:
        """By issuer and client id; most often it is the one that the sign-in was begun for."""
        self._begun = login.find(self._get_request_param("state"))
        begun_for = self._begun.platform if self._begun else None
        named = (self._issuer, self._client_id)
        if begun_for and (begun_for.issuer, begun_for.client_id) == named:
            self.platform = login.enabled(begun_for)
        else:
            self.platform = login.find_platform(*named)
        return self

    def validate_jwt_signature(self) -> _Message:
        jwk = keys.public_key(self.platform.jwks_url, self._kid)
        try:
            jwt.decode(
                self._get_id_token(),
                _rsa(jwk["n"], jwk["e"]),
                algorithms=[id_token.ALGORITHM],
                options=_ONLY_THE_SIGNATURE,
            )
        except jwt.PyJWTError:
            raise NotFromPlatform("This launch was not signed by Canvas.") from None
        return self

    def _check_claims(self) -> None:
        body = self._jwt["body"]
        trusted = frozenset({self._issuer, settings.BASE_URL, self._own_url})
        found = id_token.audiences(body)
        id_token.check_audience(found, client_id=self._client_id, trusted=trusted)
        id_token.check_times(body, now=time.time())

    def _check_sign_in(self) -> None:
        body = self._jwt["body"]
        self.attempt = login.check(
            self._begun,
            nonce=body.get("nonce"),
            platform=self.platform,
            deployment_id=claims.required(body, claims.DEPLOYMENT_ID),
        )

    def validate_message(self) -> _Message:
        body = self._jwt["body"]
        claims.check_message(body, own_urls=frozenset({self._own_url}))
        self.launch = claims.read(body)
        super().validate_message()
        return self

    def validate_deployment(self) -> _Message:
        """A deployment seen for the first time is kept, as nobody's; a disabled one is refused."""
        self.deployment = _deployment(self.attempt, self.launch)
        if not self.deployment.is_enabled:
            raise Disabled("Q Sync is switched off for this Canvas.")
        return self


def _deployment(attempt: LoginAttempt, launch: claims.Launch) -> Deployment:
    platform, found = attempt.platform, attempt.deployment
    if found is None:
        found = _by_id(platform, launch)
    found.platform = platform
    return _kept_up_to_date(found, launch)


def _by_id(platform: Platform, launch: claims.Launch) -> Deployment:
    known = {"guid": launch.guid, "hosts": list(launch.hosts)}
    found, _ = Deployment.objects.get_or_create(
        platform=platform, deployment_id=launch.deployment_id, defaults=known
    )
    return found


def _kept_up_to_date(deployment: Deployment, launch: claims.Launch) -> Deployment:
    hosts = list(dict.fromkeys([*launch.hosts, *deployment.hosts]))[:_MOST_HOSTS]
    new = set(hosts) != set(deployment.hosts)
    if new or (launch.guid and not deployment.guid):
        deployment.hosts, deployment.guid = hosts, deployment.guid or launch.guid
        deployment.save(update_fields=["hosts", "guid"])
    return deployment


@lru_cache(maxsize=64)
def _rsa(n: str, e: str) -> Any:
    """Raises jwt.InvalidKeyError."""
    return RSAAlgorithm.from_jwk({"kty": "RSA", "n": n, "e": e})


class _Fields(Request):
    """The library is handed the fields by `_Message`; it never sees the request."""

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> str:
        raise NotImplementedError(key)


class _Unused:
    """Sessions, cookies, configuration and requests of the library: nothing of them is asked."""
