"""For whom a view is. Each view says so, and one that does not is not served (S42).

`public`: anybody, without a session. `machine`: a program with credentials of its own.
`require_launch`: somebody whose launch gives the right, in the place the address names.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone, translation

from lti import claims, frames, sessions
from lti.errors import SessionError
from lti.models import LaunchSession
from lti.registry import host
from lti.roles import RIGHTS

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Audience:
    """Kept on the view as `audience`."""

    kind: Literal["public", "machine", "launch"]
    placement: str = ""
    right: str = ""
    fresh: bool = False


def public(view: View) -> View:
    """Anybody may see it."""
    view.audience = Audience("public")  # type: ignore[attr-defined]
    return view


def machine(view: View) -> View:
    """For programs; the view itself asks for their credentials, or tells no secret."""
    view.audience = Audience("machine")  # type: ignore[attr-defined]
    return view


class NotAllowed(SessionError):
    code = "session.not-allowed"
    remedy = "Ask a teacher of this course, or your Canvas administrator."
    status = 403


class NotFresh(SessionError):
    code = "session.not-fresh"
    status = 403


def require_launch(
    *, placement: str, right: str, fresh: bool = False, needs_district: bool = True
) -> Callable[[View], View]:
    """Serve the view only to a launch of this `placement` that gives this `right`.

    `placement` is "course" (course navigation, the gradebook's menu), "account", or "any".
    `fresh`: Canvas told the role within the hour, as secrets and sending grades demand.
    The view finds `request.launch`, `request.launch_session`, and what `Host.enter` put there.
    """
    if right not in RIGHTS:
        raise ValueError(f"{right} is not a right.")
    audience = Audience("launch", placement, right, fresh)

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            # No text of ours holds a NUL, and PostgreSQL refuses the question for one.
            request.GET = QueryDict(request.META.get("QUERY_STRING", "").replace("%00", ""))
            try:
                session = sessions.required(request)
                _check(session, audience, kwargs)
                request.launch = session.launched  # type: ignore[attr-defined]
                request.launch_session = session  # type: ignore[attr-defined]
                with as_told(session.launched):
                    answer = host().enter(request, needs_district=needs_district)
                    answer = answer or view(request, *args, **kwargs)
            except SessionError as error:
                return refused(request, error)
            except Http404:
                return framed(request, render(request, "404.html", status=404))
            return framed(request, answer)

        checked.audience = audience  # type: ignore[attr-defined]
        return checked

    return decorate


@contextmanager
def as_told(launch: claims.Launch) -> Iterator[None]:
    """In the person's time zone, and in their language where the pages are written in it."""
    try:
        language = translation.get_supported_language_variant(launch.locale)
    except LookupError:
        language = settings.LANGUAGE_CODE
    try:
        zone = ZoneInfo(launch.time_zone) if launch.time_zone else None
    except (ZoneInfoNotFoundError, ValueError):
        zone = None
    with translation.override(language), timezone.override(zone):
        yield


def refused(request: HttpRequest, error: SessionError) -> HttpResponse:
    """A short page that says what the person can do."""
    return framed(
        request, render(request, "lti/refused.html", {"error": error}, status=error.status)
    )


def framed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """An answer that only its Canvas may frame, and nobody may keep."""
    response["Cache-Control"] = "no-store"
    return frames.allow(response, sessions.hosts(request))


def by_address(response: HttpResponse) -> HttpResponse:
    """A page whose address is the right to see it: kept by nobody, its address told to nobody."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _check(session: LaunchSession, audience: Audience, kwargs: dict[str, Any]) -> None:
    """Raises SessionError; a course or account that is not the launch's does not exist."""
    launch = session.launched
    if audience.placement not in ("any", launch.place):
        raise Http404
    if "course_id" in kwargs and str(kwargs["course_id"]) != launch.course_id:
        raise Http404
    if launch.place == claims.COURSE and not launch.course_id:
        raise Http404
    if audience.right not in launch.rights:
        raise NotAllowed("Your role in Canvas does not allow this.")
    if audience.fresh and not sessions.is_fresh(session):
        raise NotFresh("It is more than an hour ago that Canvas told us your role.")


class AudienceMiddleware:
    """Defence in depth: a view without an audience is not served, however it got into the URLs."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if not isinstance(getattr(view, "audience", None), Audience):
            logger.error("a view names no audience: %s", getattr(view, "__qualname__", "?"))
            raise Http404
