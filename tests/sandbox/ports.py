"""The two ports of a sandbox as tests speak to them: control at /sandbox/, and Q's records."""

from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.sandbox_process import Canvas, Q

TIMEOUT = 60
ORGS = "/orgs?limit=10"


class Port:
    """One port: its control, and requests to what it serves with the right credentials."""

    def __init__(self, root: str, pages: str, authorization: str) -> None:
        self.root = root
        self.origin = pages.rstrip("/")
        self.session = requests.Session()
        self.session.headers["Authorization"] = authorization

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        """What /sandbox/… says."""
        url = f"{self.origin}/sandbox/{path}"
        return requests.request(method, url, json=body, timeout=TIMEOUT)

    def told(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.control(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def fault(self, do: dict[str, Any], **match: Any) -> int:
        """Set a fault; its number."""
        return int(self.told("POST", "faults", {"match": match, "do": do})["id"])

    def ask(self, path: str, method: str = "GET", **values: Any) -> requests.Response:
        return self.session.request(method, self.root + path, timeout=TIMEOUT, **values)

    def raw(self, path: str) -> HTTPConnection:
        """A connection on which this path has been asked for."""
        connection = HTTPConnection(urlsplit(self.origin).netloc, timeout=TIMEOUT)
        headers = {name: str(value) for name, value in self.session.headers.items()}
        connection.request("GET", urlsplit(self.root).path + path, headers=headers)
        return connection


def q_port(q: Q) -> Port:
    form = {"grant_type": "client_credentials"}
    answer = requests.post(q.token_url, data=form, auth=(q.key, q.secret), timeout=TIMEOUT)
    return Port(q.url, q.pages, f"Bearer {answer.json()['access_token']}")


def canvas_port(canvas: Canvas) -> Port:
    return Port(f"{canvas.url}/api/v1", canvas.pages, f"Bearer {canvas.token}")


def statuses(port: Port, count: int, path: str = ORGS) -> list[int]:
    return [port.ask(path).status_code for _ in range(count)]


def body_of(port: Port, path: str = ORGS) -> bytes:
    connection = port.raw(path)
    try:
        return connection.getresponse().read()
    finally:
        connection.close()
