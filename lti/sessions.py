"""After the launch: one session for a person in one course or account, held by one cookie.

The cookie is named for the place (`12-course-5`: deployment, kind, Canvas id), and every link
and form carries that place as `?place=`. So two tabs, of two courses or of two districts, each
keep their own session, and neither can act in the other's name. The place is no secret; the
cookie's key is, and only its digest is stored.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from lti import claims, cookies
from lti.errors import SessionError
from lti.models import Deployment, LaunchSession, LoginAttempt
from lti.secret_words import digest, new_word

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)
# Whoever wants to send grades or touch secrets has launched within this time (S39).
FRESH = timedelta(minutes=60)
HANDOVER = timedelta(seconds=60)
# How exactly `seen_at` is kept: not each request is a write.
_SEEN_EVERY = timedelta(minutes=1)
_MOST_COOKIES = 20
CSRF_SECRET_LENGTH = 32


def begin(
    request: HttpRequest, response: HttpResponse, *, deployment: Deployment, launch: claims.Launch
) -> LaunchSession:
    """Open a session with a key of its own, whatever cookies the browser came with (S34)."""
    key, now = new_word(), timezone.now()
    session = LaunchSession.objects.create(
        key_hash=digest(key),
        deployment=deployment,
        subject=launch.subject,
        launch=launch.as_json(),
        csrf_secret=get_random_string(CSRF_SECRET_LENGTH),
        created_at=now,
        seen_at=now,
    )
    session.launched = launch
    place = place_of(session)
    _tidy(request, response, session, place)
    cookies.keep(
        response,
        cookies.session_name(place),
        key,
        seconds=int(ABSOLUTE.total_seconds()),
    )
    return session


def place_of(session: LaunchSession) -> str:
    """Deployment, kind and Canvas id: what every link of this session carries."""
    launch = session.launched
    return f"{session.deployment_id}-{launch.place}-{launch.canvas_id}"


def find(request: HttpRequest) -> LaunchSession | None:
    """The live session that this request's place and cookie name; looked up once a request."""
    if not hasattr(request, "_launch_session"):
        request._launch_session = _lookup(request)  # type: ignore[attr-defined]  # noqa: SLF001
    session: LaunchSession | None = request._launch_session  # type: ignore[attr-defined]  # noqa: SLF001
    return session


def required(request: HttpRequest) -> LaunchSession:
    """Raises SessionError where there is none, or its installation was switched off (S13)."""
    session = find(request)
    if session is None:
        raise SessionError("Your visit has ended, or this browser did not keep it.")
    deployment = session.deployment
    if not (deployment.is_enabled and deployment.platform.is_enabled):
        raise SessionError("Q Sync was switched off for this Canvas.")
    return session


def hosts(request: HttpRequest) -> list[str]:
    """Who may frame what is said to this browser: its Canvas, also when its session is over."""
    session = find(request)
    place = _place(request)
    key = cookies.read_key(request.COOKIES, cookies.session_name(place)) if place else ""
    if session is None and key:
        ended = LaunchSession.objects.select_related("deployment")
        session = ended.filter(key_hash=digest(key)).first()
    return list(session.deployment.hosts) if session else list(settings.REGISTRATION_HOSTS)


def end(session: LaunchSession) -> None:
    """Close it; its cookie opens nothing any more."""
    session.delete()


def offer_handover(session: LaunchSession) -> str:
    """A word that lets another tab take the session over, once, within a minute."""
    word = new_word()
    session.handover_hash, session.handover_until = digest(word), timezone.now() + HANDOVER
    session.save(update_fields=["handover_hash", "handover_until"])
    return word


def withdraw_handover(session: LaunchSession) -> None:
    """The cookie came back: no other tab is needed."""
    LaunchSession.objects.filter(pk=session.pk).update(handover_hash=None, handover_until=None)


def take_over(word: str) -> LaunchSession | None:
    """The session that the word stands for, for exactly one caller."""
    offered = LaunchSession.objects.filter(
        handover_hash=digest(word), handover_until__gt=timezone.now()
    )
    session = offered.select_related("deployment__platform").first()
    if session is None:
        return None
    taken = LaunchSession.objects.filter(pk=session.pk, handover_hash=session.handover_hash)
    return session if taken.update(handover_hash=None, handover_until=None) else None


