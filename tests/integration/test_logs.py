"""What a log line keeps of an error (S82)."""

import logging
import sys

from integration.logs import TextFormatter, without_words

WHOSE = " ".join(("Sam", "Reed"))  # not in a line of code that a traceback shows


class Teapot(Exception):
    """What nobody thought of, with a name in it."""


@without_words
def brew(whose: str) -> None:
    raise Teapot(whose)


def test_a_failed_task_is_logged_by_the_name_of_its_error_and_without_its_words():
    try:
        brew(WHOSE)
    except RuntimeError:
        failed = sys.exc_info()
    line = logging.LogRecord("django-q", logging.ERROR, __file__, 1, "failed", None, failed)
    told = TextFormatter().format(line)
    assert told.endswith(": Teapot")
    assert "in brew" in told
    assert WHOSE not in told
