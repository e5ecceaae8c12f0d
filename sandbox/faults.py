"""Faults as switches: which requests they meet, and what then happens to each.

A request that no fault meets is served as if this module were not there.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final
from wsgiref.util import is_hop_by_hop

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test.client import RequestFactory
from django.urls import resolve

from sandbox import wire
from sandbox.tampering import REPLACING, replaced, tampered
from sandbox.wire import Wire

Answer = Callable[[HttpRequest], HttpResponseBase]

MATCHING: Final = frozenset({"method", "path", "after", "times"})
DOING: Final = REPLACING | {
    "apply", "headers", "truncate", "bom", "gzip", "length", "chunked", "delay", "drip", "cut",
    "drop", "reset", "hold", "records", "control",
}  # fmt: skip
# Each of these needs a connection that ends with the answer.
ON_THE_WIRE: Final = frozenset({"drop", "reset", "cut", "drip", "chunked", "length"})
MONSTERS: Final = frozenset({"nested", "long", "bomb"})


class Senseless(ValueError):
    """A fault was asked for that does not exist."""


class Fault:
    """One fault; its counters are guarded by the lock of its board."""

    def __init__(self, number: int, match: dict[str, Any], do: dict[str, Any]) -> None:
        _check(match, do)
        self.number = number
        self.match = match
        self.do = do
        self.seen = 0
        self.hits = 0
        self.holding = 0
        self.passes = 0
        self.is_open = False
        self._path = re.compile(match.get("path", ""))

    def meets(self, method: str, target: str) -> bool:
        """Whether this fault happens to the request; counts those that look like it."""
        if self.match.get("method", method).upper() != method or not self._path.search(target):
            return False
        self.seen += 1
        times = self.match.get("times")
        if self.seen <= self.match.get("after", 0) or (times is not None and self.hits >= times):
            return False
        self.hits += 1
        return True

    def told(self) -> dict[str, Any]:
        counters = {"seen": self.seen, "hits": self.hits, "holding": self.holding}
        return {"id": self.number, "match": self.match, "do": self.do, **counters}


def _check(match: dict[str, Any], do: dict[str, Any]) -> None:
    for given, known in ((match, MATCHING), (do, DOING)):
        if unknown := sorted(given.keys() - known):
            raise Senseless(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    if not do:
        raise Senseless("do says nothing")
    if hop := [name for name in do.get("headers", {}) if is_hop_by_hop(name)]:
        raise Senseless(f"the server itself sends {', '.join(hop)}; see chunked, drop and reset")
    if "monster" in do and not (len(do["monster"]) == 1 and do["monster"].keys() <= MONSTERS):
        raise Senseless(f"a monster is one of {', '.join(sorted(MONSTERS))}")
    try:
        re.compile(match.get("path", ""))
    except re.error as error:
        raise Senseless(f"path is not a regular expression: {error}") from None


class Board:
    """The faults of one port, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._last = 0
        self._changed = threading.Condition()

    def add(self, match: dict[str, Any], do: dict[str, Any]) -> Fault:
        with self._changed:
            made = Fault(self._last + 1, match, do)
            self._last = made.number
            self._faults[made.number] = made
            return made

    def all(self) -> list[dict[str, Any]]:
        with self._changed:
            return [fault.told() for fault in self._faults.values()]

    def told(self, number: int) -> dict[str, Any]:
        """Raises KeyError where there is no such fault."""
        with self._changed:
            return self._faults[number].told()

    def remove(self, number: int) -> None:
        """Take a fault away; what it held goes on. Raises KeyError."""
        with self._changed:
            self._faults.pop(number).is_open = True
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            for number in list(self._faults):
                self._faults.pop(number).is_open = True
            self._changed.notify_all()

    def meeting(self, method: str, target: str) -> list[Fault]:
        """The faults that happen to this request."""
        if not self._faults:
            return []
        with self._changed:
            met = [fault for fault in self._faults.values() if fault.meets(method, target)]
            self._changed.notify_all()
            return met

    def hold(self, fault: Fault) -> None:
        """Wait until the fault is released or taken away."""
        with self._changed:
            fault.holding += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: fault.is_open or fault.passes > 0)
            fault.passes -= not fault.is_open
            fault.holding -= 1

    def release(self, number: int, count: int | None = None) -> None:
        """Let `count` held requests go, or all of them and all to come. Raises KeyError."""
        with self._changed:
            fault = self._faults[number]
            if count is None:
                fault.is_open = True
            else:
                fault.passes += count
            self._changed.notify_all()

    def wait(self, number: int, counter: str, least: int, patience_seconds: float) -> bool:
        """Wait until a counter has come so far; whether it did. Raises KeyError."""
        with self._changed:
            fault = self._faults[number]
            return bool(
                self._changed.wait_for(
                    lambda: getattr(fault, counter) >= least, timeout=patience_seconds
                )
            )


BOARDS: Final = {"q": Board(), "canvas": Board()}


def answered(request: HttpRequest, answer: Answer, met: Iterable[Fault]) -> HttpResponseBase:
    """The answer to a request that these faults meet; what later ones say goes before."""
    app = request.META["sandbox.app"]
    faults = list(met)
    do: dict[str, Any] = {}
    for fault in faults:
        do |= fault.do
    _hold(app, faults, {True, "before"})
    for call in calls(do):
        _carry_out(app, call)
    response = _response(request, answer, do)
    _hold(app, faults, {"after"})
    if delay := do.get("delay"):
        time.sleep(delay)
    if do.keys() & ON_THE_WIRE or "content-length" in map(str.lower, do.get("headers", {})):
        request.META[wire.KEY] = _wire(do)
    return response


def _hold(app: str, faults: Iterable[Fault], when: set[object]) -> None:
    for fault in faults:
        if fault.do.get("hold") in when:
            BOARDS[app].hold(fault)


def _response(request: HttpRequest, answer: Answer, do: dict[str, Any]) -> HttpResponseBase:
    is_replacing = bool(do.keys() & REPLACING)
    if not do.get("apply", not is_replacing):
        return tampered(do, replaced(do))
    applied = answer(request)
    return tampered(do, replaced(do) if is_replacing else applied)


def _wire(do: dict[str, Any]) -> Wire:
    return Wire(
        drop=bool(do.get("drop")),
        reset=bool(do.get("reset")),
        cut=do.get("cut"),
        drip=do.get("drip"),
        chunked=bool(do.get("chunked")),
    )


def calls(do: dict[str, Any]) -> list[dict[str, Any]]:
    """What a fault asks of its own port before it answers."""
    named = list(do.get("control", []))
    if "records" in do:
        named.append({"path": "/sandbox/records", "body": do["records"]})
    return named


def _carry_out(app: str, call: dict[str, Any]) -> HttpResponse:
    """One request to the same port, without the network: mostly to /sandbox/…"""
    request = RequestFactory().generic(
        call.get("method", "POST"),
        call["path"],
        json.dumps(call.get("body", {})),
        "application/json",
        headers=call.get("headers", {}),
    )
    request.META |= {"sandbox.app": app, "REQUEST_URI": call["path"]}
    found = resolve(request.path_info, f"sandbox.{app}.urls")
    request.resolver_match = found
    done: HttpResponse = found.func(request, *found.args, **found.kwargs)
    return done
