"""Pages for people: a teacher's gradebook in Q, class by class."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from sandbox.q import store, teacher, writers
from sandbox.q.schema import COLLECTIONS
from sandbox.q.store import Selection

PAGE: Final = 50
COLUMNS: Final = 12

Record = dict[str, Any]


def classes(request: HttpRequest) -> HttpResponse:
    """Classes to choose from, searched by title, code or id; those with line items first."""
    search = request.GET.get("search", "").strip()
    conditions = ("status <> 'tobedeleted'", "INSTR(LOWER(body), LOWER(%(search)s))")
    parameters = {"search": search}
    chosen = Selection(COLLECTIONS["classes"], conditions if search else conditions[:1], parameters)
    number = _number(request.GET.get("page", "1"))
    order = '(SELECT COUNT(*) FROM q_lineitems WHERE "class" = q_classes.sourced_id) DESC, id'
    bodies, total = store.page(chosen, order=order, limit=PAGE, offset=(number - 1) * PAGE)
    rows = []
    for found in map(_decoded, bodies):
        of_class = Selection(
            COLLECTIONS["lineItems"], ('"class" = %(id)s',), {"id": found["sourcedId"]}
        )
        rows.append((found, store.total(of_class)))
    page = {
        "rows": rows,
        "search": search,
        "total": total,
        "number": number,
        "previous": number - 1,
        "following": number + 1,
        "pages": max(1, -(-total // PAGE)),
    }
    return render(request, "q/classes.html", page)


def _decoded(body: bytes) -> Record:
    import msgspec

    found: Record = msgspec.json.decode(body)
    return found


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else 1


@csrf_exempt
def gradebook(request: HttpRequest, class_id: str) -> HttpResponse:
    """Line items and results of a class, to be edited; and the categories."""
    found = teacher.record("classes", class_id)
    if found is None:
        raise Http404
    if request.method == "POST":
        problem = _saved(request, class_id)
        return HttpResponseRedirect(request.path + (f"?problem={problem}" if problem else ""))
    items = teacher.line_items_of(class_id)
    last = max(1, -(-len(items) // COLUMNS))
    number = min(_number(request.GET.get("columns", "1")), last)
    columns = items[(number - 1) * COLUMNS : number * COLUMNS]
    categories = {each["sourcedId"]: each for each in teacher.several("categories")}
    page = {
        "found": found,
        "columns": [(each, _title(categories, each)) for each in columns],
        "rows": _rows(class_id, columns),
        "number": number,
        "last": last,
        "previous": number - 1,
        "following": number + 1,
        "categories": [
            (each, writers.of("categories", [each["sourcedId"]]).get(each["sourcedId"]))
            for each in categories.values()
        ],
        "periods": list(teacher.periods_of(class_id)),
        "problem": request.GET.get("problem", ""),
    }
    return render(request, "q/gradebook.html", page)


def _title(categories: dict[str, Record], item: Record) -> str:
    """The category of a line item by name; by id where there is none of that id."""
    sourced_id = (item.get("category") or {}).get("sourcedId", "")
    return str(categories.get(sourced_id, {}).get("title", sourced_id))


def _rows(class_id: str, columns: list[Record]) -> list[Record]:
    results = teacher.results_of(class_id)
    who = writers.of("results")
    rows = []
    for student in teacher.students_of(class_id):
        cells = []
        for item in columns:
            result = results.get((item["sourcedId"], student["sourcedId"]))
            writer = who.get(result["sourcedId"], {}) if result else {}
            cells.append(
                {
                    "item": item,
                    "result": result,
                    "text": teacher.shown(result),
                    "writer": writer.get("writer", ""),
                }
            )
        rows.append({"student": student, "cells": cells})
    return rows


def _saved(request: HttpRequest, class_id: str) -> str:
    sent = request.POST
    try:
        match sent.get("do"):
            case "line-item":
                teacher.save("lineItems", _new_item(sent, class_id))
            case "category":
                _save_category(sent)
            case "remove-category":
                teacher.remove("categories", sent["category"])
            case _:
                _save_scores(sent, class_id)
    except ValueError as error:
        return str(error)
    return ""


def _save_category(sent: Any) -> None:
    title = sent.get("title", "").strip()
    if not title:
        raise ValueError("a category needs a title")
    kept = teacher.record("categories", sent.get("category", ""))
    teacher.save("categories", {**(kept or teacher.new()), "title": title})


def _new_item(sent: Any, class_id: str) -> Record:
    item = teacher.new(**{"class": teacher.ref(class_id)}, resultValueMin=0.0)
    return _with_fields(item, sent)


def _with_fields(item: Record, sent: Any) -> Record:
    title = sent.get("title", "").strip()
    if not title:
        raise ValueError("a line item needs a title")
    assigned, due = sent.get("assignDate", "").strip(), sent.get("dueDate", "").strip()
    return {
        **item,
        "title": title,
        "description": sent.get("description", "").strip(),
        "assignDate": assigned or item.get("assignDate") or due,
        "dueDate": due,
        "category": teacher.ref(sent.get("category", "")),
        "gradingPeriod": teacher.ref(sent.get("gradingPeriod", "")),
        "resultValueMax": float(sent.get("resultValueMax") or 100),
    }


def _save_scores(sent: Any, class_id: str) -> None:
    results = teacher.results_of(class_id)
    places = zip(
        sent.getlist("item"),
        sent.getlist("student"),
        sent.getlist("was"),
        sent.getlist("now"),
        strict=True,
    )
    for item, student, was, now in places:
        if was != now.strip():
            teacher.type_score(item, student, results.get((item, student)), now.strip())


@csrf_exempt
def line_item(request: HttpRequest, line_item: str) -> HttpResponse:
    """One line item: re-titled, re-filed, re-dated, or taken away with its results."""
    item = teacher.record("lineItems", line_item)
    if item is None:
        raise Http404
    class_id = (item.get("class") or {}).get("sourcedId", "")
    home = reverse("gradebook", args=[class_id])
    if request.method == "POST":
        if request.POST.get("do") == "remove":
            teacher.remove("lineItems", line_item)
            return HttpResponseRedirect(home)
        try:
            teacher.save("lineItems", _with_fields(item, request.POST))
        except ValueError as error:
            return HttpResponseRedirect(f"{request.path}?problem={error}")
        return HttpResponseRedirect(request.path)
    page = {
        "item": item,
        "home": home,
        "found": teacher.record("classes", class_id) or {},
        "categories": teacher.several("categories"),
        "category": (item.get("category") or {}).get("sourcedId", ""),
        "periods": list(teacher.periods_of(class_id)),
        "period": (item.get("gradingPeriod") or {}).get("sourcedId", ""),
        "written": writers.of("lineItems", [line_item]).get(line_item),
        "problem": request.GET.get("problem", ""),
    }
    return render(request, "q/line_item.html", page)
