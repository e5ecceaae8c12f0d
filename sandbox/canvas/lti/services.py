"""Services for tools: names and roles of a course, and who an account is."""

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
from django.http import HttpRequest, HttpResponse, JsonResponse

from sandbox.canvas.lti import ids
from sandbox.canvas.lti.claims import member
from sandbox.canvas.lti.configuration import ACCOUNT_LOOKUP, NRPS, Tool
from sandbox.canvas.lti.models import LtiKey
from sandbox.canvas.lti.placements import deployments
from sandbox.canvas.lti.platform import unseal
from sandbox.canvas.lti.roles import IN_CONTEXT
from sandbox.canvas.models import Account, Course, Enrollment, User
from sandbox.canvas.permissions import STUDENT_VIEW
from sandbox.rules import on

MEMBERSHIPS = "application/vnd.ims.lis.v2.membershipcontainer+json"
PAGE = 50
_SHORT = {uri.rpartition("#")[2]: uri for uris in IN_CONTEXT.values() for uri in uris}


class Refused(Exception):
    """The status, and what is wrong."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def service(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view whose refusals become answers."""

    def answer(request: HttpRequest, **path: str) -> HttpResponse:
        try:
            return view(request, **path)
        except Refused as refused:
            body = {"errors": {"type": _TYPES[refused.status], "message": str(refused)}}
            return JsonResponse(body, status=refused.status)

    return answer


_TYPES = {401: "unauthorized", 404: "not_found", 400: "bad_request"}


def _key(request: HttpRequest, scope: str) -> LtiKey:
    """The developer key of the token that is shown, which has to hold the scope."""
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    try:
        claims = unseal(shown.strip() if kind.lower() == "bearer" else "")
    except jwt.ExpiredSignatureError:
        raise Refused(401, "Access token expired") from None
    except jwt.PyJWTError:
        raise Refused(401, "Invalid access token format") from None
    key = LtiKey.objects.filter(pk=int(claims.get("sub", 0)), workflow_state="on").first()
    if key is None:
        raise Refused(401, "Unknown or inactive Developer Key")
    may = scope in claims.get("scopes", "").split() and scope in Tool(key).scopes
    if on("canvas.lti-scopes") and not may:
        raise Refused(401, "Insufficient permissions")
    return key


@service
def names_and_roles(request: HttpRequest, course_id: str) -> HttpResponse:
    """`GET /api/lti/courses/:id/names_and_roles`."""
    key = _key(request, NRPS)
    number = int(course_id) if course_id.isdigit() and len(course_id) < 19 else 0
    course = Course.objects.filter(pk=number).first()
    if course is None:
        raise Refused(404, "Context not found")
    found = next((each for each in deployments(course) if each[0].key_id == key.pk), None)
    if found is None:
        text = "Access Token not linked to a Tool associated with this Context"
        raise Refused(401, text)
    rows = Enrollment.objects.filter(course_id=course.pk, workflow_state="active")
    rows = rows.filter(type__in=_types(request.GET.get("role", "")))
    rows = rows.exclude(type=STUDENT_VIEW)
    after = _after(request.GET.get("page", ""))
    people = rows.filter(user_id__gt=after).order_by("user_id").values_list("user_id", flat=True)
    size = _limit(request.GET.get("limit", ""))
    here = list(people.distinct()[: size + 1])
    base = f"{request.scheme}://{request.get_host()}{request.path}"
    body = {
        "id": base,
        "context": {"id": ids.opaque(course), "label": course.course_code, "title": course.name},
        "members": _members(here[:size], rows, found[1]),
    }
    answer = JsonResponse(body, content_type=MEMBERSHIPS)
    if len(here) > size:
        query = request.GET.copy()
        query["page"] = _bookmark(here[size - 1])
        answer["Link"] = f'<{base}?{query.urlencode()}>; rel="next"'
    return answer


def _members(people: list[int], rows: Any, tool: Tool) -> list[dict[str, Any]]:
    users = User.objects.in_bulk(people)
    inside: dict[int, list[Enrollment]] = {}
    for row in rows.filter(user_id__in=people).order_by("id"):
        inside.setdefault(row.user_id, []).append(row)
    return [member(users[number], inside[number], tool.privacy_level) for number in people]


def _types(role: str) -> list[str]:
    """The kinds of enrollment that are meant by a role, short or in full; all without one."""
    if not role:
        return list(IN_CONTEXT)
    uri = _SHORT.get(role, role)
    return [kind for kind, uris in IN_CONTEXT.items() if uri in uris]


def _limit(text: str) -> int:
    return min(int(text), PAGE) if text.isdigit() and int(text) else PAGE


def _bookmark(number: int) -> str:
    """Opaque, and another one in lower case."""
    return "bookmark:" + base64.urlsafe_b64encode(json.dumps([number, "Q"]).encode()).decode()


def _after(text: str) -> int:
    if not text:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(text.removeprefix("bookmark:")))[0])
    except (ValueError, IndexError, TypeError):
        raise Refused(400, "Invalid page") from None


@service
def account(request: HttpRequest, context_id: str) -> HttpResponse:
    """`GET /api/lti/accounts/:lti_context_id`."""
    _key(request, ACCOUNT_LOOKUP)
    for found in Account.objects.all():
        if ids.opaque(found) == context_id:
            return JsonResponse(
                {
                    "id": found.pk,
                    "uuid": found.uuid,
                    "name": found.name,
                    "parent_account_id": found.parent_id or None,
                    "root_account_id": found.root_account_id or None,
                    "workflow_state": found.workflow_state,
                }
            )
    raise Refused(404, "Account not found")
