"""How a client can tell that a quirk is on: one sign for each, whatever else is on."""

import gzip
import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from tests.sandbox.ports import TIMEOUT, Port

Sign = Callable[["Asking", Any], bool]
Record = dict[str, Any]

# name → (sign, the values to try it with)
SIGNS: dict[str, tuple[Sign, tuple[Any, ...]]] = {}

ALL = True  # as a value: every record, every path


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


def shows(name: str, *values: Any) -> Callable[[Sign], Sign]:
    def note(sign: Sign) -> Sign:
        SIGNS[name] = (sign, values or (True,))
        return sign

    return note


def id_of(ref: Any) -> Any:
    return ref.get("sourcedId") if isinstance(ref, dict) else ref


def role_of(record: Record) -> str:
    """However the role is spelt."""
    roles = record.get("roles") or [{"role": record.get("role")}]
    return str(roles[0]["role"]).lower()


@shows("collection-key", "data", "Users")
def _(q, value):
    return value in read(q.get("/users"))


@shows("bare-array")
def _(q, _value):
    return isinstance(read(q.get("/users")), list)


@shows("empty-collection", 204, 404)
def _(q, value):
    return q.get("/resources").status_code == value


@shows("beyond-end", 404, 400, 500, 204)
def _(q, value):
    return q.get("/orgs?offset=1000").status_code == value


@shows("empty-lists", ALL, ["orgs"])
def _(q, _value):
    return listed(q.get("/orgs")) == [] and q.get("/orgs").status_code == 200


@shows("not-offered", ["demographics"], [r"^/schools/.*/classes$", "demo"])
def _(q, _value):
    return q.get("/demographics").status_code == 404


@shows("total", "missing", "changing", 5, -1)
def _(q, value):
    first, second = (q.get("/users").headers.get("X-Total-Count") for _ in range(2))
    if isinstance(value, int):
        return first is not None and int(first) - len(q.all("/users")) == value
    return first is None if value == "missing" else first != second


@shows("link", "https://oneroster.example.org", "missing", "relative", "endless")
def _(q, value):
    answer = q.get("/orgs?offset=1")
    links = {name: each["url"] for name, each in answer.links.items()}
    if value in ("missing", "endless"):
        return not links if value == "missing" else "next" in links
    origin = "" if value == "relative" else urlsplit(value).netloc
    return bool(links) and {urlsplit(each).netloc for each in links.values()} == {origin}


@shows("page-limit", 100, 3)
def _(q, value):
    return len(q.all("/enrollments")) == value


@shows("offset-ignored")
def _(q, _value):
    return listed(q.get("/users?limit=2&offset=2")) == listed(q.get("/users?limit=2"))


@shows("duplicates", 1, 2)
def _(q, value):
    first, second = (listed(q.get(f"/users?limit=3&offset={n}")) for n in (0, 3))
    return first[-value:] == second[:value]


@shows("unstable-order")
def _(q, _value):
    first, second = (listed(q.get("/users")) for _ in range(2))
    return first != second and len(first) == len(second)


@shows("sort-unsupported", "ignored", 400)
def _(q, value):
    asked = q.get("/users?sort=familyName&orderBy=desc&limit=5000")
    return asked.status_code == value if value == 400 else listed(asked) == q.all("/users")


@shows("filter-unsupported", "ignored", 400)
def _(q, value):
    asked = q.get("/users?filter=role%3D'teacher'&limit=5000")
    return (
        asked.status_code == value if value == 400 else len(listed(asked)) == len(q.all("/users"))
    )


@shows("fields-unsupported", "ignored", 400)
def _(q, value):
    asked = q.get("/users?fields=status")
    return asked.status_code == value if value == 400 else "givenName" in listed(asked)[0]


@shows("students-with-teachers")
def _(q, _value):
    students = q.all(f"/classes/{quote(q.own(q.class_id), safe='')}/students")
    return any(role_of(each) != "student" for each in students)


@shows("null-for-missing")
def _(q, _value):
    return all("parent" in each for each in q.all("/orgs"))


