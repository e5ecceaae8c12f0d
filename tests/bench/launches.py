"""Launches per second, beside a Django view that verifies the same token and deletes one row.

    python -m tests.bench.launches --count 500

Both are called in one process through the same middleware, in turns of fifty, on the database
that DATABASE_URL names. Prints one line of JSON: rates, their ratio, queries a launch.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration.settings")
TURN = 50


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m tests.bench.launches")
    parser.add_argument("--count", type=int, default=500)
    count = parser.parse_args(words).count
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with bench() as (launch, plain, queries):
        for work in (launch, plain):
            work(TURN)
        seconds = {launch: 0.0, plain: 0.0}
        for _ in range(max(1, count // TURN)):
            for work in (launch, plain):
                seconds[work] += work(TURN)
        done = max(1, count // TURN) * TURN
        told = {
            "launches_per_second": round(done / seconds[launch]),
            "plain_view_per_second": round(done / seconds[plain]),
            "launch_ratio": round(seconds[launch] / seconds[plain], 2),
            "launch_queries": queries(),
        }
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


@contextmanager
def bench() -> Iterator[tuple[Callable[[int], float], Callable[[int], float], Callable[[], int]]]:
    """The two to compare, each doing so many and telling the seconds; and the queries of one."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from tests.bench import plain_view
    from tests.lti.conftest import install
    from tests.lti.people import rosa
    from tests.lti.platform import Key, Platform, key_server

    with key_server() as published:
        key = Key()
        published.keys.append(key)
        settings.DEBUG = False
        # All of it comes from one address, and half of it is never finished.
        settings.LOGINS_PER_MINUTE = 10**9
        settings.ALLOWED_HOSTS = ["testserver"]
        settings.BASE_URL = "http://testserver"
        settings.ALLOW_PRIVATE_ADDRESSES = [published.server.host_port]
        settings.ROOT_URLCONF = "tests.bench.plain_view"
        canvas = Platform(published, settings.BASE_URL, key)
        install(canvas, "lakeside", "Lakeside")
        plain_view.KEY = key.private.public_key()

        def begun() -> tuple[Any, dict[str, str]]:
            browser: Any = Client()
            page = browser.post("/lti/login/", canvas.login())
            asked = dict(parse_qsl(page["Location"].partition("?")[2]))
            token = canvas.sign(canvas.claims(asked["nonce"], rosa()))
            return browser, {"id_token": token, "state": asked["state"]}

        def timed(path: str, status: int) -> Callable[[int], float]:
            def work(count: int) -> float:
                ready = [begun() for _ in range(count)]
                posts = [(browser, urlencode(fields)) for browser, fields in ready]
                began = time.perf_counter()
                for browser, body in posts:
                    kind = "application/x-www-form-urlencoded"
                    assert browser.post(path, body, content_type=kind).status_code == status
                return time.perf_counter() - began

            return work

        def queries() -> int:
            browser, fields = begun()
            with CaptureQueriesContext(connection) as seen:
                assert browser.post("/lti/launch/", fields).status_code == 303
            return len(seen)

        yield timed("/lti/launch/", 303), timed("/plain/", 200), queries


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
