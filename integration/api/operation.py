"""What an operation asks for and gives, said once: the right, the checks and the documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, wraps
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from integration.api.access import token_of
from integration.api.pages import Filter, Page, Rows, page
from integration.api.problems import DistrictPaused, NoRight, NotThere
from integration.models import ApiToken, District
from integration.provisioning.errors import NotConnected
from lti.audience import machine

Serializer = type[serializers.Serializer[Any]]
Handler = Callable[..., Any]


class ProblemOut(serializers.Serializer[Any]):
    """Why a request was refused, and what to do."""

    code = serializers.CharField(help_text="stable, to be searched for")
    message = serializers.CharField()
    remedy = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]  # the name of the documented shape
        child=serializers.ListField(child=serializers.CharField()),
        help_text="what is wrong with each field of the request",
    )


# Why each status may come, for the documentation.
REFUSALS = {
    400: "A field of the request is wrong; `fields` tells which, and why.",
    401: "No token, or one that is unknown, expired or revoked.",
    403: "The token has not the right that this needs.",
    404: "There is no such thing in this district.",
    409: "It cannot be done now: the plan is another or out of date, the district is paused, not "
    "connected, or busy.",
    413: "The request is larger than 64 kB.",
    415: "The request is not JSON.",
    429: "Too many requests with this token; `Retry-After` tells how long to wait.",
    502: "Q did not answer, or not as it should.",
}


class Api(APIView):
    """Base of all operations. `asked` is the query, `wish` the body, both checked."""

    asked: dict[str, Any]
    wish: dict[str, Any]
    http_method_names = ("get", "head", "post")

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return machine(super().as_view(**initkwargs))

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        # A client may name any of Python's codecs, of which some are for no text at all.
        request.encoding = "utf-8"
        return super().initialize_request(request, *args, **kwargs)

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(*args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    @property
    def token(self) -> ApiToken:
        return token_of(self.request)

    @property
    def by(self) -> str:
        return self.token.actor

    def may(self, right: str) -> bool:
        return right in self.token.rights

    def must(self, right: str) -> None:
        """Raises NoRight."""
        if not self.may(right):
            raise NoRight(right)


class OfDistrict(Api):
    """Operations below /districts/<slug>/, which is the token's own or is not there."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if kwargs["district"] != self.district.slug:
            raise NotThere("There is no such district.")

    @property
    def district(self) -> District:
        return self.token.district

    def connected(self) -> District:
        """The district, if both systems can be asked. Raises NotConnected."""
        for side in ("q_connection", "canvas_connection"):
            if not hasattr(self.district, side):
                raise NotConnected(f"{self.district.slug} is not connected to both systems.")
        return self.district

    def may_begin(self) -> District:
        """The district, if something may be begun in it. Raises DistrictPaused, NotConnected."""
        if self.district.state == District.State.PAUSED:
            reason = self.district.pause_reason
            raise DistrictPaused(f"{self.district.slug} is paused: {reason}")
        return self.connected()


def operation(
    right: str,
    summary: str,
    *,
    gives: Any,
    media: str = "",
    status: int = 200,
    query: Serializer | None = None,
    body: Serializer | None = None,
    refuses: Iterable[int] = (),
    text: str = "",
    tag: str = "runs",
) -> Callable[[Handler], Handler]:
    """Make an operation of a method that gives the thing itself, or `Rows` of such things.

    `gives` shows it; `query` and `body` check what came; `refuses` are statuses beside the usual.
    With `media` the method makes the whole answer, of this type.
    """
    is_list = query is not None and issubclass(query, Filter)
    refused = {*refuses, 401, 403, 404, 429}
    refused |= {400} if query or body else set()
    refused |= {400, 413, 415} if body else set()
    shape = _paged(gives) if is_list else gives
    answers = _answers((status, media) if media else status, shape, refused)
    documented: Callable[[Handler], Handler] = extend_schema(
        summary=summary,
        description=f"{text}\n\nNeeds the right `{right}`.".strip(),
        tags=[tag],
        parameters=[query] if query else [],
        request=body,
        responses=answers,
    )

    def decorate(method: Handler) -> Handler:
        @wraps(method)
        def answer(self: Api, request: Request, **kwargs: Any) -> Response:
            self.asked = _checked(query, request.query_params.dict()) if query else {}
            self.wish = _checked(body, request.data) if body else {}
            found = method(self, request, **kwargs)
            if media:
                return found  # type: ignore[no-any-return]
            if isinstance(found, Rows):
                found = page(found, self.asked, request)
            return _shown(self, found, gives, status)

        answer.right = right  # type: ignore[attr-defined]
        return documented(answer)

    return decorate


def _shown(view: Api, found: Any, gives: Any, status: int) -> Response:
    shape = _paged(gives) if isinstance(found, Page) else gives
    shown = shape(found, context={"view": view}).data
    response = Response(shown, status=status)
    if status == 202:
        response["Location"] = shown["url"]
    return response


def _answers(good: int | tuple[int, str], shape: Any, refused: set[int]) -> dict[Any, Any]:
    """Each status with what it says; `good` with its type, where that is not JSON."""
    said = _said(good if isinstance(good, int) else good[0])
    problems = {
        one: OpenApiResponse(ProblemOut, description=REFUSALS[one]) for one in sorted(refused)
    }
    return {good: OpenApiResponse(shape, description=said)} | problems


def _said(status: int) -> str:
    return "Begun, or joined; `url` tells how it goes." if status == 202 else "As asked."


def _checked(shape: Serializer, given: Any) -> dict[str, Any]:
    """Raises ValidationError, also for a name that is not known: it may be mistyped."""
    asked = shape(data=given)
    asked.is_valid(raise_exception=True)
    unknown = set(given) - set(asked.fields)
    if unknown:
        raise serializers.ValidationError({name: ["This is not known."] for name in unknown})
    found: dict[str, Any] = asked.validated_data
    return found


@cache
def _paged(gives: Any) -> Serializer:
    """The shape of a page of things."""
    fields = {
        "next": serializers.URLField(allow_null=True, help_text="null on the last page"),
        "results": gives(many=True),
    }
    return type(f"{gives.__name__}Page", (serializers.Serializer,), fields)
