"""What is left to do until nights run by themselves, and what comes next. Asks our tables only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from integration import invitations
from integration.models import District, Invitation, ProvisioningPolicy, Run

_GOING = (Run.State.QUEUED, Run.State.RUNNING, Run.State.WAITING)


@dataclass(frozen=True, slots=True)
class Go:
    """The one thing to press: a page, or with `what` something that is begun there."""

    words: str
    page: str
    argument: int | None = None
    what: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the set-up. `waits`: for somebody else, so that the next may be done meanwhile.

    `may_skip`: what to press to go on without it.
    """

    title: str
    text: str
    go: Go
    is_done: bool = False
    waits: bool = False
    may_skip: Go | None = None


def steps(district: District) -> list[Step]:
    """The six steps in their order; none once a night was carried out and nights are on."""
    done = district.runs.filter(kind=Run.Kind.PROVISIONING, state=Run.State.DONE).exists()
    policy = ProvisioningPolicy.objects.filter(district=district).first()
    is_automatic = policy is not None and policy.is_automatic
    if done and is_automatic:
        return []
    return [
        _q(district),
        _canvas(district),
        _test(district),
        _evaluation(district, done),
        _night(district, done),
        Step(
            _("Let nights run by themselves"),
            _("Choose the hour; each night sends only what has changed."),
            Go(_("Choose the hour"), "rules"),
            is_automatic,
        ),
    ]


def next_of(all_steps: Sequence[Step]) -> Step | None:
    """The first step that is not done. The two connections come first, and of these one that waits
    for somebody else last: all that is after them needs both."""
    connections = [one for one in all_steps[:2] if not one.is_done]
    if connections:
        return min(connections, key=lambda one: one.waits)
    return next((one for one in all_steps if not one.is_done), None)


def _q(district: District) -> Step:
    asked = district.invitations.filter(
        purpose=Invitation.Purpose.CREDENTIALS,
        used_at=None,
        cancelled_at=None,
        expires_at__gt=timezone.now(),
        tries__lt=invitations.MOST_TRIES,
    )
    is_done = getattr(district, "q_connection", None) is not None
    waits = not is_done and asked.exists()
    text = _("Its address, a key and a secret; or a one-time link for whoever has them.")
    if waits:
        text = _("The one-time link is on its way; Q’s administrator has not used it yet.")
    go = Go(_("See the link"), "connections") if waits else Go(_("Connect Q"), "connect-q")
    return Step(_("Connect Q"), text, go, is_done, waits)


def _canvas(district: District) -> Step:
    return Step(
        _("Connect Canvas"),
        _("Sign in once with an account that may manage SIS data."),
        Go(_("Sign in to Canvas"), "sign-in"),
        getattr(district, "canvas_connection", None) is not None,
    )


def _test(district: District) -> Step:
    last = district.checks.order_by("-pk").first()
    go = Go(_("Test both"), "check", what="check")
    if last is not None and last.ended_at is None:
        go = Go(_("See how the test goes"), "connections")
    elif last is not None:
        go = Go(_("See what the test found"), "connections")
    is_done = last is not None and last.ended_at is not None and not last.failed
    text = _("It begins by itself; each step tells what it found, and what to do.")
    return Step(_("Test both connections"), text, go, is_done)


def _evaluation(district: District, done: bool) -> Step:
    runs = district.runs.filter(kind=Run.Kind.EVALUATION).order_by("-pk")
    last = None if done else runs.first()
    go = Go(_("Evaluate now"), "start", what="evaluation")
    if last is not None and last.state in _GOING:
        go = Go(_("See how far it is"), "evaluation")
    return Step(
        _("Compare Q with what Canvas holds"),
        _("Changes nothing. Needed where Canvas is in use already."),
        go,
        done or (last is not None and last.state == Run.State.DONE),
        may_skip=Go(_("Canvas is new: run the first night"), "start", what="run"),
    )


def _night(district: District, done: bool) -> Step:
    runs = district.runs.filter(kind=Run.Kind.PROVISIONING).order_by("-pk")
    last = None if done else runs.first()
    go = Go(_("Run the first night"), "start", what="run")
    if last is not None and last.state == Run.State.HELD:
        go = Go(_("Look at the plan"), "run", last.pk)
    elif last is not None and last.state in _GOING:
        go = Go(_("See how far it is"), "run", last.pk)
    text = _("Where Canvas is in use already, its plan waits for you before anything is sent.")
    return Step(_("Run the first night"), text, go, done)
