"""Who may open the pages that tell of a whole district, and who may do something there."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST, require_safe

from integration.account import tabs
from integration.models import Run
from lti import sessions
from lti.audience import NotAllowed, View, require_launch
from lti.claims import ACCOUNT, Launch
from lti.roles import ACCOUNT_MANAGE, ACCOUNT_OPEN, is_root_admin


def sees_all(launch: Launch) -> bool:
    """The whole district is for an admin of the root account, in the root account."""
    return is_root_admin(launch.standing) and launch.in_root


def district_page(view: View) -> View:
    """A page that tells of the whole district; GET only."""
    return require_launch(placement=ACCOUNT, right=ACCOUNT_OPEN)(require_safe(_whole(view)))


def district_form(view: View) -> View:
    """A page that shows a form and takes it: only for whoever may change things, freshly told."""
    return require_launch(placement=ACCOUNT, right=ACCOUNT_MANAGE, fresh=True)(_whole(view))


def district_action(view: View) -> View:
    """Something that is done; POST only, and Canvas told the role within the hour."""
    return district_form(require_POST(view))


def _whole(view: View) -> View:
    @wraps(view)
    def checked(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not sees_all(request.launch):
            raise NotAllowed("This page tells of the whole district.")
        show_tabs(request)
        return view(request, *args, **kwargs)

    return checked


def show_tabs(request: Any) -> None:
    """For whoever `sees_all`: the page has the tabs, and what it lets them do."""
    request.may_manage = ACCOUNT_MANAGE in request.launch.rights
    request.more_tabs = tabs.MORE


def actor(launch: Launch) -> str:
    """For runs and the audit log: the name that colleagues know, and who it is for Canvas."""
    return f"{launch.name[:120]} ({launch.actor})" if launch.name else launch.actor


def run_of(request: Any, run_id: int) -> Run:
    """A run of this district, of any kind. Raises Http404 for another's."""
    run: Run | None = request.district.runs.filter(pk=run_id).first()
    if run is None:
        raise Http404
    return run


def to(request: Any, name: str, *args: Any) -> HttpResponseRedirect:
    """After a POST: on to a page of this visit."""
    return HttpResponseRedirect(sessions.url(request.launch_session, name, *args), status=303)
