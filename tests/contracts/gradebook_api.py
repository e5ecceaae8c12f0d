"""A course to grade in, for the contract tests: made and changed over the documented REST API."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.contracts.canvas_api import TIMEOUT, Api, Json, course, enrollments, section, users

# Long past and far ahead, so that no clock decides what is late.
PAST = "2020-03-01T12:00:00Z"
FUTURE = "2120-03-01T12:00:00Z"


def post_policy(api: Api, kind: str, **given: Any) -> Json:
    """One mutation of Canvas's GraphQL, which is how grades are posted and hidden."""
    name = kind[0].upper() + kind[1:]
    query = (
        f"mutation ($input: {name}Input!) {{ {kind}(input: $input) {{ errors {{ message }} }} }}"
    )
    url = f"{api.canvas.url}/api/graphql"
    sent = {"query": query, "variables": {"input": given}}
    answer = api.session.post(url, json=sent, timeout=TIMEOUT)
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text
    return dict(answer.json()["data"][kind])


@dataclass
class Book:
    """A published course with students in sections, by their words in SIS ids."""

    api: Api
    course_id: int
    users: dict[str, int]
    sections: dict[str, int]

    @property
    def path(self) -> str:
        return f"courses/{self.course_id}"

    def make(self, name: str = "Work", **fields: Any) -> Json:
        """A published assignment of 20 points that is handed in online."""
        given = {
            "name": name,
            "points_possible": 20,
            "submission_types": ["online_text_entry"],
            "published": True,
            **fields,
        }
        answer = self.api.ask("POST", f"{self.path}/assignments", json={"assignment": given})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def change(self, assignment: Json, **fields: Any) -> requests.Response:
        path = f"{self.path}/assignments/{assignment['id']}"
        return self.api.ask("PUT", path, json={"assignment": fields})

    def read(self, assignment: Json, **parameters: object) -> Json:
        return dict(self.api.get(f"{self.path}/assignments/{assignment['id']}", **parameters))

    def override(self, assignment: Json, **fields: Any) -> requests.Response:
        path = f"{self.path}/assignments/{assignment['id']}/overrides"
        return self.api.ask("POST", path, json={"assignment_override": fields})

    def cell_path(self, assignment: Json, who: str) -> str:
        return f"{self.path}/assignments/{assignment['id']}/submissions/{self.users[who]}"

    def cell(self, assignment: Json, who: str = "A", **parameters: object) -> Json:
        return dict(self.api.get(self.cell_path(assignment, who), **parameters))

    def grade(self, assignment: Json, grade: object, who: str = "A", **more: Any) -> Json:
        """What the cell holds after this grade was posted."""
        return self.mark(assignment, who, posted_grade=grade, **more)

    def mark(self, assignment: Json, who: str = "A", **fields: Any) -> Json:
        answer = self.api.ask("PUT", self.cell_path(assignment, who), json={"submission": fields})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def hand_in(self, assignment: Json, who: str = "A", at: str = PAST) -> Json:
        given = {"submission_type": "online_text_entry", "body": "Mine", "submitted_at": at}
        path = f"{self.path}/assignments/{assignment['id']}/submissions"
        sent = {"submission": {**given, "user_id": self.users[who]}}
        answer = self.api.ask("POST", path, json=sent)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def cells(self, **parameters: object) -> list[Json]:
        """Of all students."""
        asked = {"student_ids[]": "all", "per_page": 100, **parameters}
        return self.api.all(f"{self.path}/students/submissions", **asked)

    def grades(self, who: str = "A", **parameters: object) -> Json:
        """The totals that the student's enrollment shows."""
        asked = {"user_id": self.users[who], "type[]": "StudentEnrollment", **parameters}
        return dict(self.api.get(f"{self.path}/enrollments", **asked)[0]["grades"])

    def periods(self, *spans: tuple[str, str, str]) -> list[Json]:
        """Grading periods for the course's term: title, begin, end of each."""
        term = self.api.get(self.path)["enrollment_term_id"]
        sent: Json = {"grading_period_set": {"title": "Periods"}, "enrollment_term_ids": [term]}
        made = self.api.ask("POST", f"{self.api.account}/grading_period_sets", json=sent)
        assert made.status_code == 201, made.text
        number = made.json()["grading_period_set"]["id"]
        given = [{"title": t, "start_date": b, "end_date": e} for t, b, e in spans]
        path = f"grading_period_sets/{number}/grading_periods/batch_update"
        answer = self.api.ask("PATCH", path, json={"grading_periods": given})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["grading_periods"])


def book(api: Api, *students: str, sections: tuple[str, ...] = ("S",)) -> Book:
    """A course in a term of its own, each student in the first section, each with a SIS id."""
    who = students or ("A", "B")
    term = "term_id,name,status\n@X,Term @X,active"
    names = [f"@{each}" for each in who]
    rows = [f"@{sections[0]},{each},student,active" for each in names]
    api.sent_well(
        term,
        course("@C", "term_id", "@X"),
        *(section(f"@{each}") for each in sections),
        users(*names, "@T"),
        enrollments(*rows, f"@{sections[0]},@T,teacher,active"),
    )
    found = api.course()
    api.put(f"courses/{found['id']}", **{"course[event]": "offer"})
    ids = {each: int(api.users(f"@{each}")["id"]) for each in (*who, "T")}
    places = {each: int(api.section(f"@{each}")["id"]) for each in sections}
    return Book(api, int(found["id"]), ids, places)
