"""The signs of quirks in how an answer is packed, in who may ask, and in writing."""

import gzip
import time
import uuid
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

from tests.sandbox.asking import id_of
from tests.sandbox.quirk_table import ALL, shows


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


@shows("error-shape", "flat", "open-api", "unprefixed", "errors", "text", "html", "empty")
def _(q, value):
    answer = q.get("/orgs/nobody")
    text = answer.content.decode("utf-8-sig")
    starts = {"errors": '{"errors"', "html": "<!", "text": "there is", "unprefixed": '{"code'}
    starts |= dict.fromkeys(("flat", "open-api"), '{"imsx_')
    if value == "open-api" and '"imsx_CodeMinor": {"imsx_codeMinorField": [{' not in text:
        return False
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


@shows("own-ids")
def _(q, _value):
    path = f"/lineItems/{uuid.uuid4()}"
    made = q.put_item(path)
    return made.ok and q.get(path).status_code == 404


@shows("delete", 405, 403, 404, 501, "soft")
def _(q, value):
    path, put = q.put_score(5)
    status = q.port.ask(path, "DELETE").status_code
    if value == "soft":
        return status == 204 and q.kept(path)["status"].lower() == "tobedeleted"
    return put.ok and status == value


@shows("score-required")
def _(q, _value):
    path, put = q.put_score(5)
    kept = {"lineItem": q.kept(path)["lineItem"], "student": q.kept(path)["student"]}
    exempt = q.put(path, "result", **kept, scoreStatus="exempt", scoreDate="2026-09-02")
    return put.ok and exempt.status_code == 422


@shows("title-limit", 30, 7)
def _(q, value):
    longer = q.put_item(title="x" * (value + 1)).status_code
    return longer == 422 and q.put_item(title="x" * value).ok


@shows("title-unique")
def _(q, _value):
    title = f"Only one {uuid.uuid4()}"[:30]
    return q.put_item(title=title).ok and q.put_item(title=title).status_code == 409


@shows("result-refused", {"status": 422, "text": "The student is not active in this class."})
def _(q, value):
    answer = q.put_score(5)[1]
    return answer.status_code == value["status"] and value["text"] in answer.text


@shows("class-categories")
def _(q, _value):
    of_class = quote(q.own(q.class_id), safe="")
    return q.get(f"/classes/{of_class}/categories").status_code in (200, 204)


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
