"""By what rules a run plans: settings, profile, the clock, and whose Canvas it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.utils import timezone

from gradesync.course_settings import Effective, Layer, Settings, effective
from gradesync.ids import namespace
from gradesync.models import CourseSync, SyncDefaults, SyncRun
from gradesync.profile import Profile
from gradesync.rules import Rules
from integration.models import CanvasConnection, District, QConnection


def rules_for(sync: SyncRun, now: datetime, account_uuid: str = "") -> Rules:
    """What holds for a run. `account_uuid` where Canvas was asked for it just now.

    Raises:
        ValueError: a level of settings has chosen what cannot be chosen.
    """
    district = sync.course.district
    canvas = CanvasConnection.objects.get(district=district)
    q = QConnection.objects.get(district=district)
    settings = settings_of(sync.course)
    return Rules(
        settings=settings,
        profile=Profile.read(q.profile),
        zone=ZoneInfo(district.time_zone),
        now=now,
        namespace=namespace(account_uuid or canvas.account_uuid, environment(canvas.base_url)),
        root=q.base_url.strip().rstrip("/"),
        on_conflict=sync.on_conflict or settings.on_conflict,  # type: ignore[arg-type]  # one of OnConflict
        force=sync.force,
        is_provisioned=district.provisioned_at is not None,
    )


def settings_of(course: CourseSync) -> Settings:
    """What holds for a course.

    Raises:
        ValueError: a level has chosen what cannot be chosen.
    """
    return effective_of(course).settings


def effective_of(course: CourseSync) -> Effective:
    """A course's own choices over those of its term, its schools and the account; each with where
    it comes from.

    Raises:
        ValueError: a level has chosen what cannot be chosen.
    """
    return effective([*_above(course), Layer("course", course.chosen)])


def inherited_of(course: CourseSync) -> Effective:
    """What would hold if the course chose nothing for itself."""
    return effective(_above(course))


def _above(course: CourseSync) -> list[Layer]:
    above = list(SyncDefaults.objects.filter(district=course.district))
    layers: list[Layer] = []
    for place in ("", *course.account_ids):  # the outer ones first
        layers += [_layer(one) for one in above if one.where != "term" and one.place == place]
    layers += [_layer(one) for one in above if one.where == "term" and one.place == course.term_id]
    return layers


def around(kept: SyncDefaults) -> Effective:
    """What holds for a school or term that chooses nothing: the account's choices, and no more.

    A school inside another one, and the schools of a term, differ from course to course.
    """
    if kept.where == SyncDefaults.Where.ACCOUNT:
        return effective([])
    above = SyncDefaults.objects.filter(district=kept.district, where=SyncDefaults.Where.ACCOUNT)
    return effective([_layer(one) for one in above])


def follow_automatic(course: CourseSync) -> None:
    """Let the columns that the sweeper looks at say what the levels together have chosen."""
    settings = settings_of(course)
    columns = settings.when
    if all(getattr(course, name) == value for name, value in columns.items()):
        return
    begins = course.mode != settings.automatic and settings.automatic != "off"
    if begins:
        # Nights that went by before it was chosen are nobody's, and neither are older grades.
        columns = {**columns, "since": timezone.now(), "looked_at": None}
    CourseSync.objects.filter(pk=course.pk).update(**columns)


def _layer(one: SyncDefaults) -> Layer:
    return Layer(one.where, one.chosen, frozenset(one.locked))  # type: ignore[arg-type]  # one of Where


def environment(base_url: str) -> str:
    """Which of Instructure's copies of a Canvas this is: "beta", "test", or "" for none."""
    labels = (urlsplit(base_url).hostname or "").split(".")
    return next((name for name in ("beta", "test") if name in labels[1:-2]), "")


def is_copy(district: District, launched_from: Iterable[str] = ()) -> bool:
    """A beta or test Canvas that may not write to Q (design 8).

    `launched_from`: the issuer and hosts of the launch of whoever presses. A copy may carry the
    deployment of production, and whoever tries something there means no real grade.
    """
    urls = [CanvasConnection.objects.get(district=district).base_url]
    urls += [one if "://" in one else f"https://{one}" for one in launched_from]
    allowed = SyncDefaults.objects.filter(district=district, copies_may_write=True)
    return any(map(environment, urls)) and not allowed.exists()
