"""One-time codes: made by whoever runs this installation, or an admin; used once, in time."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from integration.models import AuditEvent, District, Invitation

LIFE = timedelta(days=3)
# Read aloud without mistakes: no 0 and O, no 1, I and L.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 5, 5


def invite(*, by: str, district: District | None = None) -> tuple[str, Invitation]:
    """A new code, shown only now: for a district a claim code, without one a registration code."""
    letters = [secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP)]
    code = "-".join("".join(letters[at : at + _GROUP]) for at in range(0, len(letters), _GROUP))
    purpose = Invitation.Purpose.CLAIM if district else Invitation.Purpose.REGISTRATION
    invitation = Invitation.objects.create(
        purpose=purpose,
        district=district,
        code_hash=_digest(code),
        made_by=by,
        expires_at=timezone.now() + LIFE,
    )
    AuditEvent.objects.create(
        district=district.slug if district else "",
        actor=by,
        action="invitation.made",
        subject=purpose,
        after={"expires_at": invitation.expires_at.isoformat()},
    )
    return code, invitation


def find(code: str, purpose: str) -> Invitation | None:
    """The invitation that is still open."""
    return _open(code, purpose).select_related("district").first()


def redeem(code: str, purpose: str, *, by: str) -> bool:
    """Use it up; True for exactly one caller."""
    return bool(_open(code, purpose).update(used_at=timezone.now(), used_by=by[:255]))


class RegistrationCodes:
    """What the launch room may do with registration codes."""

    def is_open(self, code: str) -> bool:
        return find(code, Invitation.Purpose.REGISTRATION) is not None

    def redeem(self, code: str, *, by: str) -> bool:
        return redeem(code, Invitation.Purpose.REGISTRATION, by=by)

    def give_back(self, code: str) -> None:
        used = Invitation.objects.filter(
            code_hash=_digest(code), purpose=Invitation.Purpose.REGISTRATION
        )
        used.update(used_at=None, used_by="")


def _open(code: str, purpose: str) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        code_hash=_digest(code), purpose=purpose, used_at=None, expires_at__gt=timezone.now()
    )


def _digest(code: str) -> str:
    """However it is typed: lower case, with spaces, without hyphens."""
    letters = "".join(letter for letter in code.upper() if letter in _LETTERS)
    return hashlib.sha256(letters.encode()).hexdigest()
