"""The cookies of this room: kept inside a frame, by this host only, and never read by a script.

`Partitioned` (CHIPS) lets a cookie live in a frame where third-party cookies are blocked, apart
for each site around it. Python 3.11 and Django 5.2 do not know it: it is taught here, and only
here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http.cookies import Morsel
from typing import Any

from django.http import HttpResponse

_PREFIX = "__Host-qsync"
BROWSER = f"{_PREFIX}-browser"
SESSION = re.compile(rf"{_PREFIX}-([0-9]{{1,19}}-(?:course|account|elsewhere)-[0-9]{{1,20}})")
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")


def teach_partitioned() -> None:
    """Let `http.cookies` write the attribute, as Python 3.14 does."""
    morsel: Any = Morsel
    morsel._reserved.setdefault("partitioned", "Partitioned")  # noqa: SLF001
    morsel._flags.add("partitioned")  # noqa: SLF001


def session_name(place: str) -> str:
    """The cookie's name for a place, `<deployment>-<course or account>-<canvas id>`."""
    return f"{_PREFIX}-{place}"


def keep(response: HttpResponse, name: str, value: str, *, seconds: int) -> None:
    """Ask the browser to keep it. localhost counts as secure, also over plain http."""
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="None"
    )
    response.cookies[name]["partitioned"] = True


def forget(response: HttpResponse, name: str) -> None:
    """A browser drops a partitioned cookie only for one that is partitioned too."""
    keep(response, name, "", seconds=0)


def read_key(cookies: Mapping[str, str], name: str) -> str:
    """The key in a cookie; "" where there is none that could be ours."""
    value = cookies.get(name, "")
    return value if _KEY.fullmatch(value) else ""


def places(cookies: Mapping[str, str]) -> list[str]:
    """Of which places the browser sent sessions."""
    matches = (SESSION.fullmatch(name) for name in cookies)
    return [match.group(1) for match in matches if match]
