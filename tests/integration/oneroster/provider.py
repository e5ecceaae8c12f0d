"""A provider on loopback whose every habit can be changed."""

import json
import re
import threading
from collections.abc import Callable
from itertools import count

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

ROOT = "/ims/oneroster/v1p1"
KEYS = {
    "schools": "orgs",
    "terms": "academicSessions",
    "gradingPeriods": "academicSessions",
    "students": "users",
    "teachers": "users",
}


class Provider:
    """Pages its `rows` as the specification says; `habits` see each request first, in order.

    A habit is called with the request and the number of earlier requests for the same path and
    query, and answers, or leaves it to the next one with None.
    """

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("").rstrip("/")
        self.host = f"{server.host}:{server.port}"
        self.rows: dict[str, list] = {}
        self.habits: list[Callable[[Request], Response | None]] = []
        self.requests: list[Request] = []
        self.most = 10_000
        self.says_total = True
        self.headers: dict[str, str] = {}
        self.token_answers: list[Response] = []
        self._tokens = count(1)
        self._lock = threading.Lock()
        server.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    def holds(self, collection: str, number: int, **fields: object) -> None:
        self.rows[collection] = [{**record(i), **fields} for i in range(number)]

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def offsets(self) -> list[int]:
        return [
            int(request.args["offset"]) for request in self.requests if "offset" in request.args
        ]

    def page(self, rows: list, *, key: str = "users", total: int | None = None) -> Response:
        headers = {} if total is None else {"X-Total-Count": str(total)}
        return reply({key: rows}, **headers)

    def token(self, **fields: object) -> Response:
        answer = {"access_token": f"t0ken-{next(self._tokens)}", "expires_in": 3600, **fields}
        return reply({name: value for name, value in answer.items() if value is not None})

    def _answer(self, request: Request) -> Response:
        request.get_data()
        with self._lock:
            self.requests.append(request)
            for habit in self.habits:
                if (answer := habit(request)) is not None:
                    return answer
            if request.path.endswith("/token"):
                return self.token_answers.pop(0) if self.token_answers else self.token()
            return self._page(request)

    def _page(self, request: Request) -> Response:
        path = request.path.removeprefix(ROOT + "/")
        if path not in self.rows:
            return refusal(404, "unknown object", "no such collection")
        rows = self.rows[path]
        start = int(request.args.get("offset", 0))
        end = start + min(int(request.args.get("limit", 100)), self.most)
        collection = path.rpartition("/")[2]
        headers = {"X-Total-Count": str(len(rows))} if self.says_total else {}
        return reply({KEYS.get(collection, collection): rows[start:end]}, **headers, **self.headers)


def reply(content: object, status: int = 200, **headers: str) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, status, spelled, content_type="application/json")


def refusal(status: int, minor: str, description: str = "") -> Response:
    info = {"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_codeMinor": minor}
    return reply({"statusInfoSet": [{**info, "imsx_description": description}]}, status)


def record(number: int) -> dict[str, object]:
    """A user as the specification's tables have it."""
    return {
        "sourcedId": f"u-{number:04d}",
        "status": "active",
        "dateLastModified": "2026-01-05T08:00:00.000Z",
        "username": f"user{number}",
        "enabledUser": "true",
        "givenName": "Given",
        "familyName": "Family",
        "role": "student",
        "orgs": [{"href": "x", "sourcedId": "s-1", "type": "org"}],
    }
