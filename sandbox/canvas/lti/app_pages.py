"""Apps of an account: registered by the tool itself or by hand, looked at, installed, removed."""

import json
from collections.abc import Callable

import requests
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST

from sandbox.canvas import store
from sandbox.canvas.lti import configuration, registration
from sandbox.canvas.lti.configuration import Tool
from sandbox.canvas.lti.models import Deployment, LtiKey, Registration
from sandbox.canvas.lti.pages import first_choose, navigation, refused
from sandbox.canvas.lti.placements import deployment_id
from sandbox.canvas.lti.platform import here
from sandbox.canvas.lti.roles import standing
from sandbox.canvas.lti.session import acting
from sandbox.canvas.models import Account, Course

View = Callable[..., HttpResponse]
_FETCH_SECONDS = 10


def _for_admins(view: View) -> View:
    """Only for admins of the account; hands the account over."""

    def answer(request: HttpRequest, account_id: str, **path: str) -> HttpResponse:
        number = int(account_id) if account_id.isdigit() else 0
        account = Account.objects.filter(pk=number).first()
        if account is None:
            raise Http404
        who = acting(request)
        if who is None:
            return first_choose(request)
        if not standing(who.user, account).admin_roles:
            return refused(request, "Only admins of the account arrange its apps.")
        return view(request, account, **path)

    return answer


@_for_admins
def apps(request: HttpRequest, account: Account) -> HttpResponse:
    """What is installed, and the ways to install more."""
    return _apps(request, account)


def _apps(request: HttpRequest, account: Account, problem: str = "") -> HttpResponse:
    keys = LtiKey.objects.filter(account_id__in=[0, account.pk]).order_by("id")
    rows = Deployment.objects.filter(context_type="Account", context_id=account.pk)
    names = LtiKey.objects.in_bulk([row.key_id for row in rows])
    installed = [
        {"row": row, "key": names[row.key_id], "deployment_id": deployment_id(row)}
        for row in rows.order_by("id")
        if row.key_id in names
    ]
    page = {
        "title": f"Apps of {account.name}",
        "navigation": navigation(request, account),
        "account": account,
        "keys": keys,
        "installed": installed,
        "problem": problem,
    }
    return render(request, "canvas/apps.html", page, status=400 if problem else 200)


@require_POST
@_for_admins
def register(request: HttpRequest, account: Account) -> HttpResponse:
    """Open the tool's registration page in a frame."""
    url = request.POST.get("url", "").strip()
    if account.parent_id:
        return _apps(request, account, "Apps are registered in the root account.")
    if not configuration.is_url(url):
        return _apps(request, account, "The registration address is no http or https address.")
    who = acting(request)
    assert who
    guid, address = registration.begin(account, who.user, url)
    page = {
        "title": "Register an app",
        "navigation": navigation(request, account),
        "address": address,
        "review": f"/accounts/{account.pk}/registrations/{guid}",
        "storage": here.storage,
    }
    return render(request, "canvas/register.html", page)


@_for_admins
def review(request: HttpRequest, account: Account, guid: str) -> HttpResponse:
    """What the tool asks for; what the admin unticks it does not get."""
    found = Registration.objects.filter(guid=guid, account_id=account.pk).first()
    key = LtiKey.objects.filter(pk=found.key_id).first() if found else None
    if key is None:
        return refused(request, "The tool closed its page without having registered.", 404)
    if request.method == "POST":
        _enable(request, account, key)
        return HttpResponseRedirect(f"/accounts/{account.pk}/apps")
    plain = LtiKey(configuration=key.configuration)
    tool = Tool(plain)
    page = {
        "title": f"Review {key.name}",
        "navigation": navigation(request, account),
        "key": key,
        "scopes": tool.scopes,
        "placements": tool.placements(),
        "privacy_level": tool.privacy_level,
        "privacy_levels": configuration.PRIVACY_LEVELS,
    }
    return render(request, "canvas/review.html", page)


def _enable(request: HttpRequest, account: Account, key: LtiKey) -> None:
    """Turn the key on as it was left ticked, and install it in the account."""
    tool = Tool(LtiKey(configuration=key.configuration))
    kept = {name: set(request.POST.getlist(name)) for name in ("scopes", "placements")}
    key.overlay = {
        "scopes": [each for each in tool.scopes if each not in kept["scopes"]],
        "placements": [p.name for p in tool.placements() if p.name not in kept["placements"]],
        "privacy_level": request.POST.get("privacy_level", ""),
    }
    key.workflow_state = "on"
    with store.writing():
        key.save()
        place = {"context_type": "Account", "context_id": account.pk}
        if not Deployment.objects.filter(key_id=key.pk, **place).exists():
            store.create(Deployment, key_id=key.pk, **place)


@require_POST
@_for_admins
def add_key(request: HttpRequest, account: Account) -> HttpResponse:
    """A developer key by hand, from the tool's JSON or the address of it."""
    text = request.POST.get("configuration", "").strip()
    try:
        if configuration.is_url(text):
            text = requests.get(text, timeout=_FETCH_SECONDS, verify=False).text
        asked = json.loads(text)
        configuration.check(asked)
    except (ValueError, requests.RequestException) as error:
        return _apps(request, account, f"The key was not made: {error}")
    targets = request.POST.get("redirect_uris", "").split() or [asked["target_link_uri"]]
    with store.writing():
        registration.new_key(
            account_id=account.pk,
            name=asked["title"],
            redirect_uris=targets,
            configuration=asked,
            workflow_state="on",
        )
    return HttpResponseRedirect(f"/accounts/{account.pk}/apps")


@require_POST
@_for_admins
def install(request: HttpRequest, account: Account) -> HttpResponse:
    """Add an app by its client id, to this account or to a course below it."""
    text = request.POST.get("client_id", "").strip()
    key = LtiKey.objects.filter(pk=int(text) if text.isdigit() else 0).first()
    if key is None:
        return _apps(request, account, "There is no key with this client id.")
    place = {"context_type": "Account", "context_id": account.pk}
    if number := request.POST.get("course_id", "").strip():
        course = Course.objects.filter(pk=int(number) if number.isdigit() else 0).first()
        if course is None:
            return _apps(request, account, "There is no course with this id.")
        place = {"context_type": "Course", "context_id": course.pk}
    with store.writing():
        store.create(Deployment, key_id=key.pk, **place)
    return HttpResponseRedirect(f"/accounts/{account.pk}/apps")


@require_POST
@_for_admins
def change(request: HttpRequest, account: Account) -> HttpResponse:
    """Turn a key or a deployment on or off, or remove it."""
    kind, number, action = (request.POST.get(name, "") for name in ("kind", "id", "action"))
    model = LtiKey if kind == "key" else Deployment
    found = model.objects.filter(pk=int(number) if number.isdigit() else 0)
    states = ("on", "off") if kind == "key" else ("active", "disabled")
    with store.writing():
        if action == "remove":
            if kind == "key":
                Deployment.objects.filter(key_id=int(number)).delete()
                Registration.objects.filter(key_id=int(number)).delete()
            found.delete()
        else:
            found.update(workflow_state=states[0] if action == "on" else states[1])
    return HttpResponseRedirect(f"/accounts/{account.pk}/apps")
