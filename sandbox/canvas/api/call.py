"""One API call: who asks, what for, and how a refusal is spelled."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, QueryDict

from sandbox.canvas import store
from sandbox.canvas.api import nested
from sandbox.canvas.jobs import AccessToken
from sandbox.canvas.models import Admin, Enrollment


class Refused(Exception):
    """The call is answered with this status and body, and nothing was done."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def not_found() -> Refused:
    return Refused(404, {"errors": [{"message": "The specified resource does not exist."}]})


def not_allowed() -> Refused:
    message = "user not authorized to perform that action"
    return Refused(403, {"status": "unauthorized", "errors": [{"message": message}]})


@dataclass
class Call:
    """A request with a good token."""

    request: HttpRequest
    token: AccessToken
    _params: QueryDict | None = field(default=None, repr=False)

    @property
    def user_id(self) -> int:
        return self.token.user_id

    @property
    def origin(self) -> str:
        return f"{self.request.scheme}://{self.request.get_host()}"

    @cached_property
    def params(self) -> QueryDict:
        """Query and body together, bodies of every kind written as forms write them."""
        found = self.request.GET.copy()
        kind = self.request.content_type or ""
        if kind == "application/json" and self.request.body:
            for name, value in _flat(_json(self.request.body)):
                found.appendlist(name, value)
        elif self.request.method == "POST" and kind.startswith(("multipart/", "application/x-www")):
            for name, values in self.request.POST.lists():
                for value in values:
                    found.appendlist(name, str(value))
        elif kind == "application/x-www-form-urlencoded":
            for name, values in QueryDict(self.request.body).lists():
                found.setlist(name, values)
        return found

    @cached_property
    def tree(self) -> nested.Tree:
        """The same with its structure: objects and lists inside each other."""
        if self.request.content_type == "application/json" and self.request.body:
            body = nested.plain(_json(self.request.body))
            query = [(n, str(v)) for n, vs in self.request.GET.lists() for v in vs]
            return {**nested.tree(query), **(body if isinstance(body, dict) else {})}
        if self.request.content_type == "application/x-www-form-urlencoded":
            sent = parse_qsl(self.request.body.decode(), keep_blank_values=True)
            return nested.tree(
                [*parse_qsl(self.request.GET.urlencode(), keep_blank_values=True), *sent]
            )
        return nested.tree((n, str(v)) for n, values in self.params.lists() for v in values)

    def group(self, name: str) -> nested.Tree:
        """The parameters below `name`, as a tree."""
        found = self.tree.get(name)
        return found if isinstance(found, dict) else {}

    def text(self, name: str) -> str:
        return str(self.params.get(name, "")).strip()

    def flag(self, name: str) -> bool | None:
        """A yes or no; None where it was not said."""
        value = self.text(name).lower()
        return None if not value else value in {"1", "true", "t", "yes", "on"}

    def several(self, name: str) -> list[str]:
        """The values of an array parameter, with and without brackets."""
        return [*self.params.getlist(f"{name}[]"), *self.params.getlist(name)]

    def fields(self, group: str) -> dict[str, str]:
        """The parameters `group[name]`, by name."""
        start = f"{group}["
        return {
            name[len(start) : -1]: str(value).strip()
            for name, value in self.params.items()
            if name.startswith(start) and name.endswith("]")
        }

    @cached_property
    def is_admin(self) -> bool:
        """Whether the caller administers the root account."""
        admins = Admin.objects.filter(user_id=self.user_id, workflow_state="active")
        return admins.filter(account_id=store.ROOT_ACCOUNT_ID).exists()

    def need_admin(self) -> None:
        if not self.is_admin:
            raise not_allowed()

    def need_course(self, course_id: int) -> None:
        """Admins see every course, others those they are in."""
        mine = Enrollment.objects.filter(user_id=self.user_id, course_id=course_id)
        if not self.is_admin and not mine.exclude(workflow_state="deleted").exists():
            raise not_allowed()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Refused(400, {"errors": [{"message": "The body is no JSON"}]}) from None


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """`{"course": {"name": "A"}}` as `course[name]=A`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner, f"{name}[]")
    elif value is None:
        yield name, ""
    else:
        yield name, json.dumps(value) if isinstance(value, bool) else str(value)