@shows("references", "bare", "no-type", "no-href", "id-only")
def _(q, value):
    ref = q.all("/classes")[0]["school"]
    left = {"no-type": {"href", "sourcedId"}, "no-href": {"type", "sourcedId"}}
    return isinstance(ref, str) if value == "bare" else set(ref) == left.get(value, {"sourcedId"})


@shows("enumerations", "mixed", "upper", "lower", "capitalized")
def _(q, value):
    session = q.all("/gradingPeriods")[0]
    spelt = {"upper": "GRADINGPERIOD", "lower": "gradingperiod"}.get(value, "Gradingperiod")
    status = {"lower": "active", "capitalized": "Active"}.get(value, "ACTIVE")
    return (session["type"], session["status"]) == (spelt, status)


@shows("dates", "us", "datetime", "datetime-offset")
def _(q, value):
    zone = {"datetime": "Z", "datetime-offset": "-08:00"}
    form = r"\d\d/\d\d/\d{4}" if value == "us" else rf".{{10}}T00:00:00.000{zone.get(value)}"
    return bool(re.fullmatch(form, q.all("/gradingPeriods")[0]["startDate"]))


@shows("times", "zoneless", "offset")
def _(q, value):
    end = r"\+05:30" if value == "offset" else ""
    return bool(re.fullmatch(r"[\d-]{10}T[\d:.]{12}" + end, q.all("/orgs")[0]["dateLastModified"]))


@shows("booleans", "json", "capitalized", "digits")
def _(q, value):
    words = {"json": {True, False}, "capitalized": {"True", "False"}, "digits": {"1", "0"}}
    return {each["enabledUser"] for each in q.all("/users")} <= words[value]


@shows("numbers-as-text")
def _(q, _value):
    return isinstance(q.all("/lineItems")[0]["resultValueMax"], str)


@shows("school-year", "range", "short-range")
def _(q, value):
    end = r"\d{4}" if value == "range" else r"\d\d"
    return bool(re.fullmatch(rf"\d{{4}}-{end}", q.all("/gradingPeriods")[0]["schoolYear"]))


@shows("names", "unicode", "emoji", "rtl", "csv", "nul", "long")
def _(q, value):
    signs = {"unicode": "王", "emoji": "🎓", "rtl": "\u202e", "csv": "\n", "nul": "\x00"}
    return all(signs.get(value, "Wolfe") in each["familyName"] for each in q.all("/users"))


@shows("roles")
def _(q, _value):
    return all("role" not in each and each["roles"] for each in q.all("/users"))


@shows("missing-sourcedId", ALL, 3)
def _(q, value):
    lacking = [each for each in q.all("/users") if each.get("sourcedId") is None]
    return len(lacking) > 0 and (value is not True or len(lacking) == len(q.all("/users")))


def _lacks(path: str, field: str) -> Sign:
    return lambda q, _value: any(each.get(field) is None for each in q.all(path))


shows("missing-username", ALL, 3)(_lacks("/users", "username"))
shows("missing-email", ALL, 3)(_lacks("/users", "email"))
shows("class-without-terms", ALL, 2)(_lacks("/classes", "terms"))
shows("class-without-course", ALL, 2)(_lacks("/classes", "course"))


@shows("dangling-references", ALL, 3)
def _(q, _value):
    return any(id_of(each["class"]).startswith("gone-") for each in q.all("/enrollments"))


@shows("user-unknown-org", ALL, 3)
def _(q, _value):
    return any(id_of(o).startswith("gone-") for each in q.all("/users") for o in each["orgs"])


@shows("duplicate-enrollments", ALL, 3)
def _(q, _value):
    found = q.all("/enrollments")
    same = Counter((id_of(e["user"]), id_of(e["class"]), str(e["role"])) for e in found)
    return max(same.values()) == 2


@shows("two-primary-teachers", ALL, 2)
def _(q, _value):
    teachers = Counter(
        id_of(each["class"])
        for each in q.all("/enrollments")
        if role_of(each) == "teacher" and each["primary"] in ("true", "True", "1", True)
    )
    return max(teachers.values()) >= 2


@shows("enrollment-of-another-school", ALL, 3)
def _(q, _value):
    schools = {each.get("sourcedId"): id_of(each["school"]) for each in q.all("/classes")}
    found = q.all("/enrollments")
    return any(id_of(e["school"]) != schools.get(id_of(e["class"])) for e in found)


