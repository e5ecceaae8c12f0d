"""One-time codes: made by whoever runs this installation, or an admin; used once, in time."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from integration.models import AuditEvent, District, Invitation

LIFE = timedelta(days=3)
# Whoever has the link and not the word may guess so often.
MOST_TRIES = 5
_WORD_DIGITS = 6
# Read aloud without mistakes: no 0 and O, no 1, I and L.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 5, 5


def invite(*, by: str, district: District | None = None) -> tuple[str, Invitation]:
    """A new code, shown only now: for a district a claim code, without one a registration code."""
    purpose = Invitation.Purpose.CLAIM if district else Invitation.Purpose.REGISTRATION
    code = _new_code()
    return code, _keep(purpose, district, by, code_hash=_digest(code))


def invite_credentials(*, by: str, district: District) -> tuple[str, str, Invitation]:
    """(code, word, invitation): the code is in a link, the word is told by phone; shown only now.

    A link made before is closed: at any time there is one.
    """
    Invitation.objects.filter(
        district=district, purpose=Invitation.Purpose.CREDENTIALS, used_at=None, cancelled_at=None
    ).update(cancelled_at=timezone.now())
    code = _new_code()
    word = "".join(secrets.choice("0123456789") for _ in range(_WORD_DIGITS))
    invitation = _keep(
        Invitation.Purpose.CREDENTIALS,
        district,
        by,
        code_hash=_digest(code),
        word_hash=_word_digest(code, word),
    )
    return code, word, invitation


def knows_word(invitation: Invitation, code: str, word: str) -> bool:
    """Is it the word that was told by phone? A wrong one is counted; after five the link is shut.

    Counted before it is compared, so that guesses at the same moment all count.
    """
    counted = _open(code, Invitation.Purpose.CREDENTIALS).update(tries=F("tries") + 1)
    digits = "".join(letter for letter in word if letter.isdecimal())
    is_it = secrets.compare_digest(_word_digest(code, digits), invitation.word_hash)
    if counted and is_it:
        Invitation.objects.filter(pk=invitation.pk).update(tries=F("tries") - 1)
    return bool(counted) and is_it


def cancel(invitation: Invitation, *, by: str) -> None:
    """Close a link that was not used."""
    open_ones = Invitation.objects.filter(pk=invitation.pk, used_at=None, cancelled_at=None)
    if open_ones.update(cancelled_at=timezone.now()):
        AuditEvent.objects.create(
            district=invitation.district.slug if invitation.district else "",
            actor=by,
            action="invitation.cancelled",
            subject=invitation.purpose,
        )


def _new_code() -> str:
    letters = [secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP)]
    return "-".join("".join(letters[at : at + _GROUP]) for at in range(0, len(letters), _GROUP))


def _word_digest(code: str, word: str) -> str:
    """Nobody finds six digits from this who has not the link too, and that is not kept."""
    return hashlib.sha256(f"{_digest(code)} {code.upper()} {word}".encode()).hexdigest()


def _keep(purpose: str, district: District | None, by: str, **hashes: str) -> Invitation:
    invitation = Invitation.objects.create(
        purpose=purpose,
        district=district,
        made_by=by,
        expires_at=timezone.now() + LIFE,
        **hashes,
    )
    AuditEvent.objects.create(
        district=district.slug if district else "",
        actor=by,
        action="invitation.made",
        subject=purpose,
        after={"expires_at": invitation.expires_at.isoformat()},
    )
    return invitation


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
        code_hash=_digest(code),
        purpose=purpose,
        used_at=None,
        cancelled_at=None,
        expires_at__gt=timezone.now(),
        tries__lt=MOST_TRIES,
    )


def _digest(code: str) -> str:
    """However it is typed: lower case, with spaces, without hyphens."""
    letters = "".join(letter for letter in code.upper() if letter in _LETTERS)
    return hashlib.sha256(letters.encode()).hexdigest()
