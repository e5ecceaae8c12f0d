"""What the API tells of itself, to programs and to people; and what is not there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from integration.api import schema as made
from integration.api.problems import NotThere
from lti.audience import machine, public

NOTHING = NotThere("There is nothing at this address.")


@machine
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document. It tells what can be asked, and nothing of any district."""
    return JsonResponse(made.document())


@public
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The same for people: no script, nothing from elsewhere."""
    found = list(made.operations())
    tags: dict[str, list[Any]] = {}
    for one in found:
        tags.setdefault(one.tag, []).append(one)
    return render(request, "api/page.html", {"tags": tags, "shapes": list(made.shapes())})


# There is no cookie that a foreign page could abuse here, and nothing is done.
@csrf_exempt
@machine
def nothing(request: HttpRequest) -> HttpResponse:
    """Any other address below /api/, told as the API tells it."""
    return JsonResponse(NOTHING.as_dict() | {"fields": {}}, status=NOTHING.status)
