"""The server under the benchmarks: whole data, any page, and changes that can be counted."""

import json
import urllib.request

import pytest

from tests.bench.baseline import download, page_server


@pytest.fixture(scope="module")
def ready():
    with page_server(enrollments=500, page_size=100) as told:
        yield told


def get(url: str, method: str = "GET") -> tuple[dict, dict]:
    request = urllib.request.Request(url, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read()), dict(answer.headers)


def whole(ready: dict, name: str) -> list[dict]:
    held: list[dict] = []
    while len(held) < ready["counts"][name]:
        held += get(f"{ready['url']}/{name}?limit=70&offset={len(held)}")[0][name]
    return held


def test_there_are_exactly_as_many_enrollments_as_asked_for(ready):
    assert ready["counts"]["enrollments"] == len(whole(ready, "enrollments")) == 500


def test_a_limit_is_clamped_and_the_total_told(ready):
    page, headers = get(f"{ready['url']}/enrollments?limit=9999&offset=450")
    assert (len(page["enrollments"]), headers["X-Total-Count"]) == (50, "500")
    assert len(get(f"{ready['url']}/enrollments?limit=9999")[0]["enrollments"]) == 100


def test_beyond_the_end_there_is_an_empty_page(ready):
    assert get(f"{ready['url']}/users?offset=100000")[0] == {"users": []}


def test_references_have_addresses_on_this_server(ready):
    enrollment = whole(ready, "enrollments")[0]
    assert enrollment["user"]["href"].startswith(f"{ready['url']}/users/")


def test_a_token_is_given_to_whoever_asks(ready):
    assert get(ready["token_url"], "POST")[0]["token_type"] == "bearer"


@pytest.mark.parametrize("collection", ["users", "enrollments"])
def test_as_many_records_change_as_asked_for(ready, collection):
    before = whole(ready, collection)
    root = ready["stats_url"].removesuffix("stats")
    told = get(f"{root}change?collection={collection}&count=7", "POST")[0]["changed"]
    differing = sum(a != b for a, b in zip(before, whole(ready, collection), strict=True))
    assert differing == told > 0


def test_the_bare_download_reads_every_record_once(ready):
    get(ready["stats_url"].replace("stats", "reset"), "POST")
    done = download(ready["url"], page_size=100)
    counted = get(ready["stats_url"])[0]
    assert done.records == counted["records"] == sum(ready["counts"].values())
    assert done.pages == counted["requests"]
