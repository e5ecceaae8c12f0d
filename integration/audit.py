"""The chain over the audit log: each link holds an event and the link before it.

The sweeper adds links each minute. An event that is changed, taken out or put in afterwards breaks
the chain; of a log that is rewritten as a whole, the head that was written down elsewhere tells: it
is logged with each new link, and `manage.py audit --head` asks for it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from integration.models import AuditEvent, AuditSeal

logger = logging.getLogger(__name__)

BEGINNING = "0" * 64
# At once; the rest is the next minute's.
MOST = 5000
CHUNK = 500
# What a link holds of its event, beside the time. A column that comes later is not in the links
# that are there: to hold it, too, new links need a form of their own.
HELD = ("id", "district", "actor", "action", "subject", "before", "after", "reason")


@dataclass
class Verified:
    """What the chain says. `waiting` events have no link yet; `faults` are sentences."""

    sealed: int = 0
    waiting: int = 0
    head: str = BEGINNING
    faults: list[str] = field(default_factory=list)


def seal() -> int:
    """Add a link for each event that has none; how many. Of two at once one does it."""
    events = list(_unsealed().order_by("pk")[:MOST])
    if not events:
        return 0
    last = AuditSeal.objects.order_by("-number").first()
    head, known = (last.hash, last.number) if last else (BEGINNING, 0)
    links = []
    for number, event in enumerate(events, known + 1):
        head = _link(head, event)
        links.append(AuditSeal(number=number, event=event.pk, hash=head))
    try:
        with transaction.atomic():
            AuditSeal.objects.bulk_create(links, batch_size=CHUNK)
    except IntegrityError:
        return 0
    logger.info(
        "audit log sealed events=%d number=%d head=%s", len(links), known + len(links), head
    )
    return len(links)


def verify(*, head: str = "") -> Verified:
    """Read the whole log against its chain. `head`: a link that was written down earlier."""
    found = Verified(waiting=_unsealed().count())
    is_head_there = not head
    for link, event in _linked():
        found.sealed += 1
        if link.number != found.sealed:
            found.faults.append(f"Links {found.sealed} to {link.number - 1} are gone.")
            found.sealed = link.number
        if event is None:
            found.faults.append(f"Event {link.event}, link {link.number}, is gone.")
        elif _link(found.head, event) != link.hash:
            told = f"Event {event.pk}, link {link.number}, is not what was written"
            found.faults.append(f"{told}, or the link before it is another one.")
        found.head = link.hash
        is_head_there = is_head_there or link.hash == head
    if not is_head_there:
        found.faults.append("The head that was written down is not in this chain.")
    return found


def _unsealed() -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(~Exists(AuditSeal.objects.filter(event=OuterRef("pk"))))


def _linked() -> Iterator[tuple[AuditSeal, AuditEvent | None]]:
    links = AuditSeal.objects.order_by("number").iterator(CHUNK)
    while some := list(islice(links, CHUNK)):
        events = AuditEvent.objects.in_bulk([link.event for link in some])
        for link in some:
            yield link, events.get(link.event)


def _link(before: str, event: AuditEvent) -> str:
    told: dict[str, Any] = {name: getattr(event, name) for name in HELD}
    told["at"] = event.at.isoformat()
    text = json.dumps([before, told], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
