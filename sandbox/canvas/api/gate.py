"""The gate every API call passes: token, scope, throttle; and how an answer is written."""

import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from sandbox.canvas import store
from sandbox.canvas.api import throttle
from sandbox.canvas.api.call import Call, Refused, not_found
from sandbox.canvas.jobs import AccessToken, DeveloperKey
from sandbox.rules import on

View = Callable[..., Any]

REALM = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}
STRING_IDS = "application/json+canvas-string-ids"
_ID = re.compile(r"(\A|_)ids?\Z")
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
_NAMED = re.compile(r"(?<=/):\w+")


def api(**views: View) -> Callable[..., HttpResponseBase]:
    """Answer each HTTP method by its view; `view(call, **path_parameters)` gives what to send."""

    def answer(request: HttpRequest, **path: str) -> HttpResponseBase:
        started = time.thread_time()
        token = ""
        headers: dict[str, str] = {}
        try:
            caller = _caller(request)
            throttle.enter(caller.token)
            token = caller.token
            view = views.get(request.method or "")
            if view is None:
                raise not_found()
            _check_scope(request, caller)
            body, status = view(Call(request, caller), **path), 200
            if isinstance(body, Created):
                body, status = body.body, 201
        except Refused as refusal:
            body, status, headers = refusal.body, refusal.status, refusal.headers
        response = _written(request, body, status)
        if token:
            headers |= throttle.leave(token, time.thread_time() - started)
        for name, value in {**headers, "X-Request-Id": str(uuid.uuid4())}.items():
            response.headers[name] = value
        return response

    return answer


def _caller(request: HttpRequest) -> AccessToken:
    """Who shows which token. Raises Refused without a good one."""
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    shown = shown.strip() if kind.lower() == "bearer" else request.GET.get("access_token", "")
    if not on("canvas.no-token"):
        shown = store.TOKEN
    if not shown:
        message = "user authorization required"
        raise Refused(401, {"status": "unauthenticated", "errors": [{"message": message}]}, REALM)
    found = AccessToken.objects.filter(token=shown).first()
    if found is None or 0 < found.expires_at < time.time() or _is_off(found.developer_key_id):
        raise Refused(401, {"errors": [{"message": "Invalid access token."}]}, REALM)
    return found


def _is_off(key: int) -> bool:
    """A token is worth nothing while the developer key that gave it is off."""
    return bool(key) and DeveloperKey.objects.filter(pk=key, workflow_state="off").exists()


def _check_scope(request: HttpRequest, token: AccessToken) -> None:
    if not token.scopes or request.resolver_match is None:
        return
    # What an id in a path is called is no part of what is allowed.
    route = _CONVERTER.sub(":", request.resolver_match.route)
    allowed = {_NAMED.sub(":", scope) for scope in token.scopes}
    if f"url:{request.method}|/{route}" not in allowed:
        raise Refused(401, {"errors": [{"message": "Insufficient scopes on access token."}]})


def _written(request: HttpRequest, body: Any, status: int) -> HttpResponseBase:
    if isinstance(body, HttpResponseBase):
        return body
    if isinstance(body, str):
        return HttpResponse(body, status=status, content_type="text/plain; charset=utf-8")
    headers = {}
    if isinstance(body, Linked):
        headers["Link"] = body.link
        body = body.body
    if STRING_IDS in request.headers.get("Accept", "") and on("canvas.string-ids"):
        body = with_string_ids(body)
    return HttpResponse(
        json.dumps(body),
        status=status,
        content_type="application/json; charset=utf-8",
        headers=headers,
    )


class Created:
    """Something that was not there before: answered with 201."""

    def __init__(self, body: Any) -> None:
        self.body = body


class Linked:
    """A page with its Link header."""

    def __init__(self, body: Any, link: str) -> None:
        self.body = body
        self.link = link


def with_string_ids(body: Any, key: str = "") -> Any:
    """The same with every id a string."""
    if isinstance(body, dict):
        return {name: with_string_ids(value, name) for name, value in body.items()}
    if isinstance(body, list):
        return [with_string_ids(value, key) for value in body]
    is_id = isinstance(body, int) and not isinstance(body, bool) and _ID.search(key)
    return str(body) if is_id else body
