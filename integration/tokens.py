"""Tokens of the API: made, recognised and revoked; every one is audited.

TokenRefused
 ├─ TokenUnknown   no such token, or none at all
 ├─ TokenExpired   its day has passed
 └─ TokenRevoked   a person took it back
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integration.errors import QSyncError
from integration.models import ApiToken, AuditEvent, District

# So that scanners for lost secrets can tell what they have found.
PREFIX = "qsync_"
SECRET_BYTES = 32
HINT = len(PREFIX) + 6
LONGEST = timedelta(days=400)
USUAL_DAYS = 90
USED_AGAIN_AFTER = timedelta(minutes=1)


class TokenRefused(QSyncError):
    """Whoever asks has no token that is good."""

    code = "api.token-refused"


class TokenUnknown(TokenRefused):
    code = "api.token-unknown"
    remedy = "Send the header “Authorization: Bearer …” with a token of this installation."


class TokenExpired(TokenRefused):
    code = "api.token-expired"
    remedy = "Ask an administrator of the district for a new token."


class TokenRevoked(TokenRefused):
    code = "api.token-revoked"
    remedy = "Ask an administrator of the district why, and for a new token."


class TokenNotMade(QSyncError):
    """What was asked for is no token that may be."""

    code = "api.token-not-made"
    remedy = f"Give it a name, at least one right, and a life of at most {LONGEST.days} days."


def make(
    *, district: District, name: str, rights: Collection[str], life: timedelta, by: str
) -> tuple[str, ApiToken]:
    """A new token and its secret, which is shown only now.

    Raises:
        TokenNotMade: without a name or rights, or for too long.
    """
    name = " ".join(name.split())
    unknown = set(rights) - set(ApiToken.Right.values)
    if not name or len(name) > 100:
        raise TokenNotMade("A token has a name of at most 100 characters.")
    if unknown or not rights:
        raise TokenNotMade(f"The rights are: {', '.join(ApiToken.Right.values)}.")
    if not timedelta(0) < life <= LONGEST:
        raise TokenNotMade(f"A token is good for at least a day and at most {LONGEST.days} days.")
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    with transaction.atomic():
        token = ApiToken.objects.create(
            district=district,
            name=name,
            hint=secret[:HINT],
            secret_hash=_digest(secret),
            rights=[right for right in ApiToken.Right.values if right in rights],
            created_by=by,
            expires_at=timezone.now() + life,
        )
        _tell(token, "token.made", by)
    return secret, token


def revoke(token: ApiToken, *, by: str) -> None:
    """Take a token back, at once and for good; a second time changes nothing."""
    with transaction.atomic():
        open_ones = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
        if open_ones.update(revoked_at=timezone.now()):
            token.refresh_from_db()
            _tell(token, "token.revoked", by)


def recognised(secret: str) -> ApiToken:
    """The token of a secret, with its district; its use is noted.

    Raises:
        TokenUnknown, TokenExpired, TokenRevoked: it opens nothing.
    """
    known = ApiToken.objects.select_related("district")
    token = known.filter(secret_hash=_digest(secret)).first()
    if token is None:
        raise TokenUnknown("No token was sent, or one that is not known here.")
    if token.revoked_at:
        raise TokenRevoked(f"This token was revoked on {token.revoked_at:%Y-%m-%d}.")
    now = timezone.now()
    if token.expires_at <= now:
        raise TokenExpired(f"This token was good until {token.expires_at:%Y-%m-%d}.")
    if token.last_used_at is None or now - token.last_used_at > USED_AGAIN_AFTER:
        long_ago = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_AGAIN_AFTER)
        ApiToken.objects.filter(long_ago, pk=token.pk).update(last_used_at=now)
    return token


def _digest(secret: str) -> str:
    """Plain SHA-256 will do: the secret is 256 random bits, which nobody guesses."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _tell(token: ApiToken, action: str, by: str) -> None:
    AuditEvent.objects.create(
        district=token.district.slug,
        actor=by,
        action=action,
        subject=f"token {token.pk}",
        after=token.as_dict(),
    )
