"""This tool's own keys: made at first need, sealed at rest, rotated with an overlap.

A new key is published at once and signs an hour later, when whoever keeps a copy of our key set
has read it anew; the old one stays published for a day after that.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm

from lti.models import Platform, ToolKey
from lti.registry import host

BITS = 2048
PUBLISHED_BEFORE = timedelta(hours=1)
PUBLISHED_AFTER = timedelta(days=1)
_ASSERTION = timedelta(minutes=5)


def published() -> list[dict[str, Any]]:
    """The public keys that a platform may meet, as JWKs."""
    signing_key()
    current = Q(published_until=None) | Q(published_until__gt=timezone.now())
    return [key.public_jwk for key in ToolKey.objects.filter(current).order_by("created_at")]


def signing_key() -> ToolKey:
    """The newest key that signs by now; the first one is made when it is first needed."""
    now = timezone.now()
    key = ToolKey.objects.filter(signs_from__lte=now).order_by("-signs_from", "-pk").first()
    return key or _make(signs_from=now)


@transaction.atomic
def rotate() -> tuple[ToolKey, datetime]:
    """Make a new key; it, and the moment until which the old ones stay published."""
    signing_key()
    signs_from = timezone.now() + PUBLISHED_BEFORE
    until = signs_from + PUBLISHED_AFTER
    ToolKey.objects.filter(published_until=None).update(published_until=until)
    return _make(signs_from=signs_from), until


def client_assertion(platform: Platform) -> str:
    """Proves to the platform's token endpoint that it is us (RFC 7523, canvas.md 1.1)."""
    key, now = signing_key(), timezone.now()
    claims = {
        "iss": platform.client_id,
        "sub": platform.client_id,
        "aud": platform.token_url,
        "iat": now,
        "exp": now + _ASSERTION,
        "jti": str(uuid.uuid4()),
    }
    private = host().cipher.unseal(key.sealed_private_key, place=_place(key.kid))
    return jwt.encode(claims, private, algorithm="RS256", headers={"kid": key.kid})


def _make(*, signs_from: datetime) -> ToolKey:
    private, kid = rsa.generate_private_key(public_exponent=65537, key_size=BITS), str(uuid.uuid4())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    jwk = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
    jwk = {name: jwk[name] for name in ("kty", "n", "e")}
    return ToolKey.objects.create(
        kid=kid,
        public_jwk=jwk | {"kid": kid, "alg": "RS256", "use": "sig"},
        sealed_private_key=host().cipher.seal(pem, place=_place(kid)),
        signs_from=signs_from,
    )


def _place(kid: str) -> str:
    return f"tool key {kid}"
