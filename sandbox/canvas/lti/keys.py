"""The platform's own keys: three are published, one signs, and they can be rotated."""

import uuid
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

from sandbox.canvas import store
from sandbox.canvas.lti.models import PlatformKey
from sandbox.rules import on

BITS = 2048
STATES = ("past", "present", "future")


def _new(state: str) -> PlatformKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kid = f"{store.now()}_{uuid.uuid4()}"
    return PlatformKey(kid=kid, private_pem=pem.decode(), state=state)


def _kept() -> dict[str, PlatformKey]:
    """The three keys by state, made where there are none."""
    found = {key.state: key for key in PlatformKey.objects.all()}
    if found.keys() == set(STATES):
        return found
    with store.writing():
        found = {key.state: key for key in PlatformKey.objects.all()}
        for state in STATES:
            if state not in found:
                found[state] = _new(state)
                found[state].save(force_insert=True)
    return found


def rotate(times: int = 1) -> str:
    """The future key signs from now on; the kid of it. After three times, no key is left."""
    _kept()
    with store.writing():
        for _ in range(times):
            PlatformKey.objects.filter(state="past").delete()
            PlatformKey.objects.filter(state="present").update(state="past")
            PlatformKey.objects.filter(state="future").update(state="present")
            _new("future").save(force_insert=True)
    return str(_kept()["present"].kid)


def jwks() -> dict[str, Any]:
    """What the key endpoint publishes."""
    shown = STATES if on("canvas.lti-keys") else ("past",)
    return {"keys": [_public(_kept()[state]) for state in shown]}


def _public(key: PlatformKey) -> dict[str, Any]:
    private = load_pem_private_key(key.private_pem.encode(), password=None)
    assert isinstance(private, rsa.RSAPrivateKey)
    found: dict[str, Any] = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return {
        "kty": "RSA",
        "e": found["e"],
        "n": found["n"],
        "kid": key.kid,
        "alg": "RS256",
        "use": "sig",
    }


def sign(claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
    """The claims as a token signed with the present key."""
    key = _kept()["present"]
    headers = {"kid": key.kid, **(header or {})}
    return jwt.encode(dict(claims), key.private_pem, algorithm="RS256", headers=headers)


def sign_with_unknown(claims: Mapping[str, Any]) -> str:
    """The same, signed with a key that was never published, under the present key's id."""
    headers = {"kid": _kept()["present"].kid}
    return jwt.encode(dict(claims), _new("").private_pem, algorithm="RS256", headers=headers)
