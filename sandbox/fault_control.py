"""/sandbox/faults of each port: set faults, watch them, let go what they hold."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, path, resolve
from django.views.decorators.http import require_http_methods, require_POST

from sandbox.faults import BOARDS, Board, Senseless, calls

COUNTERS = ("seen", "hits", "holding")
PATIENCE_SECONDS = 30


def _board(request: HttpRequest) -> Board:
    return BOARDS[request.META["sandbox.app"]]


def _sent(request: HttpRequest) -> dict[str, Any]:
    """The body, an object. Raises Senseless."""
    try:
        sent = json.loads(request.body or b"{}")
    except ValueError:
        raise Senseless("the body is not JSON") from None
    if not isinstance(sent, dict):
        raise Senseless("the body is not an object")
    return sent


def _check_calls(request: HttpRequest, do: dict[str, Any]) -> None:
    for call in calls(do):
        try:
            resolve(urlsplit(call["path"]).path, f"sandbox.{request.META['sandbox.app']}.urls")
        except (Resolver404, KeyError, TypeError):
            raise Senseless(f"nothing on this port answers {call}") from None


@require_http_methods(["GET", "POST", "DELETE"])
def faults(request: HttpRequest) -> HttpResponse:
    """All faults; or one more: `{"match": {…}, "do": {…}}`; or none any more."""
    board = _board(request)
    if request.method == "GET":
        return JsonResponse({"faults": board.all()})
    if request.method == "DELETE":
        board.clear()
        return HttpResponse(status=204)
    try:
        sent = _sent(request)
        _check_calls(request, sent.get("do", {}))
        made = board.add(sent.get("match", {}), sent.get("do", {}))
    except Senseless as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"id": made.number}, status=201)


@require_http_methods(["GET", "DELETE"])
def fault(request: HttpRequest, number: int) -> HttpResponse:
    """How often it was met; or away with it, and what it holds goes on."""
    try:
        if request.method == "GET":
            return JsonResponse(_board(request).told(number))
        _board(request).remove(number)
    except KeyError:
        return _unknown(number)
    return HttpResponse(status=204)


@require_POST
def release(request: HttpRequest, number: int) -> HttpResponse:
    """Let `count` held requests go; without it all, and those to come."""
    try:
        _board(request).release(number, _sent(request).get("count"))
    except KeyError:
        return _unknown(number)
    return HttpResponse(status=204)


@require_POST
def wait(request: HttpRequest, number: int) -> HttpResponse:
    """`{"holding": n}` (or `hits`, or `seen`): answers when it has come so far, else 408."""
    sent = _sent(request)
    counter = next((name for name in COUNTERS if name in sent), "")
    if not counter:
        return JsonResponse({"error": f"wait for one of {', '.join(COUNTERS)}"}, status=400)
    patience = float(sent.get("seconds", PATIENCE_SECONDS))
    try:
        reached = _board(request).wait(number, counter, int(sent[counter]), patience)
        return JsonResponse(_board(request).told(number), status=200 if reached else 408)
    except KeyError:
        return _unknown(number)


def _unknown(number: int) -> JsonResponse:
    return JsonResponse({"error": f"there is no fault {number}"}, status=404)


urlpatterns = [
    path("faults", faults),
    path("faults/<int:number>", fault),
    path("faults/<int:number>/release", release),
    path("faults/<int:number>/wait", wait),
]
