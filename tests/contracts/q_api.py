"""Plain HTTP to a OneRoster 1.1 provider, for the contract tests: no client of ours in between."""

import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import requests

from tests.sandbox_process import Q

TIMEOUT = 30
SCOPE = "https://purl.imsglobal.org/spec/or/v1p1/scope/"

Records = list[dict[str, Any]]


def ask_token(q: Q, *, scope: str = "", secret: str | None = None) -> requests.Response:
    """What the token endpoint says."""
    form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
    credentials = (q.key, q.secret if secret is None else secret)
    return requests.post(q.token_url, data=form, auth=credentials, timeout=TIMEOUT)


def with_token(q: Q, path: str, token: str) -> requests.Response:
    """GET `path` with this bearer token."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(q.url + path, headers=headers, timeout=TIMEOUT)


def path_of(*segments: str) -> str:
    """A path whose segments may hold anything."""
    return "".join("/" + quote(each, safe="") for each in segments)


class Api:
    """Q with a token in hand; what was put in is taken out again at the end."""

    def __init__(self, q: Q) -> None:
        self.q = q
        self._session = requests.Session()
        token = ask_token(q).json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._made: list[tuple[str, ...]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for segments in reversed(self._made):
            self.delete(*segments)
        self._session.close()

    def get(self, *segments: str, **parameters: object) -> requests.Response:
        query = {name: str(value) for name, value in parameters.items()}
        return self.get_url(self.q.url + path_of(*segments), query)

    def get_url(self, url: str, query: Mapping[str, str] | None = None) -> requests.Response:
        return self._session.get(url, params=query, timeout=TIMEOUT)

    def put(self, *segments: str, body: object) -> requests.Response:
        self._made.append(segments)
        return self._session.put(self.q.url + path_of(*segments), json=body, timeout=TIMEOUT)

    def delete(self, *segments: str) -> requests.Response:
        return self._session.delete(self.q.url + path_of(*segments), timeout=TIMEOUT)

    def records(self, *segments: str, **parameters: object) -> Records:
        """The only list in the answer, whatever its name."""
        answer = self.get(*segments, **parameters)
        assert answer.status_code == 200, answer.text
        return next(v for k, v in answer.json().items() if k != "statusInfoSet")

    def ids(self, *segments: str, **parameters: object) -> list[str]:
        return [each["sourcedId"] for each in self.records(*segments, **parameters)]

    def made_categories(self, *titles: str) -> dict[str, str]:
        """New categories with these titles; id by title."""
        made = {title: new_id() for title in titles}
        for title, sourced_id in made.items():
            body = {"category": {"sourcedId": sourced_id, "title": title}}
            assert self.put("categories", sourced_id, body=body).status_code == 201
        return made

    def class_and_student(self) -> tuple[str, str]:
        """A class that has a student, and the student."""
        for class_id in self.ids("classes", limit=50):
            if students := self.ids("classes", class_id, "students", limit=1):
                return class_id, students[0]
        raise AssertionError("none of the first 50 classes has a student")

    def made_line_item(self, class_id: str, **fields: object) -> str:
        """A new line item of this class; its id."""
        sourced_id = new_id()
        body = {"lineItem": line_item(sourced_id, class_id) | fields}
        answer = self.put("lineItems", sourced_id, body=body)
        assert answer.status_code == 201, answer.text
        return sourced_id


def new_id() -> str:
    return f"contract-{uuid.uuid4()}"


def line_item(sourced_id: str, class_id: str) -> dict[str, Any]:
    """A line item as consumers send it."""
    return {
        "sourcedId": sourced_id,
        "title": "Contract test",
        "description": "may be deleted",
        "assignDate": "2026-02-01T08:00:00.000Z",
        "dueDate": "2026-02-06T23:59:59.000Z",
        "class": {"sourcedId": class_id},
        "resultValueMin": 0,
        "resultValueMax": 20,
    }


def result(sourced_id: str, line_item_id: str, student_id: str) -> dict[str, Any]:
    """A result as consumers send it."""
    return {
        "sourcedId": sourced_id,
        "lineItem": {"sourcedId": line_item_id},
        "student": {"sourcedId": student_id},
        "scoreStatus": "fully graded",
        "score": 17.5,
        "scoreDate": "2026-02-06",
        "comment": "",
    }


def minor_of(answer: requests.Response) -> str:
    """The code in OneRoster's status information."""
    return str(answer.json()["statusInfoSet"][0]["imsx_codeMinor"])
