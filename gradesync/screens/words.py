"""What the screens say: our catalogue and states in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal

from django.utils import formats, timezone
from django.utils.translation import gettext, ngettext

from gradesync.catalogue import CATALOGUE
from gradesync.telling import phrase
from integration.oneroster.gradebook_types import Value
from integration.saying import said


def sentence(code: str, told: str = "") -> str:
    """A sentence as it was `told` (in English, with its words), in the reader's language."""
    return said(phrase(code, told) or (CATALOGUE[code].sentence if code in CATALOGUE else ""))


def remedy(code: str) -> str:
    """What to do, "" where there is nothing."""
    entry = CATALOGUE.get(code)
    return "" if entry is None or entry.remedy == "Nothing." else gettext(entry.remedy)


def who(code: str) -> str:
    """Who can act."""
    entry = CATALOGUE.get(code)
    names: Mapping[str, str] = {
        "teacher": gettext("You"),
        "admin": gettext("Your Canvas team"),
        "office": gettext("Your school office"),
        "nobody": gettext("Nobody has to"),
    }
    return names[entry.who if entry else "admin"]


def acts(who: str) -> str:
    """Who can act, as an administrator calls them."""
    names: Mapping[str, str] = {
        "teacher": gettext("The teacher"),
        "admin": gettext("You"),
        "office": gettext("The school office"),
        "nobody": gettext("Nobody has to"),
    }
    return names[who]


def in_general(sentence: str) -> str:
    """A sentence about one thing, said of many: its names are left open."""
    return re.sub(r"\{\w+\}", "…", sentence)


def number(score: Decimal | None) -> str:
    """A score as it is read here; no more zeros than it has."""
    if score is None:
        return ""
    plain = score.normalize()
    places = max(0, -int(plain.as_tuple().exponent))
    return str(formats.number_format(plain, decimal_pos=places, use_l10n=True))


def value(said: Value | None) -> str:
    """What a cell holds."""
    if said is None:
        return gettext("No score")
    score = number(said.score)
    score = f"{score} · {said.letter}" if said.letter else score
    match said.status:
        case "exempt":
            return gettext("Excused")
        case "not submitted":
            return gettext("Missing, %(score)s") % {"score": score} if score else gettext("Missing")
        case "submitted":
            return gettext("Handed in, no score")
        case "partially graded":
            return gettext("%(score)s, partly graded") % {"score": score}
        case _:
            return score


def grades(count: int) -> str:
    return ngettext("%(count)s grade", "%(count)s grades", count) % {"count": numeral(count)}


def numeral(count: int) -> str:
    return str(formats.number_format(count, use_l10n=True, force_grouping=True))


def when(at: datetime | None) -> str:
    """A day and a time, in the reader's zone."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    if local.year != timezone.localtime().year:
        return f"{day(at)}, {clock(at)}"
    return str(formats.date_format(local, "DATETIME_FORMAT"))


def day(at: datetime | None) -> str:
    return str(formats.date_format(timezone.localtime(at), "DATE_FORMAT")) if at else ""


def clock(at: datetime | None) -> str:
    return str(formats.date_format(timezone.localtime(at), "TIME_FORMAT")) if at else ""


def hour(at: time) -> str:
    return str(formats.time_format(at))


def left(seconds: float) -> str:
    """How long something will still take."""
    if seconds < 60:
        rounded = max(5, round(seconds / 5) * 5)
        return ngettext("About %d second left", "About %d seconds left", rounded) % rounded
    minutes = round(seconds / 60)
    return ngettext("About %d minute left", "About %d minutes left", minutes) % minutes
