"""Log lines and failures without the words of records: no secret, no name, no score (S82).

An error's words may quote a row, a page or an answer of Q. What is logged or kept of it are its
name and its places in the code; of errors of the machine and of the database's service, which quote
no row, the words as well.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import ParamSpec, TypeVar

from django.db import OperationalError

P = ParamSpec("P")
R = TypeVar("R")

# The code of a one-time link, and of the set-up page, is a secret that stands in an address.
_LINK = re.compile(r"(/(?:invitations|setup)/)[^/\s\"']+")


class TextFormatter(logging.Formatter):
    """One line, and below it the places of an error."""

    def format(self, record: logging.LogRecord) -> str:
        # Whoever formatted it before may have kept an error's words.
        record.exc_text = None
        return _LINK.sub(r"\1…", super().format(record))

    def formatException(  # noqa: N802  logging's own name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        if ei[1] is None:
            return ""
        error = bare(ei[1])
        return super().formatException((type(error), error, error.__traceback__))


class JsonFormatter(TextFormatter):
    """Time, level, logger, message and, where something failed, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "logger": record.name,
            "message": _LINK.sub(r"\1…", record.getMessage()),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class Bare(RuntimeError):
    """Stands for another error: tells its name, and has its places in the code."""


def bare(error: BaseException) -> BaseException:
    """The error's name and its places in the code, without words that may quote a record."""
    if isinstance(error, Bare):
        return error
    shown = Bare(_told(error))
    shown.__traceback__ = error.__traceback__
    if (below := error.__cause__ or error.__context__) is not None:
        shown.__cause__ = bare(below)
    return shown


def without_words(task: Callable[P, R]) -> Callable[P, R]:
    """For what a worker does: django-q keeps an error's words in its table, and logs them."""

    @wraps(task)
    def done(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return task(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  raised again, without its words
            failed = bare(error)
        # Outside, so that the first one is not its context.
        raise failed

    return done


def _told(error: BaseException) -> str:
    is_of_the_machine = isinstance(error, OSError) and type(error).__module__ == "builtins"
    if is_of_the_machine or isinstance(error, OperationalError):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__
