"""The signs of quirks in pages and records."""

import re
from collections import Counter
from urllib.parse import quote, urlsplit

from tests.sandbox.asking import id_of, listed, read, role_of
from tests.sandbox.quirk_table import ALL, Sign, shows


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


@shows("open-api")
def _(q, _value):
    asked = q.get("/classes?sort=title&orderBy=acs")
    return asked.status_code == 200 and all(
        isinstance(one["periods"], str) for one in listed(asked)
    )


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
