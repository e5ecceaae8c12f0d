"""Access tokens for LTI services: client credentials by a signed assertion."""

import time
import uuid
from typing import Any

import jwt
import requests
from django.http import HttpRequest

from sandbox.canvas import store
from sandbox.canvas.lti.configuration import Tool
from sandbox.canvas.lti.models import LtiKey, UsedAssertion
from sandbox.canvas.lti.platform import here, seal
from sandbox.rules import on

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_SECONDS = 3600
_OLDEST_SECONDS = 300
_AHEAD_SECONDS = 30
_CLAIMS = ("sub", "aud", "exp", "iat", "jti", "iss")
_FETCH_SECONDS = 10


class Refused(Exception):
    """With the status, and error and description as OAuth 2 says them."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error, self.description = status, error, description


def by_assertion(request: HttpRequest) -> dict[str, Any]:
    """The answer to `grant_type=client_credentials`. Raises Refused."""
    if request.POST.get("client_assertion_type") != ASSERTION:
        text = "assertion method not supported for this grant_type"
        raise Refused(400, "unsupported_grant_type", text)
    shown = request.POST.get("client_assertion", "")
    key, claims = _verified(shown)
    _check(claims, _audiences(request))
    scopes = _granted(Tool(key), request.POST.get("scope", "").split())
    _use(claims)
    now = int(time.time())
    token = {
        "iss": here.issuer,
        "sub": str(key.pk),
        "aud": claims["aud"],
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": str(uuid.uuid4()),
        "scopes": " ".join(scopes),
    }
    return {
        "access_token": seal(token),
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": token["scopes"],
    }


def _audiences(request: HttpRequest) -> set[str]:
    """This endpoint, on the host that was asked and on the one that all tools know."""
    origins = {f"{request.scheme}://{request.get_host()}", here.canvas_origin, here.sso_origin}
    return {f"{origin}/login/oauth2/token" for origin in origins}


def _bad(description: str) -> Refused:
    return Refused(400, "invalid_request", description)


def _verified(shown: str) -> tuple[LtiKey, dict[str, Any]]:
    """The key it names, and what it says, if that key's owner signed it."""
    try:
        claims = jwt.decode(shown, options={"verify_signature": False})
        kid = jwt.get_unverified_header(shown).get("kid")
    except jwt.PyJWTError:
        raise _bad("JWT format is invalid") from None
    subject = str(claims.get("sub", ""))
    number = int(subject) if subject.isdigit() and len(subject) < 19 else 0
    key = LtiKey.objects.filter(pk=number).first()
    if key is None:
        raise Refused(401, "invalid_client", "unknown client")
    if key.workflow_state != "on":
        raise Refused(401, "unauthorized_client", "Client not authorized in requested context")
    is_pasted = not Tool(key).public_jwk_url
    for public in _public_keys(Tool(key)):
        # A key that was pasted in is tried whatever it calls itself.
        if is_pasted or kid is None or public.get("kid") in {kid, None}:
            try:
                jwt.decode(shown, jwt.PyJWK(public, "RS256").key, ["RS256"], options=_SIGNATURE)
            except jwt.PyJWTError:
                continue
            return key, claims
    raise _bad("JWS signature invalid.")


# What the claims have to be is checked afterwards, in Canvas's words.
_SIGNATURE: Any = {
    f"verify_{name}": False for name in ("exp", "aud", "iat", "nbf", "iss", "sub", "jti")
}


def _public_keys(tool: Tool) -> list[dict[str, Any]]:
    if not tool.public_jwk_url:
        return [tool.public_jwk] if tool.public_jwk else []
    try:
        answer = requests.get(tool.public_jwk_url, timeout=_FETCH_SECONDS, verify=False)
        return list(answer.json()["keys"])
    except requests.JSONDecodeError:
        raise _bad("JWK Error: Invalid JSON") from None
    except (requests.RequestException, KeyError, TypeError) as error:
        raise _bad(f"JWK Error: {type(error).__name__}") from None


def _check(claims: dict[str, Any], audiences: set[str]) -> None:
    missing = [name for name in _CLAIMS if name not in claims]
    if missing:
        raise _bad(f"the following assertions are missing: {','.join(missing)}")
    shown = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    problems = [] if audiences & set(shown) else ["the 'aud' is invalid"]
    now = time.time()
    for name in ("exp", "iat"):
        if not isinstance(claims[name], int | float):
            raise _bad(f"the '{name}' must be a number")
    if claims["exp"] < now:
        problems.append("the JWT has expired")
    if claims["iat"] < now - _OLDEST_SECONDS:
        problems.append(f"the 'iat' must be less than {_OLDEST_SECONDS} seconds old")
    if claims["iat"] > now + _AHEAD_SECONDS:
        problems.append("the 'iat' must not be in the future")
    if problems:
        raise _bad(" | ".join(problems))


def _granted(tool: Tool, asked: list[str]) -> list[str]:
    """What was asked for and may be had; the rest is left out without a word."""
    if not on("canvas.lti-scopes"):
        return asked
    granted = [scope for scope in asked if scope in tool.scopes]
    if not granted:
        text = "A requested scope is invalid, unknown, malformed, or exceeds the scope granted"
        raise Refused(400, "invalid_scope", text)
    return granted


def _use(claims: dict[str, Any]) -> None:
    """An assertion is good once."""
    if not on("canvas.lti-assertion-once"):
        return
    with store.writing():
        UsedAssertion.objects.filter(expires_at__lt=time.time()).delete()
        jti = f"{claims['sub']}:{claims['jti']}"[:200]
        _, is_new = UsedAssertion.objects.get_or_create(
            jti=jti, defaults={"expires_at": claims["exp"]}
        )
    if not is_new:
        raise _bad("the 'jti' is invalid")
