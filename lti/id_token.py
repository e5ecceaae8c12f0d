"""Which ID tokens are acceptable before and after their signature is verified. Pure.

Order and limits are those of the 1EdTech Security Framework 1.0, 5.1.3, made stricter where
Canvas allows it (faults-and-threats.md 1.1). No message repeats anything of a token.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lti.errors import Malformed, NotFromPlatform, OutOfDate

ALGORITHM = "RS256"
# Canvas's list of administered accounts alone may have 40,000 characters.
MAX_LENGTH = 256 * 1024
LEEWAY_SECONDS = 60
MAX_AGE_SECONDS = 600
MAX_LIFE_SECONDS = 7200

_KID = re.compile(r"[\x21-\x7e]{1,255}")
# Whoever signs does not get to name the key, or to change what a signature covers.
_FORBIDDEN_HEADERS = frozenset({"crit", "b64", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"})
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


def unverified(id_token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token whose signature nobody has looked at. Raises Malformed."""
    if len(id_token) > MAX_LENGTH:
        raise Malformed("This launch is too large.")
    segments = id_token.split(".")
    if len(segments) != 3:
        raise Malformed("This launch is not a signed token.")
    return _object(segments[0]), _object(segments[1])


def check_header(header: Mapping[str, Any]) -> str:
    """The id of the key that the token claims to be signed with. Raises Malformed."""
    if header.get("alg") != ALGORITHM:
        raise Malformed("This launch is not signed in the way that is agreed.")
    if header.get("typ", "JWT") not in ("JWT", "jwt") or _FORBIDDEN_HEADERS & header.keys():
        raise Malformed("This launch asks to be verified in another way than is agreed.")
    kid = header.get("kid")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise Malformed("This launch does not name the key it was signed with.")
    return kid


def audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """For whom the token is. Raises Malformed."""
    value = claims.get("aud")
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or len(found) > 10:
        raise Malformed("This launch does not say for whom it is.")
    if not all(isinstance(one, str) and one for one in found):
        raise Malformed("This launch does not say for whom it is.")
    return tuple(found)


def party(claims: Mapping[str, Any]) -> tuple[str, str]:
    """Issuer, and the client id that the token is for. Raises Malformed, NotFromPlatform.

    With several audiences the authorized party decides; a foreign one beside ours is refused,
    because whoever it is could use the token here.
    """
    issuer, found = claims.get("iss"), audiences(claims)
    if not isinstance(issuer, str) or not issuer:
        raise Malformed("This launch does not say who issued it.")
    azp = claims.get("azp", found[0] if len(found) == 1 else None)
    if not isinstance(azp, str) or azp not in found:
        raise NotFromPlatform("This launch was made for another tool.")
    return issuer, azp


def check_audience(found: Sequence[str], *, client_id: str, trusted: frozenset[str]) -> None:
    """Raises NotFromPlatform where somebody is among the audience who is not known to us."""
    if client_id not in found or not set(found) <= trusted | {client_id}:
        raise NotFromPlatform("This launch was made for another tool as well.")


def check_times(claims: Mapping[str, Any], *, now: float) -> None:
    """Raises Malformed where a time is missing, OutOfDate where it does not fit."""
    issued, expires = _time(claims, "iat"), _time(claims, "exp")
    begins = _time(claims, "nbf") if "nbf" in claims else issued
    if now > expires + LEEWAY_SECONDS or now - issued >= MAX_AGE_SECONDS + LEEWAY_SECONDS:
        raise OutOfDate("This launch is too old.")
    if max(issued, begins) > now + LEEWAY_SECONDS:
        raise OutOfDate("This launch is of the future: the clock of Canvas, or ours, is wrong.")
    if expires - issued > MAX_LIFE_SECONDS:
        raise OutOfDate("This launch says that it may be used for too long.")


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Malformed("This launch does not say when it was made and until when it counts.")
    return float(value)


def _object(segment: str) -> dict[str, Any]:
    if not _SEGMENT.fullmatch(segment):
        raise Malformed("This launch is not a signed token.")
    try:
        text = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode()
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        # What no database keeps: NUL, and halves of a surrogate pair.
        if "\\u0000" in text or not json.dumps(value, ensure_ascii=False).encode():
            value = None
    except (ValueError, binascii.Error, RecursionError):
        raise Malformed("This launch cannot be read.") from None
    if not isinstance(value, dict):
        raise Malformed("This launch cannot be read.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers might each believe another one of two claims with one name."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)
