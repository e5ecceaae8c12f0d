"""The pages a tool is met on: who acts, accounts, the gradebook, and the frame a tool opens in."""

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.views.decorators.http import require_POST

from sandbox.canvas import store
from sandbox.canvas.lti import cast, launch
from sandbox.canvas.lti.claims import Launching
from sandbox.canvas.lti.ids import Context
from sandbox.canvas.lti.models import Tab
from sandbox.canvas.lti.placements import Link, links
from sandbox.canvas.lti.platform import here, seal, unseal
from sandbox.canvas.lti.roles import Standing, standing
from sandbox.canvas.lti.session import Acting, acting, begin, end
from sandbox.canvas.lti.variables import Facts
from sandbox.canvas.models import Account, Course, User
from sandbox.canvas.tables import Cell, Table

BRAND = {
    "ic-brand-primary": "#0374B5",
    "ic-link-color": "#0374B5",
    "ic-brand-button--primary-bgd": "#0374B5",
    "ic-brand-font-color-dark": "#2D3B45",
    "ic-brand-global-nav-bgd": "#394B58",
}


def person(request: HttpRequest) -> dict[str, Any]:
    """For every template: who acts in this browser."""
    return {"acting": acting(request) if request.META["sandbox.app"] == "canvas" else None}


def act_as(request: HttpRequest) -> HttpResponse:
    """Choose who acts in this browser."""
    if request.method != "POST":
        wanted = request.GET.get("next", "")
        page = {"title": "Act as", "parts": cast.parts(), "next": wanted}
        return render(request, "canvas/act_as.html", page)
    user = _one(User, request.POST.get("user", ""))
    if user is None:
        answer = HttpResponseRedirect("/act-as")
        end(request, answer)
        return answer
    wanted = request.POST.get("next") or request.POST.get(f"where-{user.pk}") or "/"
    answer = HttpResponseRedirect(wanted if wanted.startswith("/") else "/")
    real = User.objects.get(pk=store.ADMIN_ID) if request.POST.get("masquerading") else None
    begin(request, answer, Acting(user, real, bool(request.POST.get("high_contrast"))))
    return answer


def _one(model: Any, number: str) -> Any:
    return model.objects.filter(pk=int(number) if number.isdigit() else 0).first()


def first_choose(request: HttpRequest) -> HttpResponse:
    """Where somebody is sent who has not said who acts."""
    return HttpResponseRedirect(f"/act-as?next={quote(request.get_full_path())}")


def refused(request: HttpRequest, text: str, status: int = 403) -> HttpResponse:
    page = {"title": "Access denied" if status == 403 else "Page not found", "error": text}
    return render(request, "canvas/problem.html", page, status=status)


def navigation(request: HttpRequest, context: Context) -> dict[str, Any]:
    """The menu of a course or account, with the tools that the acting person finds in it."""
    who = acting(request)
    is_course = isinstance(context, Course)
    base = f"/{'courses' if is_course else 'accounts'}/{context.pk}"
    entries = [(context.name, base)]
    if is_course:
        entries.append(("Grades", f"{base}/gradebook"))
    else:
        entries += [("Courses", f"/courses?account={context.pk}"), ("Apps", f"{base}/apps")]
    found = {
        "label": "Course" if is_course else "Account",
        "entries": entries,
        "base": base,
        "current": request.path.removeprefix(f"{base}/"),
    }
    if who:
        name = "course_navigation" if is_course else "account_navigation"
        place = standing(who.user, context)
        found["tools"] = [each for each in links(context, place, name, hidden=True) if each.shown]
        if is_course and place.is_staff:
            found["tabs"] = links(context, place, name, hidden=True)
    return found


@require_POST
def tabs(request: HttpRequest, course_id: str) -> HttpResponse:
    """Settings, navigation: the tools a course shows."""
    course, who = _one(Course, course_id), acting(request)
    if course is None or who is None:
        raise Http404
    place = standing(who.user, course)
    if not place.is_staff:
        return refused(request, "Only staff of the course arrange its navigation.")
    shown = request.POST.getlist("shown")
    with store.writing():
        for link in links(course, place, "course_navigation", hidden=True):
            Tab.objects.update_or_create(
                course_id=course.pk,
                deployment_id=link.deployment.pk,
                defaults={"shown": str(link.deployment.pk) in shown},
            )
    return HttpResponseRedirect(f"/courses/{course.pk}")


