"""One conversation with one Canvas: token, pace, paging, errors. Knows no endpoint.

Safe to use from several threads; all of them share one pace and at most four calls at a time.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

from integration.canvas import throttle
from integration.canvas.auth import TOKEN_PATH, Auth, canvas_root
from integration.canvas.errors import CanvasError, ProtocolError
from integration.canvas.links import next_link, own, same_origin
from integration.canvas.refusals import is_throttled, is_token_refused, refusal, request_id
from integration.http import Http, NotJson, Response

ACCEPT = "application/json+canvas-string-ids"
PER_PAGE = 100
DOWNLOAD_SECONDS = 1800.0

Params = Sequence[tuple[str, str]]
Files = Mapping[str, tuple[str, IO[bytes] | bytes, str]]


class Pacer:
    """The moment before which no thread may ask again."""

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._not_before = 0.0

    def wait(self) -> None:
        delay = self._not_before - self._clock()
        if delay > 0:
            self._sleep(delay)

    def hold(self, seconds: float) -> None:
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)


class Transport:
    def __init__(
        self,
        http: Http,
        base_url: str,
        auth: Auth,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.root = canvas_root(base_url)
        self.sleep = sleep
        self._http = http
        self._auth = auth
        self._jitter = jitter
        self._pacer = Pacer(clock, sleep)
        self._slots = threading.BoundedSemaphore(throttle.PARALLEL)

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, params: Params = ()) -> Any:
        return self.json(self.send("GET", path, params=params))

    def pages(
        self,
        path: str,
        params: Params = (),
        *,
        key: str = "",
        exact: bool = False,
        per_page: int = PER_PAGE,
        retry: bool | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """Every record of a list, to the last page; `key` where Canvas wraps the list in one.

        With `exact`, numbers with a point are `Decimal`. `retry`: as for `Http.request`.

        A page may be short or empty and still have a next one, and page numbers mean nothing.
        """
        url: str | None = self._url(path)
        asked: Params = [("per_page", str(per_page)), *params]
        seen: set[str] = set()
        while url:
            response = self._accepted("GET", url, params=asked, retry=retry)
            yield from self._records(self.json(response, exact=exact), response, key)
            following = next_link(response.headers.get("Link"))
            url = own(following, root=self.root, current=url) if following else None
            if url in seen:
                raise ProtocolError(f"{path}: Canvas's pages lead back to an earlier one")
            if url:
                seen.add(url)
            asked = ()

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Params = (),
        form: Mapping[str, str] | None = None,
        files: Files | None = None,
        retry: bool | None = None,
        total_seconds: float | None = None,
    ) -> Response:
        """One call that must succeed; raises the CanvasError that fits otherwise."""
        return self._accepted(
            method,
            self._url(path),
            params=params,
            form=form,
            files=files,
            retry=retry,
            total_seconds=total_seconds,
        )

    def look(self, path: str, params: Params = ()) -> Response:
        """One GET whose status the caller judges."""
        return self._conversation(lambda headers: self._get(self._url(path), params, headers))

    def download(self, url: str, to: IO[bytes], *, max_bytes: int, with_token: bool) -> Response:
        """Stream a file. The token goes along only if asked, and only to Canvas's own origin."""

        def attempt(headers: dict[str, str]) -> Response:
            to.seek(0)
            # Where JSON is asked for, Canvas describes a file instead of sending it.
            headers = {**headers, "Accept": "*/*"}
            return self._http.download(
                url, to, headers=headers, max_bytes=max_bytes, total_seconds=DOWNLOAD_SECONDS
            )

        if with_token and same_origin(url, self.root):
            return self._conversation(attempt)
        return attempt({})

    def refuse(self, response: Response, asked: str) -> CanvasError:
        return refusal(
            response.status,
            response.headers,
            response.body,
            asked=asked,
            secrets=self._auth.secrets,
        )

    def json(self, response: Response, *, exact: bool = False) -> Any:
        try:
            return response.json(exact=exact)
        except NotJson as error:
            raise ProtocolError(
                f"Canvas answered {response.status} with something that is not JSON",
                status=response.status,
                request_id=request_id(response.headers),
            ) from error

    def _url(self, path: str) -> str:
        return f"{self.root}/api/v1/{path.lstrip('/').removeprefix('api/v1/')}"

    def _get(self, url: str, params: Params, headers: dict[str, str]) -> Response:
        return self._http.request("GET", url, params=params, headers=headers)

    def _accepted(self, method: str, url: str, **how: Any) -> Response:
        def attempt(headers: dict[str, str]) -> Response:
            for _, content, _ in (how.get("files") or {}).values():
                if not isinstance(content, bytes):
                    content.seek(0)
            return self._http.request(method, url, headers=headers, **how)

        response = self._conversation(attempt)
        if not 200 <= response.status < 300:
            raise self.refuse(response, f"{method} {url.removeprefix(self.root).partition('?')[0]}")
        return response

    def _conversation(self, attempt: Callable[[dict[str, str]], Response]) -> Response:
        """Ask until Canvas neither says “too fast” nor “token expired”.

        Both are said before Canvas does anything, so even a POST may be sent again.
        """
        throttled = 0
        renewed = False
        while True:
            token = self._auth.token(self._ask_for_token)
            self._pacer.wait()
            with self._slots:
                response = attempt({"Accept": ACCEPT, "Authorization": f"Bearer {token}"})
            self._note(response)
            if is_throttled(response.status, response.body):
                throttled += 1
                if not self._wait_after(throttled, response):
                    return response
            elif not renewed and is_token_refused(response.status, response.headers, response.body):
                renewed = True
                self._auth.renew(token, self._ask_for_token)
            else:
                return response

    def _wait_after(self, throttled: int, response: Response) -> bool:
        wait = throttle.wait_when_throttled(
            throttled,
            retry_after=throttle.seconds(response.headers.get("Retry-After")),
            jitter=self._jitter(),
        )
        if wait is not None:
            self._pacer.hold(wait)
        return wait is not None

    def _note(self, response: Response) -> None:
        remaining = throttle.seconds(response.headers.get("X-Rate-Limit-Remaining"))
        if not is_throttled(response.status, response.body):
            self._pacer.hold(throttle.pause(remaining))

    def _ask_for_token(self, form: Mapping[str, str]) -> Response:
        # Refreshing twice does no harm, so a 502 here need not end a night's run.
        return self._http.request("POST", self.root + TOKEN_PATH, form=form, retry=True)

    @staticmethod
    def _records(answer: Any, response: Response, key: str) -> Iterator[Mapping[str, Any]]:
        records = answer.get(key) if key and isinstance(answer, dict) else answer
        if not isinstance(records, list):
            raise ProtocolError(
                "Canvas sent something else where a list belongs",
                status=response.status,
                request_id=request_id(response.headers),
            )
        for record in records:
            if not isinstance(record, dict):
                raise ProtocolError("Canvas sent a list with something else than records")
            yield record
