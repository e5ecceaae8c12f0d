"""How often somebody may do a thing in a minute, counted for all processes together (S63)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from lti.models import Tally
from lti.secret_words import digest

KEPT = timedelta(minutes=5)
_COUNT_ON = """
    INSERT INTO lti_tally (what, who, minute, count) VALUES (%s, %s, %s, 1)
    ON CONFLICT (what, who, minute) DO UPDATE SET count = lti_tally.count + 1
    RETURNING count
"""


def is_too_often(what: str, who: str, most: int) -> bool:
    """Count it, and say whether that is more than `most` in this minute; 0 never is."""
    if not most:
        return False
    minute = connection.ops.adapt_datetimefield_value(_minute())
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_ON, [what, name_of(who), minute])
        return bool(cursor.fetchone()[0] > most)


def seconds_left() -> int:
    """Until the next minute begins."""
    return 60 - timezone.now().second


def forget_old() -> None:
    Tally.objects.filter(minute__lt=timezone.now() - KEPT).delete()


def name_of(who: str) -> str:
    """Addresses are people's: none is kept in plain words."""
    return digest(who)[:32]


def _minute() -> datetime:
    return timezone.now().replace(second=0, microsecond=0)
