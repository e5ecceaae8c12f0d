"""Test control of Q over HTTP: put records in behind the API's back, move the clock."""

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from sandbox.q import clock, oauth2, planted, quirks, records, school_days, store, writers
from sandbox.q.schema import COLLECTIONS


@csrf_exempt
@require_POST
def change_records(request: HttpRequest) -> HttpResponse:
    """`{"upsert": {collection: [record…]}, "delete": {collection: [id…]}}`; content as it is."""
    asked = json.loads(request.body)
    now = clock.moment()
    rows = [
        records.row(name, record, now=now)
        for name, given in asked.get("upsert", {}).items()
        for record in given
    ]
    store.save(rows)
    gone = sum(
        store.remove(COLLECTIONS[name], sourced_id)
        for name, ids in asked.get("delete", {}).items()
        for sourced_id in ids
    )
    return JsonResponse({"upserted": len(rows), "deleted": gone})


@csrf_exempt
@require_POST
def set_clock(request: HttpRequest) -> HttpResponse:
    """`{"ahead": seconds}`: Q's clock from now on; 0 puts it right."""
    clock.set_ahead(float(json.loads(request.body)["ahead"]))
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def forget_tokens(request: HttpRequest) -> HttpResponse:
    """Every token given so far is refused from now on, as after a restart of the provider."""
    oauth2.forget()
    return HttpResponse(status=204)


@csrf_exempt
@require_http_methods(["GET", "POST", "DELETE"])
def change_quirks(request: HttpRequest) -> HttpResponse:
    """Those that are on, and all there are; `{name: value}` switches on, `{name: false}` off."""
    if request.method == "GET":
        known = {name: f"{each.sentence} ({each.values})" for name, each in quirks.QUIRKS.items()}
        return JsonResponse({"on": quirks.are_on(), "known": known})
    if request.method == "DELETE":
        quirks.clear()
    else:
        try:
            quirks.change(json.loads(request.body))
        except quirks.Unusable as error:
            return JsonResponse({"error": str(error)}, status=400)
    planted.replant()
    return JsonResponse({"on": quirks.are_on()})


@csrf_exempt
@require_POST
def next_day(request: HttpRequest) -> HttpResponse:
    """Let `?days=n` (1) school days go by; what happened on them, by kind."""
    asked = request.GET.get("days", "1")
    if not (asked.isascii() and asked.isdigit() and 1 <= int(asked) <= school_days.MOST):
        return JsonResponse({"error": f"days is a number from 1 to {school_days.MOST}"}, status=400)
    try:
        return JsonResponse(school_days.pass_by(int(asked)))
    except school_days.NoCalendar as error:
        return JsonResponse({"error": str(error)}, status=409)


def told_writers(request: HttpRequest) -> HttpResponse:
    """Who wrote which line items, results and categories last."""
    names = ("categories", "lineItems", "results")
    return JsonResponse({name: writers.of(name) for name in names})
