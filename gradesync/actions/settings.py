"""Changes how courses are synced: of one course, or what a level above has chosen for many.

Each change is audited with what it was before; nothing is written where nothing differs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from gradesync import rulebook
from gradesync.course_settings import NAMES, Effective, Settings
from gradesync.errors import BadSetting, LockedSetting
from gradesync.models import CourseSync, SyncDefaults
from integration.models import AuditEvent, District


def change_course(course: CourseSync, chosen: Mapping[str, Any], *, by: str) -> Effective:
    """Set what a course chooses for itself; None leaves a setting to the levels above.

    Raises:
        LockedSetting: a level above holds it for every course.
        BadSetting: no such setting, or a value that it cannot have.
    """
    locked = rulebook.effective_of(course).locked & set(chosen)
    if locked:
        raise LockedSetting(f"{', '.join(sorted(locked))}: set for all courses by a level above.")
    with transaction.atomic():
        kept = CourseSync.objects.select_for_update().get(pk=course.pk)
        was, now = kept.chosen, _changed(kept.chosen, chosen)
        if was != now:
            kept.chosen = now
            kept.save(update_fields=["chosen"])
            _tell(course.district, by, f"course {course.canvas_id}", was, now)
            rulebook.follow_automatic(kept)
    course.refresh_from_db()
    return rulebook.effective_of(course)


def change_defaults(
    district: District,
    where: str,
    place: str,
    chosen: Mapping[str, Any],
    *,
    by: str,
    locked: Collection[str] | None = None,
    copies_may_write: bool | None = None,
) -> SyncDefaults:
    """Set what an account, a school or a term chooses for the courses inside it; None unsets.

    `place` is the Canvas id of the sub-account or term, "" for the whole account. `locked`: all
    the names that the levels inside cannot change, None to leave them as they are.
    `copies_may_write`: a beta or test Canvas may write to Q; of the whole account only.

    Raises:
        BadSetting: no such setting or level, or a value that it cannot have.
    """
    is_whole = where == SyncDefaults.Where.ACCOUNT
    if where not in SyncDefaults.Where.values or is_whole == bool(place):
        raise BadSetting("A school or term is named by its Canvas id; the whole account by none.")
    if unknown := set(locked or ()) - NAMES:
        raise BadSetting(f"There is no setting {', '.join(sorted(unknown))}.")
    with transaction.atomic():
        kept, _ = SyncDefaults.objects.get_or_create(district=district, where=where, place=place)
        was = _told(kept)
        kept.chosen = _changed(kept.chosen, chosen)
        if locked is not None:
            kept.locked = sorted(locked)
        if copies_may_write is not None and is_whole:
            kept.copies_may_write = copies_may_write
        if was != _told(kept):
            kept.save()
            _tell(district, by, f"{where} {place}".strip(), was, _told(kept))
            for course in CourseSync.objects.filter(district=district).select_related("district"):
                rulebook.follow_automatic(course)
    return kept


def _changed(was: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := chosen.keys() - NAMES:
        raise BadSetting(f"There is no setting {', '.join(sorted(unknown))}.")
    now = {name: value for name, value in {**was, **chosen}.items() if value is not None}
    try:
        Settings(**{name: value for name, value in now.items() if name in NAMES})
    except ValueError as error:
        raise BadSetting(f"{error}.") from error
    return now


def _told(kept: SyncDefaults) -> dict[str, Any]:
    return {**kept.chosen, "locked": kept.locked, "copies_may_write": kept.copies_may_write}


def _tell(
    district: District, by: str, subject: str, was: Mapping[str, Any], now: Mapping[str, Any]
) -> None:
    names = {name for name in {*was, *now} if was.get(name) != now.get(name)}
    AuditEvent.objects.create(
        district=district.slug,
        actor=by,
        action="grades.settings",
        subject=subject,
        before={name: was[name] for name in sorted(names) if name in was},
        after={name: now[name] for name in sorted(names) if name in now},
    )
