"""Every refusal in one shape: {code, message, remedy, fields}."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from integration.canvas.errors import CanvasError
from integration.checking import TooManyTrials
from integration.errors import QSyncError
from integration.http import HttpError
from integration.logs import bare
from integration.models import ApiToken
from integration.oneroster.errors import OneRosterError
from integration.tokens import TokenRefused
from lti import rates

logger = logging.getLogger(__name__)

CHALLENGE = 'Bearer realm="Q Sync for Canvas"'


class ApiError(QSyncError):
    """Base of what only the API raises."""

    status = 400


class NoRight(ApiError):
    code = "api.no-right"
    remedy = "Ask an administrator of the district for a token with this right."
    status = 403

    def __init__(self, right: str) -> None:
        super().__init__(f"This token has not the right “{right}”: {ApiToken.Right(right).label}.")


class NotThere(ApiError):
    """Also what is another district's."""

    code = "api.not-there"
    remedy = "See /api/ for the addresses; each ends with a slash. Numbers are the district's own."
    status = 404


class DistrictPaused(ApiError):
    code = "district.paused"
    remedy = "Resume the district first: manage.py schedule SLUG --resume."
    status = 409


class TooLarge(ApiError):
    code = "api.too-large"
    remedy = "Send less at once."
    status = 413


# Of each status of the framework: the code, and what to do.
_KNOWN = {
    400: ("api.invalid", "Correct the fields that are named; /api/ tells what each may hold."),
    405: ("api.method", "See /api/ for what may be done at this address."),
    415: ("api.media-type", "Send JSON, with the header “Content-Type: application/json”."),
    429: ("api.too-many", "Wait as long as the header Retry-After says."),
}
_UPSTREAM = (HttpError, OneRosterError, CanvasError)


def handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """What Django REST framework calls for whatever a view raises."""
    if isinstance(error, Http404 | PermissionDenied):
        error = NotThere("There is nothing at this address.")
    if isinstance(error, RequestDataTooBig):
        error = TooLarge("This is more than the API takes at once.")
    if isinstance(error, QSyncError):
        return _answer(status_of(error), **error.as_dict())
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    view = type(context["view"]).__name__
    logger.error("the API failed view=%s", view, exc_info=bare(error))
    return _answer(
        500,
        code="api.unexpected",
        message="Something went wrong on our side.",
        remedy="Try again. If it happens twice, tell whoever runs this installation when it was.",
    )


def status_of(error: QSyncError) -> int:
    """The status that tells of an error."""
    if isinstance(error, ApiError):
        return error.status
    if isinstance(error, TokenRefused):
        return 401
    if isinstance(error, _UPSTREAM):
        return 502
    if isinstance(error, TooManyTrials):
        return 429
    return 409


def _of_framework(error: exceptions.APIException) -> Response:
    status = error.status_code
    code, remedy = _KNOWN.get(status, _KNOWN[400])
    told = {"code": code, "message": _sentence(error), "remedy": remedy}
    if isinstance(error, exceptions.ValidationError):
        told["message"] = "The request was not understood."
        answer = _answer(status, **told, fields=dict(_fields(error.detail)))
    else:
        answer = _answer(status, **told)
    if (wait := getattr(error, "wait", None)) is not None:
        answer["Retry-After"] = str(int(wait) + 1)
    return answer


def _answer(status: int, **problem: Any) -> Response:
    answer = Response(problem | {"fields": problem.get("fields", {})}, status=status)
    if status == 401:
        answer["WWW-Authenticate"] = CHALLENGE
    if status == 429:
        answer["Retry-After"] = str(rates.seconds_left())
    return answer


def _sentence(error: exceptions.APIException) -> str:
    return str(error.detail) if isinstance(error.detail, str) else "The request was refused."


def _fields(detail: Any, name: str = "") -> Iterator[tuple[str, list[str]]]:
    """Each field with what is wrong with it; a field inside another as outer.inner."""
    if isinstance(detail, Mapping):
        for inner, value in detail.items():
            yield from _fields(value, f"{name}.{inner}" if name else str(inner))
    elif isinstance(detail, list) and any(isinstance(one, Mapping | list) for one in detail):
        for place, value in enumerate(detail):
            yield from _fields(value, f"{name}.{place}")
    else:
        told = detail if isinstance(detail, list) else [detail]
        yield name or "non_field_errors", [str(one) for one in told]
