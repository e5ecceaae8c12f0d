"""By what rules a run plans: settings, profile, the clock, and whose Canvas it is."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from gradesync.course_settings import Layer, Settings, effective
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
    return Rules(
        settings=settings_of(sync.course),
        profile=Profile.read(q.profile),
        zone=ZoneInfo(district.time_zone),
        now=now,
        namespace=namespace(account_uuid or canvas.account_uuid, environment(canvas.base_url)),
        root=q.base_url.strip().rstrip("/"),
        on_conflict=sync.on_conflict,  # type: ignore[arg-type]  # one of OnConflict
        force=sync.force,
        is_provisioned=district.provisioned_at is not None,
    )


def settings_of(course: CourseSync) -> Settings:
    """What holds for a course: its own choices over those of its district.

    Raises:
        ValueError: a level has chosen what cannot be chosen.
    """
    account = SyncDefaults.objects.filter(
        district=course.district, where=SyncDefaults.Where.ACCOUNT
    ).first()
    layers = [Layer("course", course.chosen)]
    if account:
        layers.append(Layer("account", account.chosen, frozenset(account.locked)))
    return effective(layers).settings


def environment(base_url: str) -> str:
    """Which of Instructure's copies of a Canvas this is: "beta", "test", or "" for none."""
    labels = (urlsplit(base_url).hostname or "").split(".")
    return next((name for name in ("beta", "test") if name in labels[1:-2]), "")


def is_copy(district: District) -> bool:
    """A beta or test Canvas that may not write to Q (design 8)."""
    connection = CanvasConnection.objects.get(district=district)
    allowed = SyncDefaults.objects.filter(district=district, copies_may_write=True)
    return bool(environment(connection.base_url)) and not allowed.exists()
