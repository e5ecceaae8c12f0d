"""One course as a teacher handles it: over Canvas's own API, and over Q's."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests

from tests.integration.provisioning.records import ref
from tests.sandbox_process import Sandbox

CLASS = "K1"
DUE = "2026-11-20T07:59:59Z"
TIMEOUT = 120
_EXACT = msgspec.json.Decoder(float_hook=Decimal)


def gradebook_of() -> dict[str, list[dict[str, Any]]]:
    """Categories for the groups that Canvas's gradebooks are filled with, and a grading period."""
    base = {"status": "active", "dateLastModified": "2026-11-01T00:00:00.000Z"}
    names = ("Homework", "Quizzes", "Tests", "Assignments")
    period = {"title": "Autumn 1", "type": "gradingPeriod", "schoolYear": "2100"}
    dates = {"startDate": "2026-08-17", "endDate": "2099-12-18"}
    parent = {"parent": ref("T1", "academicSession")}
    term = {"sourcedId": "T1", "title": "Autumn", "type": "term", "schoolYear": "2100"}
    return {
        "categories": [{"sourcedId": f"C-{name}", "title": name, **base} for name in names],
        "academicSessions": [
            {**term, **dates, **base},
            {"sourcedId": "GP1", **period, **dates, **parent, **base},
        ],
    }


