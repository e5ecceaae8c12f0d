"""Canvas's limiter: slow down before it, wait after it, resume where we were."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest

from integration.canvas.errors import Throttled
from integration.canvas.throttle import MAX_ATTEMPTS, PARALLEL

SELF = "/api/v1/accounts/self"
SUBS = f"{SELF}/sub_accounts"
IMPORTS = f"{SELF}/sis_imports"


def test_a_throttled_page_is_asked_again_at_the_same_address(canvas, client, time):
    second = f"{SUBS}?page=bookmark:WyJB"
    canvas.on(SUBS, canvas.page([{"id": "1"}], second))
    canvas.on(second, canvas.too_fast(), canvas.too_fast(), canvas.page([{"id": "2"}]))
    assert [each.id for each in client.sub_accounts()] == ["1", "2"]
    assert [request.full_path for request in canvas.requests[1:]] == [second] * 3
    assert time.slept == [5, 10]


def test_a_429_counts_as_throttled_too(canvas, client):
    canvas.on(SELF, canvas.bytes(b"", 429), canvas.json({"id": "1"}))
    assert client.account().id == "1"


def test_retry_after_is_kept(canvas, client, time):
    canvas.on(SELF, canvas.too_fast(Retry_After="33"), canvas.json({"id": "1"}))
    client.account()
    assert time.slept == [33]


def test_it_gives_up_after_minutes_with_an_error_that_may_be_tried_again(canvas, client):
    canvas.on(SELF, canvas.too_fast())
    with pytest.raises(Throttled) as caught:
        client.account()
    assert caught.value.retryable
    assert len(canvas.requests) == MAX_ATTEMPTS


def test_an_upload_that_was_throttled_is_sent_again_whole(canvas, client, tmp_path):
    archive = tmp_path / "a.zip"
    archive.write_bytes(b"PK the archive")
    canvas.on(IMPORTS, canvas.too_fast(), canvas.json({"id": "7"}), method="POST")
    assert client.start_import(archive, filename="a.zip").id == "7"
    uploads = [request.files["attachment"].read() for request in canvas.requests]
    assert uploads == [b"PK the archive"] * 2


def test_a_low_remainder_slows_the_next_request(canvas, client, time):
    answer = canvas.json({"id": "1"}, X_Rate_Limit_Remaining="200")
    canvas.on(SELF, answer)
    client.account()
    assert time.slept == []
    client.account()
    assert time.slept == [0.5]


def test_a_forbidden_answer_is_not_waited_for(canvas, client, time):
    canvas.on(SELF, canvas.error(403, "user not authorized to perform that action"))
    assert not client.probe("accounts/self").is_ok
    assert (len(canvas.requests), time.slept) == (1, [])


def test_no_more_than_four_calls_are_under_way_at_once(canvas, client):
    lock, full = Lock(), Barrier(PARALLEL)
    under_way, most = [0], [0]

    def answer(request):
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        full.wait(timeout=30)
        with lock:
            under_way[0] -= 1
        return canvas.json({"id": "1"})(request)

    canvas.on(SELF, answer)
    with ThreadPoolExecutor(4 * PARALLEL) as pool:
        list(pool.map(lambda _: client.account(), range(4 * PARALLEL)))
    assert most == [PARALLEL]


class Bucket:
    """Canvas's leaky bucket, on the test's own clock."""

    def __init__(self, canvas, time, cost):
        self.canvas, self.time, self.cost = canvas, time, cost
        self.count, self.at, self.refused = 0.0, time.now, 0

    def __call__(self, request):
        self.count = max(0.0, self.count - 10 * (self.time.now - self.at))
        self.at = self.time.now
        if self.count + 50 > 600:
            self.refused += 1
            return self.canvas.too_fast(X_Rate_Limit_Remaining="0.0")(request)
        self.count += self.cost
        left = str(600 - self.count)
        page = int(request.args.get("page", 1))
        following = f"{SUBS}?page={page + 1}" if page < 400 else None
        answer = self.canvas.page([{"id": str(page)}], following)(request)
        answer.headers["X-Rate-Limit-Remaining"] = left
        return answer


@pytest.mark.fault("F38")
@pytest.mark.parametrize("cost", [1, 30])
def test_four_hundred_pages_hardly_ever_meet_the_limiter(canvas, client, time, cost):
    bucket = Bucket(canvas, time, cost)
    canvas.on(SUBS, bucket)
    assert sum(1 for _ in client.sub_accounts()) == 400
    assert len(canvas.requests) <= 400 * 1.05
    # No slower than the bucket drains, give or take what it could hold at first.
    assert time.now - 1000 <= 400 * cost / 10 + 60
