"""Editing by hand on the pages: which fields, and what saving does."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sandbox.canvas import edits
from sandbox.canvas.models import AuthenticationProvider, Course

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Field:
    """One field of a form; with `choices`, one of them."""

    name: str
    label: str
    choices: Choices = ()
    hint: str = ""


COURSE = (
    Field("name", "Name"),
    Field("course_code", "Course code"),
    Field("integration_id", "Integration ID"),
    Field(
        "workflow_state",
        "State",
        (
            ("claimed", "Unpublished"),
            ("available", "Published"),
            ("completed", "Concluded"),
            ("deleted", "Deleted"),
        ),
    ),
)
SECTION = (
    Field("name", "Name"),
    Field("integration_id", "Integration ID"),
    Field("course_id", "Course", hint="The Canvas ID of the course it is taught in"),
)
USER = (
    Field("name", "Name"),
    Field("sortable_name", "Sortable name"),
    Field("short_name", "Display name"),
    Field("email", "E-mail"),
)
LOGIN = (
    Field("unique_id", "Login"),
    Field("integration_id", "Integration ID"),
    Field("authentication_provider_id", "Authentication provider", (("0", "None"),)),
    Field(
        "workflow_state",
        "State",
        (("active", "Active"), ("suspended", "Suspended"), ("deleted", "Deleted")),
    ),
)


def fields(row: Any, form: tuple[Field, ...]) -> list[dict[str, Any]]:
    """The form's fields with their present values, for the template."""
    return [
        {
            "name": field.name,
            "label": field.label,
            "hint": field.hint,
            "value": str(getattr(row, field.name)),
            "choices": _choices(field),
        }
        for field in form
    ]


def _choices(field: Field) -> Choices:
    if field.name != "authentication_provider_id":
        return field.choices
    providers = AuthenticationProvider.objects.order_by("position")
    return (*field.choices, *((str(each.pk), each.auth_type) for each in providers))


def answer(request: HttpRequest, row: Any, form: tuple[Field, ...]) -> HttpResponse | None:
    """Save a form that was sent, and show the page again; None if none was sent."""
    if request.method != "POST":
        return None
    values: dict[str, Any] = {}
    for field in form:
        text = request.POST.get(field.name, str(getattr(row, field.name))).strip()
        values[field.name] = text
    if "unique_id" in values:
        values["unique_id_lower"] = values["unique_id"].lower()
    if "authentication_provider_id" in values:
        values["authentication_provider_id"] = int(values["authentication_provider_id"] or 0)
    number = values.pop("course_id", None)
    edits.edit(row, **values)
    if number is not None and number != str(row.course_id):
        course = Course.objects.filter(pk=int(number) if number.isdigit() else 0).first()
        if course:
            edits.cross_list(row, course)
    return HttpResponseRedirect(request.path)
