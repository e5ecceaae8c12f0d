"""Asking a Q that may be quirky: its answers read whatever their shape, things written to it."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

import requests

from tests.sandbox.ports import TIMEOUT, Port

Record = dict[str, Any]


@dataclass(frozen=True)
class Asking:
    """Q's port, and some ids that were read before any quirk was on."""

    port: Port
    class_id: str
    student: str
    category: str
    period: str
    token_url: str
    credentials: tuple[str, str]

    def get(self, path: str, **values: Any) -> requests.Response:
        return self.port.ask(path, **values)

    def all(self, path: str) -> list[Record]:
        """The records of one answer, however they are wrapped."""
        answer = self.get(f"{path}{'&' if '?' in path else '?'}limit=5000")
        return listed(answer)

    def own(self, plain: str) -> str:
        """The id that the record has now."""
        return str(self.port.told("GET", "quirks")["on"].get("odd-ids", "")) + plain

    def token(self, **more: str) -> requests.Response:
        form = {"grant_type": "client_credentials", **more}
        return requests.post(self.token_url, data=form, auth=self.credentials, timeout=TIMEOUT)

    def put(self, path: str, single: str, **record: Any) -> requests.Response:
        sourced_id = path.rpartition("/")[2]
        return self.port.ask(path, "PUT", json={single: {"sourcedId": sourced_id, **record}})

    def put_item(self, path: str = "", **more: Any) -> requests.Response:
        path = path or f"/lineItems/{uuid.uuid4()}"
        item = {
            "title": "A quiz " + "x" * 90,
            "assignDate": "2026-09-01T08:00:00.000Z",
            "class": {"sourcedId": self.own(self.class_id)},
            "category": {"sourcedId": self.own(self.category)},
            "resultValueMin": 0,
            "resultValueMax": 10,
        }
        return self.put(path, "lineItem", **item | more)

    def put_score(self, score: float) -> tuple[str, requests.Response]:
        """The path of a new result of a new line item with this score, and the answer."""
        item, result = uuid.uuid4(), f"/results/{uuid.uuid4()}"
        self.put_item(f"/lineItems/{item}")
        more = {"scoreStatus": "fully graded", "scoreDate": "2026-09-02", "score": score}
        refs = {
            "lineItem": {"sourcedId": str(item)},
            "student": {"sourcedId": self.own(self.student)},
        }
        return result, self.put(result, "result", **refs, **more)

    def kept(self, path: str) -> Record:
        """The one record at this path."""
        return dict(next(iter(read(self.get(path)).values())))


def read(answer: requests.Response) -> Any:
    return json.loads(answer.content.decode("utf-8-sig"))


def listed(answer: requests.Response) -> list[Record]:
    """Raises ValueError where there is no list."""
    if answer.status_code != 200:
        raise ValueError(answer.status_code)
    whole = read(answer)
    return list(whole if isinstance(whole, list) else next(iter(whole.values())))


def id_of(ref: Any) -> Any:
    return ref.get("sourcedId") if isinstance(ref, dict) else ref


def role_of(record: Record) -> str:
    """However the role is spelt."""
    roles = record.get("roles") or [{"role": record.get("role")}]
    return str(roles[0]["role"]).lower()