class Course:
    """Found by the SIS ID of its section, which is the sourcedId of its class."""

    def __init__(self, sandbox: Sandbox, class_id: str) -> None:
        self.class_id = class_id
        self._sandbox = sandbox
        self._canvas = requests.Session()
        self._canvas.headers["Authorization"] = f"Bearer {sandbox.canvas.token}"
        self._q = requests.Session()
        auth = (sandbox.q.key, sandbox.q.secret)
        form = {"grant_type": "client_credentials"}
        token = requests.post(sandbox.q.token_url, data=form, auth=auth, timeout=TIMEOUT)
        self._q.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        section = self.canvas("GET", f"sections/sis_section_id:{class_id}")
        self.canvas_id = str(section["course_id"])
        self.section_id = str(section["id"])

    # Canvas

    def canvas(self, method: str, path: str, **json: Any) -> Any:
        url = f"{self._sandbox.canvas.url}/api/v1/{path}"
        answer = self._canvas.request(method, url, json=json or None, timeout=TIMEOUT)
        assert answer.ok, (method, path, answer.text)
        return answer.json() if answer.content else None

    def in_canvas(self, method: str, path: str, **json: Any) -> Any:
        return self.canvas(method, f"courses/{self.canvas_id}/{path}", **json)

    def graphql(self, kind: str, **given: Any) -> None:
        """Posting and hiding is done by GraphQL only."""
        name = kind[0].upper() + kind[1:]
        called = f"{kind}(input: $input) {{ errors {{ message }} }}"
        query = f"mutation ($input: {name}Input!) {{ {called} }}"
        url = f"{self._sandbox.canvas.url}/api/graphql"
        sent = {"query": query, "variables": {"input": given}}
        answer = self._canvas.post(url, json=sent, timeout=TIMEOUT)
        assert "errors" not in answer.json(), answer.text

    def publish(self) -> None:
        self.canvas("PUT", f"courses/{self.canvas_id}", course={"event": "offer"})

    def fill(self, assignments: int = 12, seed: int = 1) -> None:
        """One assignment of each kind, with invented work of every student."""
        asked = {"course": self.canvas_id, "assignments": assignments, "seed": seed}
        self.control("canvas", "POST", "gradebook/fill", asked)

    def make(self, name: str = "Essay", **fields: Any) -> str:
        given = {"name": name, "points_possible": 20, "submission_types": ["on_paper"],
                 "published": True, "due_at": DUE}  # fmt: skip
        return str(self.in_canvas("POST", "assignments", assignment=given | fields)["id"])

    def change(self, assignment: str, **fields: Any) -> None:
        self.in_canvas("PUT", f"assignments/{assignment}", assignment=fields)

    def grade(self, assignment: str, student: str, grade: object) -> None:
        """`student` is a sourcedId; "" takes the grade back."""
        self.mark(assignment, student, posted_grade=grade)

    def mark(self, assignment: str, student: str, **fields: Any) -> None:
        path = f"assignments/{assignment}/submissions/sis_user_id:{student}"
        self.in_canvas("PUT", path, submission=fields)

    def post(self, assignment: str) -> None:
        self.graphql("postAssignmentGrades", assignmentId=assignment)

    def hide(self, assignment: str) -> None:
        self.graphql("hideAssignmentGrades", assignmentId=assignment)

    def submissions(self) -> list[dict[str, Any]]:
        """As Canvas tells them, numbers exact."""
        found: list[dict[str, Any]] = []
        url = f"{self._sandbox.canvas.url}/api/v1/courses/{self.canvas_id}/students/submissions"
        asked: dict[str, str] = {"student_ids[]": "all", "per_page": "100", "include[]": "user"}
        while url:
            answer = self._canvas.get(url, params=asked, timeout=TIMEOUT)
            found += _EXACT.decode(answer.content)
            url, asked = answer.links.get("next", {}).get("url", ""), {}
        return found

    # Q

    def q(self, method: str, path: str, json: Any = None) -> requests.Response:
        url = f"{self._sandbox.q.url}/{path}"
        return self._q.request(method, url, json=json, timeout=TIMEOUT)

    def in_q(self, collection: str) -> list[dict[str, Any]]:
        """The active line items or results of the class."""
        path = f"classes/{self.class_id}/{collection}?limit=10000"
        rows = _EXACT.decode(self.q("GET", path).content)[collection]
        return [one for one in rows if one["status"] == "active"]

    def scores(self) -> dict[tuple[str, str], tuple[str, Decimal | None]]:
        """Status and score of each result in Q, by title of its line item and student."""
        titles = {one["sourcedId"]: one["title"] for one in self.in_q("lineItems")}
        return {
            (titles[one["lineItem"]["sourcedId"]], one["student"]["sourcedId"]): (
                one["scoreStatus"],
                Decimal(one["score"]) if "score" in one else None,
            )
            for one in self.in_q("results")
        }

    def result(self, title: str, student: str) -> dict[str, Any]:
        items = {one["title"]: one["sourcedId"] for one in self.in_q("lineItems")}
        return next(
            one
            for one in self.in_q("results")
            if one["lineItem"]["sourcedId"] == items[title]
            and one["student"]["sourcedId"] == student
        )

    def edit(self, collection: str, record: dict[str, Any], **fields: Any) -> None:
        """Somebody changes it in Q by hand."""
        changed = {**record, **fields, "dateLastModified": "2026-11-24T00:00:00.000Z"}
        plain = {key: float(value) if isinstance(value, Decimal) else value
                 for key, value in changed.items()}  # fmt: skip
        self.control("q", "POST", "records", {"upsert": {collection: [plain]}})

    def delete_in_q(self, collection: str, sourced_id: str) -> None:
        self.control("q", "POST", "records", {"delete": {collection: [sourced_id]}})

    # Control

    def control(self, server: str, method: str, path: str, json: Any = None) -> requests.Response:
        url = "{0.scheme}://{0.netloc}".format(urlsplit(getattr(self._sandbox, server).url))
        answer = requests.request(method, f"{url}/sandbox/{path}", json=json, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer

    def forget(self) -> None:
        """Count requests from here on."""
        for server in ("q", "canvas"):
            self.control(server, "DELETE", "log")

    def requests(self, server: str) -> list[dict[str, Any]]:
        return list(self.control(server, "GET", "log").json()["requests"])

    def writes(self) -> Counter[str]:
        """How many line items and results were sent to Q."""
        return Counter(
            f"{one['method']} {collection}"
            for one in self.requests("q")
            for collection in ("lineItems", "results")
            if one["method"] in ("PUT", "POST", "DELETE") and f"/{collection}/" in one["path"]
        )
