"""A platform's public keys: fetched through the guarded door, cached, kept while it is down.

An unknown key id asks the platform again, at most once a minute for all of this installation,
so that forged tokens cannot make us knock at somebody's door (G14-G19).
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from lti.errors import KeysUnavailable, NotFromPlatform
from lti.models import KeySet
from lti.registry import Unreachable, host

logger = logging.getLogger(__name__)

FRESH = timedelta(hours=1)
LAST_GOOD = timedelta(hours=72)
BETWEEN_FETCHES = timedelta(seconds=60)
# How long a process goes on without looking into the database.
REMEMBERED = timedelta(seconds=60)
_MAX_BYTES = 256 * 1024
_SECONDS = 5.0
_LOOK_EVERY = 0.1
_BITS = range(2048, 8193)
_MOST_KEYS = 50

Jwk = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What the database said of a key set, and when."""

    keys: dict[str, Jwk]
    at: datetime


_remembered: dict[str, _Remembered] = {}


def public_key(url: str, kid: str) -> Jwk:
    """The key that the platform publishes at `url` under this id, as a JWK.

    Raises:
        KeysUnavailable: the platform was never reached, or not for three days.
        NotFromPlatform: it publishes no such key.
    """
    now = timezone.now()
    remembered = _remembered.get(url)
    if remembered and kid in remembered.keys and now - remembered.at < REMEMBERED:
        return remembered.keys[kid]
    known = KeySet.objects.filter(url=url).first()
    if known is None:
        known, _ = KeySet.objects.get_or_create(url=url)
    is_fresh = known.fetched_at is not None and now - known.fetched_at < FRESH
    if not (is_fresh and kid in known.keys):
        if _may_fetch(known, now):
            _refresh(known, now)
        elif kid not in known.keys:
            _wait_for_another(known, now)
    if known.fetched_at is None or now - known.fetched_at > LAST_GOOD:
        raise KeysUnavailable("The keys of Canvas could not be read.")
    if kid not in known.keys:
        raise NotFromPlatform("This launch was not signed by Canvas.")
    _remembered[url] = _Remembered(known.keys, now)
    jwk: Jwk = known.keys[kid]
    return jwk


def forget_remembered() -> None:
    """Look into the database again, as every process does by itself each minute."""
    _remembered.clear()


def _may_fetch(known: KeySet, now: datetime) -> bool:
    """True for one caller a minute, whichever process it is in."""
    due = Q(tried_at=None) | Q(tried_at__lte=now - BETWEEN_FETCHES)
    return bool(KeySet.objects.filter(due, pk=known.pk).update(tried_at=now))


def _wait_for_another(known: KeySet, now: datetime) -> None:
    """Somebody may be asking at this moment: after a rotation, launches come side by side."""
    for _ in range(int(_SECONDS / _LOOK_EVERY)):
        known.refresh_from_db()
        asked, answered = known.tried_at, known.fetched_at
        if asked is None or now - asked > timedelta(seconds=_SECONDS):
            return
        if answered is not None and answered >= asked:
            return
        time.sleep(_LOOK_EVERY)


def _refresh(known: KeySet, now: datetime) -> None:
    """Ask the platform; what is not a usable set leaves the last good one as it is."""
    try:
        answer = host().request(
            "GET",
            known.url,
            headers={"Accept": "application/json"},
            max_bytes=_MAX_BYTES,
            seconds=_SECONDS,
        )
    except Unreachable as error:
        logger.warning("no keys from platform keyset=%s: %s", known.pk, error)
        return
    keys = _usable(answer.body) if answer.status == 200 else {}
    if not keys:
        logger.warning("no usable keys from platform keyset=%s status=%s", known.pk, answer.status)
        return
    known.keys, known.fetched_at = keys, now
    known.save(update_fields=["keys", "fetched_at"])


def _usable(body: bytes) -> dict[str, Jwk]:
    """The RSA signature keys of a JWK set, by id; empty where it is none."""
    try:
        listed = json.loads(body)["keys"]
        return dict(found for key in listed[:_MOST_KEYS] if (found := _rsa(key)))
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}


def _rsa(key: Any) -> tuple[str, Jwk] | None:
    if not isinstance(key, dict) or not all(isinstance(key.get(n), str) for n in ("kid", "n", "e")):
        return None
    if key.get("kty") != "RSA" or key.get("use", "sig") != "sig":
        return None
    if key.get("alg", "RS256") != "RS256" or _bits(key["n"]) not in _BITS:
        return None
    return key["kid"], {"kty": "RSA", "kid": key["kid"], "n": key["n"], "e": key["e"]}


def _bits(number: str) -> int:
    try:
        raw = base64.urlsafe_b64decode(number + "=" * (-len(number) % 4))
    except (ValueError, binascii.Error):
        return 0
    return int.from_bytes(raw).bit_length()