@shows("odd-ids", "a/b+c%d:e f-", "ø&?#/")
def _(q, value):
    org = q.all("/orgs")[0]["sourcedId"]
    return org.startswith(value) and q.get(f"/orgs/{quote(org, safe='')}").status_code == 200


@shows("bom")
def _(q, _value):
    return q.get("/orgs").content.startswith(b"\xef\xbb\xbf")


@shows("gzip")
def _(q, _value):
    connection = q.port.raw("/orgs")
    body = connection.getresponse().read()
    connection.close()
    return body.startswith(b"\x1f\x8b") and bool(gzip.decompress(body))


@shows("html", ALL, ["^/orgs"])
def _(q, _value):
    answer = q.get("/orgs")
    return answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")


@shows("error-shape", "flat", "errors", "text", "html", "empty")
def _(q, value):
    answer = q.get("/orgs/nobody")
    text = answer.content.decode("utf-8-sig")
    starts = {"flat": '{"imsx_', "errors": '{"errors"', "html": "<!", "text": "there is"}
    return answer.status_code == 404 and (
        text.startswith(starts[value]) if text else value == "empty"
    )


@shows("maintenance", "00:00-24:00")
def _(q, _value):
    return q.get("/orgs").status_code == 503


@shows("clock-skew", 600, -4000)
def _(q, value):
    told = parsedate_to_datetime(q.get("/orgs").headers["Date"]).timestamp()
    return abs(told - time.time() - value) < 250


@shows("token-lifetime", 60)
def _(q, value):
    return q.token(scope="roster.readonly").json()["expires_in"] == value


@shows("token-uses", 10, 1)
def _(q, value):
    token = q.token(scope="roster-core.readonly").json()["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    asked = [q.get("/orgs", headers=header).status_code for _ in range(value + 1)]
    return 401 not in asked[:-1] and asked[-1] == 401


@shows("scope-required")
def _(q, _value):
    return q.token().status_code == 400 and q.token(scope="roster.readonly").status_code == 200


@shows("vendor-header", "X-Vendor-Authorization", "X-Key")
def _(q, value):
    with_it = q.get("/categories", headers={value: "key:secret"}).status_code
    return (q.get("/categories").status_code, with_it) == (401, 200)


@shows("gradebook-forbidden", "all", "write")
def _(q, value):
    asked = (q.get("/categories").status_code, q.put_item().status_code)
    return asked[1] == 403 and (asked[0] == 403) is (value == "all")


@shows("put-status", 200, 201, 204)
def _(q, value):
    path = f"/lineItems/{uuid.uuid4()}"
    return [q.put_item(path).status_code for _ in range(2)] == [value, value]


@shows("put-body", "empty", "bare", "status")
def _(q, value):
    body = q.put_item().content.decode("utf-8-sig")
    return (
        not body
        if value == "empty"
        else body.startswith('{"statusInfoSet"' if value == "status" else '{"')
        and '"lineItem"' not in body
    )


@shows("no-upsert")
def _(q, _value):
    refused = q.put_item().status_code
    made = q.port.ask("/categories", "POST", json={"category": {"title": "Posted"}})
    return refused == 404 and q.get(urlsplit(made.headers.get("Location", "/x")).path).ok


@shows("category", "required", "unknown", "constant")
def _(q, value):
    path = f"/lineItems/{uuid.uuid4()}"
    answer = q.put_item(path, **({"category": None} if value == "required" else {}))
    if value == "constant":
        return id_of(q.kept(path)["category"]) == "11111111-1111-1111-1111-111111111111"
    return answer.status_code == 422


@shows("grading-period-closed", ALL)
def _(q, _value):
    return q.put_item(gradingPeriod={"sourcedId": q.own(q.period)}).status_code == 422


@shows("title-length", 50, 7)
def _(q, value):
    path = f"/lineItems/{uuid.uuid4()}"
    q.put_item(path)
    return len(q.kept(path)["title"]) == value


@shows("score-max")
def _(q, _value):
    return q.put_score(11)[1].status_code == 422


@shows("score-rounded")
def _(q, _value):
    path, _ = q.put_score(7.4)
    return float(q.kept(path)["score"]) == 7
