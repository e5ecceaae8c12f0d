"""The pages of a launch: sign-in, launch, arrival, hand-over, and what is said when one fails."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lti import (
    audience,
    claims,
    configuration,
    cookies,
    frames,
    launch,
    login,
    rates,
    sessions,
    tool_keys,
)
from lti.errors import (
    LaunchError,
    LtiError,
    Malformed,
    NotFromHere,
    PlatformRefused,
    TooOften,
)
from lti.models import Deployment, LaunchSession, LoginAttempt
from lti.registry import host
from lti.roles import ANYBODY
from lti.secret_words import digest, new_word

logger = logging.getLogger(__name__)

# The browser's key outlives one sign-in: two tabs may begin theirs side by side.
_BROWSER_SECONDS = 3600
_MOST_BYTES = 300 * 1024
EXCHANGE = timedelta(seconds=60)
REFUSED = "refused launch"


@audience.public
@csrf_exempt  # The platform posts it: state, nonce and browser are bound instead.
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Login initiation: send the browser to the platform, with state and nonce of ours."""
    try:
        fields = _once(request.POST if request.method == "POST" else request.GET)
        known = cookies.read_key(request.COOKIES, cookies.BROWSER)
        sign_in = login.begin(fields, browser=known, address=_address(request))
    except LaunchError as error:
        return refuse(request, error)
    hosts = frames.before_launch(sign_in.platform, origin=request.headers.get("Origin", ""))
    response: HttpResponse
    if known or not sign_in.storage_target or hosts is None:
        response = HttpResponseRedirect(sign_in.url)
    else:
        response = frames.allow(render(request, "lti/sign_in.html", {"sign_in": sign_in}), hosts)
    response["Cache-Control"] = "no-store"
    cookies.keep(response, cookies.BROWSER, sign_in.browser, seconds=_BROWSER_SECONDS)
    return response


@audience.public
@csrf_exempt  # The platform posts it: state, nonce and browser are bound instead.
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """The launch itself. A good one opens a session, or first asks the platform's storage."""
    try:
        fields = _launch_fields(request)
        verified = launch.verify(fields)
        browser = cookies.read_key(request.COOKIES, cookies.BROWSER)
        if browser and digest(browser) == verified.attempt.browser_hash:
            with transaction.atomic():
                login.take(verified.attempt)
                return _enter(request, verified.deployment, verified.launch)
        login.take(verified.attempt)
        if not verified.attempt.uses_storage:
            raise NotFromHere("This launch was not begun in this browser, or it keeps no cookies.")
    except LaunchError as error:
        return refuse(request, error)
    return _ask_storage(request, verified, fields["state"])


@audience.public
@csrf_exempt  # Good only with the one-time code and the browser's key, which no other site has.
@require_POST
def exchange(request: HttpRequest) -> HttpResponse:
    """The browser's key came out of the platform's storage: the parked launch becomes a session."""
    parked = LoginAttempt.objects.filter(
        code_hash=digest(request.POST.get("code", "")),
        browser_hash=digest(request.POST.get("browser", "")),
        parked__isnull=False,
        expires_at__gt=timezone.now(),
    )
    attempt = parked.select_related("platform").first()
    if attempt is None or not LoginAttempt.objects.filter(pk=attempt.pk).delete()[0]:
        return refuse(request, NotFromHere("This launch was not begun in this browser."))
    launched = claims.Launch.from_json(attempt.parked or {})
    deployment = Deployment.objects.select_related("platform").get(
        platform=attempt.platform, deployment_id=launched.deployment_id
    )
    response = HttpResponse()
    session = _open(request, response, deployment, launched)
    word = sessions.offer_handover(session)
    page = render(request, "lti/arriving.html", {"word": word, "place": sessions.place_of(session)})
    page.cookies = response.cookies
    page["Cache-Control"] = "no-store"
    return frames.allow(page, deployment.hosts)


@audience.public
@csrf_exempt  # Good only with the session's cookie, or with a one-time word.
@require_POST
def arrive(request: HttpRequest) -> HttpResponse:
    """Did the session's cookie come back? If so go on; else offer a tab of its own."""
    session = sessions.find(request)
    if session is not None:
        sessions.withdraw_handover(session)
        return sessions.home(session)
    answer = render(request, "lti/new_tab.html", {"word": request.POST.get("word", "")[:64]})
    answer["Cache-Control"] = "no-store"
    return frames.allow(answer, sessions.hosts(request))


