"""What the room above brings to the API; it puts itself in here when the product starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from django.http.response import HttpResponseBase

from integration.models import District, Run


class Told(Protocol):
    """Why something is as it is: a verdict, and the sentences that lead to it."""

    @property
    def verdict(self) -> str: ...

    @property
    def steps(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Undoer:
    """How a kind of run is taken back, and with which rights.

    `preview` opens a run that plans it; `confirm` carries that run's plan out.
    """

    preview: Callable[..., Run]
    confirm: Callable[..., Run]
    right_to_preview: str
    right: str


@dataclass(frozen=True, slots=True)
class Explainer:
    """Gives None where it knows nothing of the id."""

    explain: Callable[[District, str], Told | None]
    right: str


# Below /api/v1/districts/<slug>/: the address, its view, its name.
ROUTES: list[tuple[str, Callable[..., HttpResponseBase], str]] = []
# By the kind of run.
UNDOERS: dict[str, Undoer] = {}
# By the kind that is asked for.
EXPLAINERS: dict[str, Explainer] = {}
# Kinds of runs that are shown only with this right: their lines hold scores.
RIGHT_TO_SEE: dict[str, str] = {}
