"""Test control over HTTP at /sandbox/ of each port: the request log, and starting afresh.

These paths are no part of what Q or Canvas offers; README.md of the sandbox describes them.
"""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import include, path
from django.views.decorators.http import require_http_methods, require_POST

from sandbox.faults import BOARDS

Records = Callable[[], Iterator[tuple[str, dict[str, Any]]]]

KEPT = 200_000
_SECRET = re.compile(r"((?:access_token|client_secret|verifier)=)[^&]+")


class RequestLog:
    """The last requests of one port, numbered from 1."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._total = 0
        self._lock = threading.Lock()

    def add(
        self, method: str, target: str, response: HttpResponseBase, faults: Sequence[int] = ()
    ) -> None:
        entry: dict[str, Any] = {"method": method, "path": _SECRET.sub(r"\1***", target)}
        entry |= {"status": response.status_code, "at": time.time()}
        if faults:
            entry["faults"] = list(faults)
        with self._lock:
            self._total += 1
            self._entries.append({"number": self._total, **entry})

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def since(self, number: int) -> list[dict[str, Any]]:
        with self._lock:
            first = self._total - len(self._entries)
            return list(islice(self._entries, max(0, number - first), None))

    def latest(self, count: int) -> list[dict[str, Any]]:
        """The last `count`, newest first; for the pages people read."""
        with self._lock:
            return list(islice(reversed(self._entries), count))


LOGS = {"q": RequestLog(), "canvas": RequestLog()}

_source: Records | None = None


def load_from(source: Records | None) -> None:
    """Remember where Q's first records come from, for `fill` and for a later reset."""
    global _source
    _source = source


def fill() -> int:
    """Load the first records into Q; how many there were."""
    return int(import_module("sandbox.q.start").load(_source())) if _source else 0


@require_POST
def reset(request: HttpRequest) -> HttpResponse:
    """Forget all; Q loads its first records again unless `?empty=1`.

    A Canvas is another one afterwards, unless `?same=1`: then its root account keeps its uuid.
    """
    app = request.META["sandbox.app"]
    BOARDS[app].clear()
    options = {"same": True} if app == "canvas" and request.GET.get("same") else {}
    import_module(f"sandbox.{app}.start").clear(**options)
    LOGS[app].clear()
    loaded = fill() if app == "q" and not request.GET.get("empty") else 0
    return JsonResponse({"records": loaded})


@require_http_methods(["GET", "DELETE"])
def log(request: HttpRequest) -> HttpResponse:
    """The requests received, oldest first; those after number `?since`."""
    entries = LOGS[request.META["sandbox.app"]]
    if request.method == "DELETE":
        entries.clear()
        return HttpResponse(status=204)
    since = request.GET.get("since", "0")
    return JsonResponse({"requests": entries.since(int(since) if since.isdigit() else 0)})


def style(request: HttpRequest) -> FileResponse:
    """The style sheet of the pages for people."""
    css = Path(__file__).parent / "templates" / "sandbox" / "sandbox.css"
    return FileResponse(css.open("rb"), content_type="text/css; charset=utf-8")


urlpatterns = [
    path("reset", reset),
    path("log", log),
    path("style.css", style),
    path("", include("sandbox.fault_control")),
]