def account(request: HttpRequest, account_id: str) -> HttpResponse:
    """One account, with what is below it."""
    found = _one(Account, account_id)
    if found is None:
        raise Http404
    below = Account.objects.filter(parent_id=found.pk).exclude(workflow_state="deleted")
    rows = [[Cell(each.name, f"/accounts/{each.pk}"), Cell(each.sis_id)] for each in below]
    page = {
        "title": found.name,
        "navigation": navigation(request, found),
        "facts": {"Canvas ID": found.pk, "SIS ID": found.sis_id, "State": found.workflow_state},
        "tables": [Table("Sub-accounts", ["Name", "SIS ID"], rows)],
    }
    return render(request, "canvas/thing.html", page)


def gradebook_menu(course: Course, place: Standing) -> dict[str, Any]:
    """What `canvas/_gradebook_menu.html` shows: the tools that carry grades away."""
    menu = links(course, place, "post_grades")
    return {"course": course, "menu": menu, "storage": here.storage}


def course_tool(request: HttpRequest, course_id: str, tool_id: str) -> HttpResponse:
    return _tool(request, _one(Course, course_id), tool_id, "course_navigation")


def account_tool(request: HttpRequest, account_id: str, tool_id: str) -> HttpResponse:
    return _tool(request, _one(Account, account_id), tool_id, "account_navigation")


def _tool(request: HttpRequest, context: Context | None, tool_id: str, usual: str) -> HttpResponse:
    """A tool, launched: in a frame of the page, or as the whole of what is shown."""
    if context is None:
        raise Http404
    who = acting(request)
    if who is None:
        return first_choose(request)
    name = request.GET.get("launch_type", usual)
    place = standing(who.user, context)
    link = next(
        (
            one
            for one in links(context, place, name, hidden=True)
            if str(one.deployment.pk) == tool_id
        ),
        None,
    )
    if link is None:
        return refused(request, f"{who.user.name} does not find this tool here.")
    bare = request.GET.get("display") == "borderless" or link.placement.opens_new_tab
    launching = _launching(request, who, context, place, link)
    url, fields = launch.login(launching)
    page = {
        "title": link.placement.text,
        "target": url,
        "fields": fields,
        "storage": here.storage,
    }
    if bare:
        return render(request, "canvas/post.html", page)
    return render(request, "canvas/tool.html", {**page, "navigation": navigation(request, context)})


def _launching(
    request: HttpRequest, who: Acting, context: Context, place: Standing, link: Link
) -> Launching:
    facts = Facts(who, context, place, f"{request.scheme}://{request.get_host()}")
    target = "window" if link.placement.opens_new_tab else "iframe"
    return Launching(link.tool, link.deployment, link.placement, facts, here.issuer, target)


def returned(request: HttpRequest, **_: str) -> HttpResponse:
    """Where a tool sends people back to."""
    said = {name: request.GET[name] for name in ("lti_msg", "lti_errormsg") if name in request.GET}
    page = {"title": "Back from the tool", "facts": said, "tables": []}
    return render(request, "canvas/thing.html", page)


def forwarding(request: HttpRequest) -> HttpResponse:
    """The frame beside the tool that passes its messages on; on the host of the sign-in."""
    sealed = request.GET.get("token")
    if sealed is None:
        own = f"{request.scheme}://{request.get_host()}"
        query = urlencode({"token": seal({"parent_domain": own})})
        return HttpResponseRedirect(f"{here.sso_origin}/post_message_forwarding?{query}")
    page = {"parent_origin": unseal(sealed)["parent_domain"]}
    return render(request, "canvas/forwarding.html", page)


def script(request: HttpRequest, name: str) -> FileResponse:
    """The scripts of the frame and of the forwarding frame."""
    if name not in {"frame", "forwarding"}:
        raise Http404
    file = (Path(__file__).parent / f"{name}.js").open("rb")
    return FileResponse(file, content_type="text/javascript; charset=utf-8")


def brand(request: HttpRequest) -> HttpResponse:
    """The account's colours."""
    return JsonResponse(BRAND, headers={"Access-Control-Allow-Origin": "*"})
