"""Pages for people: what Canvas holds, one thing at a time, and what imports complained of."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from sandbox.canvas import forms, store
from sandbox.canvas.jobs import SisImport, SisImportError
from sandbox.canvas.lti.pages import navigation
from sandbox.canvas.models import Account, Course, Enrollment, Login, Section, Term, User
from sandbox.canvas.tables import Cell, Table, paged
from sandbox.control import LOGS


def _one(model: Any, number: str) -> Any:
    found = model.objects.filter(pk=int(number) if number.isdigit() else 0).first()
    if found is None:
        raise Http404
    return found


def _search(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()


def _list(request: HttpRequest, title: str, table: Table, searched: str | None) -> HttpResponse:
    page = {"title": title, "table": table, "searched": searched}
    return render(request, "canvas/list.html", page)


def index(request: HttpRequest) -> HttpResponse:
    """How much there is of everything, and how to connect."""
    counted = [
        ("Accounts", Account, "/accounts"),
        ("Terms", Term, "/terms"),
        ("Courses", Course, "/courses"),
        ("People", User, "/users"),
        ("SIS imports", SisImport, "/sis_imports"),
        ("Sections", Section, ""),
        ("Logins", Login, ""),
        ("Enrollments", Enrollment, ""),
    ]
    rows = [[Cell(name, url), Cell(model.objects.count())] for name, model, url in counted]
    page = {
        "title": "Local Canvas",
        "table": Table("What Canvas holds", ["Kind", "Number"], rows),
        "connection": {
            "Address": f"{request.scheme}://{request.get_host()}",
            "Access token": store.TOKEN,
            "Developer key id": store.DEVELOPER_KEY,
            "Developer key secret": store.DEVELOPER_SECRET,
        },
    }
    return render(request, "canvas/index.html", page)


def accounts(request: HttpRequest) -> HttpResponse:
    """The accounts as a tree."""
    children: dict[int, list[Account]] = {}
    for account in Account.objects.order_by("name"):
        children.setdefault(account.parent_id, []).append(account)
    courses = dict(Course.objects.values_list("account_id").annotate(Count("id")))
    rows: list[list[Cell]] = []

    def walk(parent: int, depth: int) -> None:
        for account in children.get(parent, []):
            name = "\u2014 " * depth + account.name
            link = f"/courses?account={account.pk}"
            cells = [account.sis_id, account.workflow_state]
            shown = [Cell(name, f"/accounts/{account.pk}"), *map(Cell, cells)]
            rows.append([*shown, Cell(courses.get(account.pk, 0), link)])
            walk(account.pk, depth + 1)

    walk(0, 0)
    return _list(
        request, "Accounts", Table("Accounts", ["Name", "SIS ID", "State", "Courses"], rows), None
    )


def terms(request: HttpRequest) -> HttpResponse:
    """All terms."""
    found, pager = paged(request, Term.objects.order_by("start_at", "id"))
    rows = [
        [*map(Cell, (t.name, t.sis_id, t.integration_id, t.start_at, t.end_at, t.workflow_state))]
        for t in found
    ]
    columns = ["Name", "SIS ID", "Integration ID", "Start", "End", "State"]
    return _list(request, "Terms", Table("Terms", columns, rows, pager), None)


def courses(request: HttpRequest) -> HttpResponse:
    """Courses, searched by name, code or SIS ID."""
    rows = Course.objects.order_by("name", "id")
    text = _search(request)
    if text:
        rows = rows.filter(
            Q(name__icontains=text) | Q(course_code__icontains=text) | Q(sis_id=text)
        )
    if (account := request.GET.get("account", "")).isdigit():
        rows = rows.filter(account_id=int(account))
    found, pager = paged(request, rows)
    shown = [
        [
            Cell(each.name, f"/courses/{each.pk}"),
            *map(Cell, (each.course_code, each.sis_id, each.workflow_state)),
        ]
        for each in found
    ]
    table = Table("Courses", ["Name", "Code", "SIS ID", "State"], shown, pager)
    return _list(request, "Courses", table, text)


def course(request: HttpRequest, number: str) -> HttpResponse:
    """One course with its sections and people, to be edited."""
    found = _one(Course, number)
    answer = forms.answer(request, found, forms.COURSE)
    if answer:
        return answer
    sections = Section.objects.filter(course_id=found.pk).order_by("id")
    inside = Enrollment.objects.filter(course_id=found.pk).order_by("id")
    people, pager = paged(request, inside, "people")
    page = {
        "title": found.name,
        "navigation": navigation(request, found),
        "facts": {
            "Canvas ID": found.pk,
            "SIS ID": found.sis_id,
            "Account": _name(Account, found.account_id),
            "Term": _name(Term, found.term_id),
            "Start": found.start_at,
            "End": found.end_at,
            "Changed by hand": found.stuck,
        },
        "links": {"Gradebook": f"/courses/{found.pk}/gradebook"},
        "fields": forms.fields(found, forms.COURSE),
        "tables": [_sections(sections), _people(people, pager)],
    }
    return render(request, "canvas/thing.html", page)


def _name(model: Any, number: int) -> str:
    found = model.objects.filter(pk=number).first()
    return found.name if found else ""


def _sections(sections: QuerySet[Section]) -> Table:
    rows = [
        [
            Cell(each.name, f"/sections/{each.pk}"),
            Cell(each.sis_id),
            Cell("default" if each.default_section else ""),
            Cell("cross-listed" if each.nonxlist_course_id else ""),
            Cell(each.workflow_state),
        ]
        for each in sections
    ]
    return Table("Sections", ["Name", "SIS ID", "Default", "Cross-listed", "State"], rows)


def _people(enrollments: list[Enrollment], pager: dict[str, str]) -> Table:
    names = User.objects.in_bulk([each.user_id for each in enrollments])
    sections = Section.objects.in_bulk([each.section_id for each in enrollments])
    rows = [
        [
            Cell(names[each.user_id].name, f"/users/{each.user_id}"),
            Cell(each.type.removesuffix("Enrollment")),
            Cell(sections[each.section_id].name),
            Cell(each.workflow_state),
        ]
        for each in enrollments
    ]
    return Table("People", ["Name", "Role", "Section", "State"], rows, pager)


def section(request: HttpRequest, number: str) -> HttpResponse:
    """One section, to be edited or cross-listed."""
    found = _one(Section, number)
    answer = forms.answer(request, found, forms.SECTION)
    if answer:
        return answer
    inside = Enrollment.objects.filter(section_id=found.pk).order_by("id")
    people, pager = paged(request, inside, "people")
    page = {
        "title": found.name,
        "facts": {
            "Canvas ID": found.pk,
            "SIS ID": found.sis_id,
            "Course": _name(Course, found.course_id),
            "Own course": _name(Course, found.nonxlist_course_id),
            "Changed by hand": found.stuck,
        },
        "fields": forms.fields(found, forms.SECTION),
        "tables": [_people(people, pager)],
    }
    return render(request, "canvas/thing.html", page)


def users(request: HttpRequest) -> HttpResponse:
    """People, searched by name, login or SIS ID."""
    rows = User.objects.order_by("sortable_name", "id")
    text = _search(request)
    if text:
        logins = Login.objects.filter(Q(unique_id__icontains=text) | Q(sis_id=text))
        rows = rows.filter(Q(name__icontains=text) | Q(pk__in=logins.values("user_id")))
    found, pager = paged(request, rows)
    logins_of = {
        each.user_id: each for each in Login.objects.filter(user_id__in=found.values("pk"))
    }
    shown = []
    for each in found:
        login = logins_of.get(each.pk)
        ids = (login.unique_id, login.sis_id, login.workflow_state) if login else ("", "", "")
        shown.append([Cell(each.name, f"/users/{each.pk}"), *map(Cell, ids)])
    table = Table("People", ["Name", "Login", "SIS ID", "State of the login"], shown, pager)
    return _list(request, "People", table, text)


def user(request: HttpRequest, number: str) -> HttpResponse:
    """One person with logins and enrollments, to be edited."""
    found = _one(User, number)
    answer = forms.answer(request, found, forms.USER)
    if answer:
        return answer
    logins = [
        [
            Cell(each.unique_id, f"/logins/{each.pk}"),
            *map(Cell, (each.sis_id, each.integration_id, each.authentication_provider_id or "")),
            Cell(each.workflow_state),
        ]
        for each in Login.objects.filter(user_id=found.pk)
    ]
    columns = ["Login", "SIS ID", "Integration ID", "Provider", "State"]
    inside, pager = paged(request, Enrollment.objects.filter(user_id=found.pk).order_by("id"))
    names = Course.objects.in_bulk([each.course_id for each in inside])
    enrolled = [
        [
            Cell(names[each.course_id].name, f"/courses/{each.course_id}"),
            *map(Cell, (each.type.removesuffix("Enrollment"), each.workflow_state)),
        ]
        for each in inside
    ]
    page = {
        "title": found.name,
        "facts": {"Canvas ID": found.pk, "E-mail": found.email, "Changed by hand": found.stuck},
        "fields": forms.fields(found, forms.USER),
        "tables": [
            Table("Logins", columns, logins),
            Table("Enrollments", ["Course", "Role", "State"], enrolled, pager),
        ],
    }
    return render(request, "canvas/thing.html", page)


def login(request: HttpRequest, number: str) -> HttpResponse:
    """One login, to be edited."""
    found = _one(Login, number)
    answer = forms.answer(request, found, forms.LOGIN)
    if answer:
        return answer
    page = {
        "title": found.unique_id,
        "facts": {
            "Person": _name(User, found.user_id),
            "SIS ID": found.sis_id,
            "Changed by hand": found.stuck,
        },
        "fields": forms.fields(found, forms.LOGIN),
        "tables": [],
    }
    return render(request, "canvas/thing.html", page)


def imports(request: HttpRequest) -> HttpResponse:
    """The SIS imports, newest first."""
    found, pager = paged(request, SisImport.objects.defer("upload").order_by("-id"))
    rows = [
        [
            Cell(each.pk, f"/sis_imports/{each.pk}"),
            *map(Cell, (each.filename, each.workflow_state, f"{each.progress} %")),
            *map(Cell, (each.created_at, each.ended_at)),
        ]
        for each in found
    ]
    columns = ["Number", "File", "State", "Progress", "Created", "Ended"]
    return _list(request, "SIS imports", Table("SIS imports", columns, rows, pager), None)


def sis_import(request: HttpRequest, number: str) -> HttpResponse:
    """One import: how it went, and its messages row by row."""
    found = _one(SisImport, number)
    errors = SisImportError.objects.filter(sis_import_id=found.pk).order_by("-failure", "id")
    shown, pager = paged(request, errors)
    rows = [
        [*map(Cell, (each.file, each.row or "", "file" if each.failure else "row", each.message))]
        for each in shown
    ]
    counts = found.data.get("counts", {})
    chosen = [name for name, value in found.options.items() if value]
    page = {
        "title": f"SIS import {found.pk}",
        "facts": {
            "File": found.filename,
            "State": found.workflow_state,
            "Progress": f"{found.progress} %",
            "Options": ", ".join(chosen),
            "Created": found.created_at,
            "Ended": found.ended_at,
        },
        "tables": [
            Table(
                "Rows imported",
                ["Kind", "Number"],
                [[Cell(name), Cell(value)] for name, value in counts.items() if value],
            ),
            Table("Messages", ["File", "Row", "Concerns", "Message"], rows, pager),
        ],
    }
    return render(request, "canvas/thing.html", page)


def requests(request: HttpRequest) -> HttpResponse:
    """What was asked of Canvas lately."""
    rows = [
        [*map(Cell, (each["number"], each["method"], each["path"], each["status"]))]
        for each in LOGS["canvas"].latest(200)
    ]
    table = Table("The last 200 requests", ["Number", "Method", "Path", "Status"], rows)
    return _list(request, "Requests", table, None)
