"""What Canvas has accepted from us, in the database: in bulk, streaming, no model instances."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from operator import itemgetter
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from integration import bulk
from integration.models import Change, CourseAssignment, District, RosterRow, Run
from integration.provisioning.compare import Accepted, Planned
from integration.provisioning.rows import Kind, as_text


def accepted_digests(district: District, kind: Kind) -> set[bytes]:
    """Digests of the rows that are ours and not removed."""
    chunks = bulk.chunks(
        "SELECT digest FROM integration_rosterrow WHERE district_id = %s AND kind = %s"
        " AND origin = 'ours' AND removed_at IS NULL",
        district.pk,
        kind.name,
    )
    digests: set[bytes] = set()
    for chunk in chunks:
        digests.update(map(bytes, map(itemgetter(0), chunk)))
    return digests


def find(district: District, kind: Kind, keys: Collection[str]) -> dict[str, Accepted]:
    """Accepted rows by key, also removed ones and ones only seen in Canvas."""
    return dict(_accepted(district, kind, "key", keys))


def finder(district: District, kind: Kind) -> Callable[[Collection[str]], dict[str, Accepted]]:
    """`find`, without a query where there is nothing of this kind yet: on a first night."""
    if RosterRow.objects.filter(district=district, kind=kind.name).exists():
        return partial(find, district, kind)
    return lambda _: {}


def find_by_digest(
    district: District, kind: Kind, digests: Collection[bytes]
) -> Iterator[tuple[str, Accepted]]:
    """Accepted rows by digest, each with its key."""
    return _accepted(district, kind, "digest", digests)


def _accepted(
    district: District, kind: Kind, field: str, values: Collection[Any]
) -> Iterator[tuple[str, Accepted]]:
    fields = ("key", "row", "digest", "origin", "removed_at", "school")
    rows = RosterRow.objects.filter(district=district, kind=kind.name)
    if field == "digest":
        rows = rows.filter(origin=RosterRow.Origin.OURS, removed_at=None)
    for batch in bulk.batches(values, bulk.IN_LIMIT):
        for key, row, named, origin, removed_at, school in rows.filter(
            **{f"{field}__in": batch}
        ).values_list(*fields):
            ours = origin == RosterRow.Origin.OURS
            yield (
                key,
                Accepted(
                    tuple(json.loads(row)), bytes(named), ours, removed_at is not None, school
                ),
            )


def is_empty(district: District) -> bool:
    return not RosterRow.objects.filter(district=district).exists()


def accepted_keys(district: District, kind: Kind) -> set[str]:
    """For the small kinds only (terms)."""
    rows = RosterRow.objects.filter(district=district, kind=kind.name, removed_at=None)
    return set(rows.values_list("key", flat=True))


def forget_observed(district: District) -> None:
    """Drop what was only seen in Canvas, before it is read anew."""
    RosterRow.objects.filter(district=district, origin=RosterRow.Origin.CANVAS).delete()


def forget_settled(run: Run) -> None:
    """Drop what the run saw in Canvas, but for what it would have changed and left to rest.

    That is still the truth the next plans are made against, until it goes: without it they would
    take what Canvas holds for nothing, and an undo would have nothing to give back.
    """
    seen = RosterRow.objects.filter(district=run.district, origin=RosterRow.Origin.CANVAS, run=run)
    rests = Change.objects.filter(
        run=run, kind=OuterRef("kind"), key=OuterRef("key"), state=Change.State.SET_ASIDE
    )
    seen.filter(~Exists(rests)).delete()


_ROSTER_FIELDS = ("district", "kind", "key", "school", "digest", "row", "origin", "run")


def keep_observed(
    run: Run, kind: Kind, rows: Iterable[tuple[tuple[str | None, ...], bytes]]
) -> int:
    """Store what Canvas holds and we did not send, and count it; what is ours stays ours."""
    count = 0
    for batch in bulk.batches(rows):
        by_key = {
            kind.key(tuple(value or "" for value in row)): (row, digest) for row, digest in batch
        }
        ours = find(run.district, kind, by_key.keys())
        bulk.insert(
            RosterRow,
            _ROSTER_FIELDS,
            (
                (run.district_id, kind.name, key, "", digest, as_text(row), "canvas", run.pk)
                for key, (row, digest) in by_key.items()
                if key not in ours
            ),
        )
        count += len(by_key) - len(ours)
    return count


def accept(run: Run, kind: Kind, lines: Iterable[Planned]) -> None:
    """Record rows that Canvas already holds as wanted, without sending anything."""
    for batch in bulk.batches(lines, bulk.IN_LIMIT):
        with transaction.atomic():
            RosterRow.objects.filter(
                district=run.district, kind=kind.name, key__in=[line.key for line in batch]
            ).delete()
            bulk.insert(
                RosterRow,
                _ROSTER_FIELDS,
                (
                    (
                        run.district_id,
                        kind.name,
                        line.key,
                        line.group,
                        line.digest,
                        as_text(line.after),
                        "ours",
                        run.pk,
                    )
                    for line in batch
                ),
            )


def course_assignments(district: District) -> dict[str, str]:
    """Section SIS ID to the SIS ID of the course it stays in."""
    rows = CourseAssignment.objects.filter(district=district)
    return dict(rows.values_list("sis_section_id", "sis_course_id"))


def keep_assignments(district: District, course_of: Mapping[str, str]) -> None:
    """Remember the course of each section that has none yet."""
    known = course_assignments(district)
    bulk.insert(
        CourseAssignment,
        ("district", "sis_section_id", "sis_course_id"),
        (
            (district.pk, section, course)
            for section, course in course_of.items()
            if section not in known
        ),
    )


def mark_provisioned(district: District) -> None:
    """From now on our own table is the truth."""
    District.objects.filter(pk=district.pk, provisioned_at=None).update(provisioned_at=Now())
