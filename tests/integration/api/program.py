"""A program that asks the API, and the workers that do what it has begun, in one process."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from integration.models import District
from tests.integration.api.conftest import token_of


class Program:
    """Asks, and waits for what it has begun, as anybody's program would."""

    def __init__(self, district: District) -> None:
        self._headers = {"Authorization": f"Bearer {token_of(district)}"}

    def ask(self, path: str, **query: str) -> Any:
        at = path.partition("localhost:8000")[2] or f"/api/v1/districts/lakeside/{path}"
        return Client().get(at, query, headers=self._headers)

    def get(self, path: str, **query: str) -> Any:
        answer = self.ask(path, **query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        at = f"/api/v1/districts/lakeside/{path}"
        kind = "application/json"
        return Client().post(at, body, content_type=kind, headers=self._headers)

    def done(self, path: str, body: dict[str, Any]) -> Any:
        """Begin something, let the workers work, and look again where the answer says."""
        begun = self.post(path, body)
        assert begun.status_code == 202, begun.content
        hear_all_bells()
        return self.get(begun["Location"])


def hear_all_bells() -> list[str]:
    """Do what the workers would; the names of the tasks."""
    done: list[str] = []
    while (bell := OrmQ.objects.order_by("pk").first()) is not None:
        task: dict[str, Any] = bell.task
        bell.delete()
        import_string(task["func"])(*task["args"])
        done.append(task["func"])
    return done