@audience.public
@csrf_exempt  # The one-time word is what a token would be.
@require_POST
def take_over(request: HttpRequest) -> HttpResponse:
    """Another tab takes the session over, with a key of its own."""
    session = sessions.take_over(request.POST.get("word", ""))
    if session is None:
        return refuse(request, NotFromHere("This link was used before, or it is a minute old."))
    launched = session.launched
    answer = _enter(request, session.deployment, launched)
    sessions.end(session)
    return answer


@audience.require_launch(placement="any", right=ANYBODY, needs_district=False)
@require_safe
def elsewhere(request: HttpRequest) -> HttpResponse:
    """The launch is good, but it names neither a Canvas course nor an account."""
    return render(request, "lti/elsewhere.html", status=200)


@audience.machine
@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """Our public keys; coming ones too."""
    answer = JsonResponse({"keys": tool_keys.published()})
    answer["Cache-Control"] = "public, max-age=300"
    return answer


@audience.machine
@require_safe
def config(request: HttpRequest) -> HttpResponse:
    """What a Canvas administrator pastes into a developer key."""
    return JsonResponse(configuration.canvas_json(), json_dumps_params={"indent": 2})


def refuse(request: HttpRequest, error: LtiError) -> HttpResponse:
    """A short page that says what the person can do, and a line in the audit log."""
    if isinstance(error, LaunchError) and not isinstance(error, TooOften):
        if rates.is_too_often(REFUSED, _address(request), settings.REFUSED_LAUNCHES_PER_MINUTE):
            error = TooOften("Too many launches from your network were refused.")
        else:
            host().audit("launch.refused", actor="unknown", after={"code": error.code})
    answer = render(request, "lti/refused.html", {"error": error}, status=error.status)
    answer["Cache-Control"] = "no-store"
    if error.status == TooOften.status:
        answer["Retry-After"] = str(rates.seconds_left())
    return frames.allow(answer, settings.REGISTRATION_HOSTS)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from one of our own pages of this visit."""
    return audience.framed(request, render(request, "403_csrf.html", status=403))


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke. Asks nothing of the database: it may be what broke."""
    answer = render(request, "500.html", status=500)
    return frames.allow(answer, settings.REGISTRATION_HOSTS)


def _enter(request: HttpRequest, deployment: Deployment, launched: claims.Launch) -> HttpResponse:
    """A session, and the way to the page that the placement stands for."""
    kept = HttpResponse()
    session = _open(request, kept, deployment, launched)
    answer = sessions.home(session)
    answer.cookies = kept.cookies
    answer["Cache-Control"] = "no-store"
    return answer


def _open(
    request: HttpRequest, response: HttpResponse, deployment: Deployment, launched: claims.Launch
) -> LaunchSession:
    session = sessions.begin(request, response, deployment=deployment, launch=launched)
    logger.info("launch accepted place=%s by %s", sessions.place_of(session), launched.actor)
    return session


def _ask_storage(request: HttpRequest, verified: launch.Verified, state: str) -> HttpResponse:
    """Park the launch, and let the page ask the platform's storage for the browser's key."""
    code = new_word()
    LoginAttempt.objects.filter(pk=verified.attempt.pk).update(
        code_hash=digest(code),
        parked=verified.launch.as_json(),
        expires_at=timezone.now() + EXCHANGE,
    )
    auth_url = verified.deployment.platform.auth_url
    asked = {
        "code": code,
        "storage_key": login.STORAGE_KEY + state,
        "storage_target": request.POST.get("lti_storage_target", "_parent")[:64],
        "platform_origin": "/".join(auth_url.split("/")[:3]),
    }
    page = render(request, "lti/ask_storage.html", asked)
    page["Cache-Control"] = "no-store"
    return frames.allow(page, verified.deployment.hosts)


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _launch_fields(request: HttpRequest) -> dict[str, str]:
    """Raises Malformed, PlatformRefused."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > _MOST_BYTES:
        raise Malformed("This launch is too large.")
    if request.GET.keys() & {"id_token", "state"}:
        raise Malformed("This is not how Canvas sends a launch.")
    fields = _once(request.POST)
    if "error" in fields:
        raise PlatformRefused("Canvas ended the sign-in.")
    if not fields.get("id_token") or not fields.get("state"):
        raise Malformed("This is not how Canvas sends a launch.")
    return fields


def _once(posted: QueryDict) -> dict[str, str]:
    """Fields that occur once each. Raises Malformed: of two, each reader might take another."""
    if any(len(values) > 1 for _, values in posted.lists()):
        raise Malformed("This launch says something twice.")
    return {name: values[0] for name, values in posted.lists() if values}
