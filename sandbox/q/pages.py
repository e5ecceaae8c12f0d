"""Pages for people: what Q holds, one record, what was asked of it."""

import json
from typing import Any, Final
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sandbox.control import LOGS
from sandbox.q import answers, school_days, store
from sandbox.q.credentials import KEY, SECRET
from sandbox.q.schema import COLLECTIONS, Collection
from sandbox.q.store import Selection

PAGE: Final = 50
REQUESTS_SHOWN: Final = 200


def index(request: HttpRequest) -> HttpResponse:
    """How to connect, and how many records there are of each kind."""
    held = [
        {
            "name": each.name,
            "records": store.total(Selection(each)),
            "deleted": store.total(Selection(each, ("status = 'tobedeleted'",))),
        }
        for each in COLLECTIONS.values()
    ]
    origin = answers.origin(request)
    connection = {
        "Service root": origin + answers.PREFIX,
        "Token endpoint": f"{origin}/token",
        "Client key": KEY,
        "Client secret": SECRET,
    }
    context = {"held": held, "connection": connection, "today": school_days.today()}
    return render(request, "q/index.html", context)


@csrf_exempt
@require_POST
def next_day(request: HttpRequest) -> HttpResponse:
    """The button: a school day goes by."""
    try:
        school_days.pass_by(1)
    except school_days.NoCalendar as error:
        return HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
    return redirect("index")


def listing(request: HttpRequest, name: str) -> HttpResponse:
    """The records of one collection, searched and paged."""
    collection = _collection(name)
    search = request.GET.get("search", "").strip()
    number = max(1, _number(request.GET.get("page", "1")))
    found, total = store.page(
        _searched(collection, search), order="id", limit=PAGE, offset=(number - 1) * PAGE
    )
    rows = [_summary(json.loads(each)) for each in found]
    context = {
        "name": name,
        "search": search,
        "rows": rows,
        "total": total,
        "number": number,
        "previous": number - 1,
        "following": number + 1,
        "pages": max(1, -(-total // PAGE)),
    }
    return render(request, "q/records.html", context)


def record(request: HttpRequest, name: str, sourced_id: str) -> HttpResponse:
    """One record, its references as links."""
    collection = _collection(name)
    kept = store.body(collection, sourced_id)
    if kept is None:
        raise Http404
    held = json.loads(kept)
    targets = dict(collection.targets)
    fields = [(field, _values(value, targets.get(field, ""))) for field, value in held.items()]
    text = json.dumps(_without_marks(held), indent=2, ensure_ascii=False)
    context = {
        "name": name,
        "sourced_id": sourced_id,
        "heading": _summary(held)["label"] or sourced_id,
        "fields": fields,
        "text": text,
        "referring": [each.name for each in COLLECTIONS.values() if _refers(each, name)],
    }
    return render(request, "q/record.html", context)


def requests(request: HttpRequest) -> HttpResponse:
    """What was asked of Q, newest first."""
    shown = [{**each, "path": unquote(each["path"])} for each in LOGS["q"].latest(REQUESTS_SHOWN)]
    return render(request, "q/requests.html", {"requests": shown, "most": REQUESTS_SHOWN})


def _collection(name: str) -> Collection:
    if name not in COLLECTIONS:
        raise Http404
    return COLLECTIONS[name]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _searched(collection: Collection, search: str) -> Selection:
    if not search:
        return Selection(collection)
    # JSON keeps a quote in a string escaped, so it is looked for in that form.
    wanted = json.dumps(search, ensure_ascii=False)[1:-1]
    return Selection(collection, ("INSTR(LOWER(body), LOWER(%(search)s))",), {"search": wanted})


def _summary(held: dict[str, Any]) -> dict[str, str]:
    """What a person tells a record by."""
    names = [held.get(field) for field in ("givenName", "familyName")]
    label = held.get("title") or held.get("name") or " ".join(str(n) for n in names if n)
    kind = held.get("role") or held.get("type") or held.get("scoreStatus") or ""
    changed = str(held.get("dateLastModified", ""))
    return {
        "sourced_id": str(held.get("sourcedId") or ""),
        "label": str(label or ""),
        "kind": str(kind),
        "status": str(held.get("status", "")),
        "changed": changed,
    }


def _values(value: Any, target: str) -> list[dict[str, str]]:
    """The value or values of a field, each with the address it leads to, if any."""
    many = value if isinstance(value, list) else [value]
    return [_shown(each, target) for each in many]


def _shown(value: Any, target: str) -> dict[str, str]:
    if isinstance(value, dict) and target and isinstance(value.get("sourcedId"), str):
        there = reverse("record", args=[target, value["sourcedId"]])
        return {"text": value["sourcedId"], "url": there}
    if isinstance(value, dict | list):
        return {"text": json.dumps(value, ensure_ascii=False)}
    return {"text": "" if value is None else str(value)}


def _without_marks(value: Any) -> Any:
    """The record without the `href`s, which are made when a page is served."""
    if isinstance(value, dict):
        inner = {k: v for k, v in value.items() if k != "href"}
        return {k: _without_marks(v) for k, v in inner.items()}
    return [_without_marks(each) for each in value] if isinstance(value, list) else value


def _refers(collection: Collection, target: str) -> bool:
    return any(each == target for _, each in collection.targets)