def is_live(session: LaunchSession) -> bool:
    """Whether the visit still goes on, asked from outside of it."""
    is_there = LaunchSession.objects.exclude(_ended(timezone.now())).filter(pk=session.pk).exists()
    deployment = session.deployment
    return is_there and deployment.is_enabled and deployment.platform.is_enabled


def is_fresh(session: LaunchSession) -> bool:
    """Whether the person's role was told by Canvas a short while ago."""
    return timezone.now() - session.created_at < FRESH


def url(session: LaunchSession, name: str, *args: Any, **kwargs: Any) -> str:
    """The address of a page for this session: it carries the place."""
    path = reverse(name, args=args, kwargs=kwargs)
    return f"{path}?{urlencode({'place': place_of(session)})}"


def home(session: LaunchSession) -> HttpResponseRedirect:
    """Where the launch leads: a setting maps placement to page."""
    launch = session.launched
    if launch.place == claims.ELSEWHERE:
        return HttpResponseRedirect(url(session, "lti:elsewhere"), status=303)
    name = settings.LTI_PLACEMENTS[launch.placement]
    args = (launch.course_id,) if launch.place == claims.COURSE else ()
    return HttpResponseRedirect(url(session, name, *args), status=303)


def forget_expired() -> int:
    """Delete what no longer opens anything; how many rows."""
    now = timezone.now()
    sessions, _ = LaunchSession.objects.filter(created_at__lte=now - ABSOLUTE).delete()
    attempts, _ = LoginAttempt.objects.filter(expires_at__lt=now).delete()
    return sessions + attempts


def _ended(now: datetime) -> Q:
    return Q(created_at__lte=now - ABSOLUTE) | Q(seen_at__lte=now - IDLE)


def _lookup(request: HttpRequest) -> LaunchSession | None:
    place = _place(request)
    key = cookies.read_key(request.COOKIES, cookies.session_name(place)) if place else ""
    if not key:
        return None
    now = timezone.now()
    live = LaunchSession.objects.exclude(_ended(now)).select_related("deployment__platform")
    session = live.filter(key_hash=digest(key)).first()
    if session is None or place_of(session) != place:
        return None
    if now - session.seen_at >= _SEEN_EVERY:
        LaunchSession.objects.filter(pk=session.pk).update(seen_at=now)
    return session


def _place(request: HttpRequest) -> str:
    """As the address says; where it says nothing, the only one that fits the path."""
    named = request.GET.getlist("place")
    if named:
        return named[0] if len(named) == 1 and len(named[0]) <= 64 else ""
    held = cookies.places(request.COOKIES)
    first, _, rest = request.path_info.lstrip("/").partition("/")
    if first == "courses":
        held = [place for place in held if place.endswith(f"-course-{rest.partition('/')[0]}")]
    elif first == "account":
        held = [place for place in held if "-account-" in place]
    else:
        held = []
    return held[0] if len(held) == 1 else ""


def _tidy(
    request: HttpRequest, response: HttpResponse, session: LaunchSession, replaced: str
) -> None:
    """End what this browser held for another person here, and what it holds too much of."""
    held = cookies.places(request.COOKIES)
    names = {name: cookies.read_key(request.COOKIES, cookies.session_name(name)) for name in held}
    digests = {digest(key): name for name, key in names.items() if key}
    if not digests:
        return
    known = {one.key_hash: one for one in LaunchSession.objects.filter(key_hash__in=digests)}
    over = [
        one
        for one in known.values()
        if one.deployment_id == session.deployment_id
        and (one.subject != session.subject or digests[one.key_hash] == replaced)
    ]
    LaunchSession.objects.filter(pk__in=[one.pk for one in over]).delete()
    ended = {one.key_hash for one in over}
    for key_hash, name in digests.items():
        if key_hash in ended or key_hash not in known:
            cookies.forget(response, cookies.session_name(name))
    kept = sorted((one for one in known.values() if one not in over), key=lambda one: one.seen_at)
    for one in kept[: max(0, len(kept) - _MOST_COOKIES)]:
        cookies.forget(response, cookies.session_name(digests[one.key_hash]))
