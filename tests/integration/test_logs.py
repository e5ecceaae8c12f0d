"""What a log line keeps of an error (S82)."""

import logging
import sys

from integration.logs import TextFormatter, without_words


class Teapot(Exception):
    """What nobody thought of, with a name in it."""


@without_words
def brew() -> None:
    raise Teapot("Sam Reed")


def test_a_failed_task_is_logged_by_the_name_of_its_error_and_without_its_words():
    try:
        brew()
    except RuntimeError:
        failed = sys.exc_info()
    line = logging.LogRecord("django-q", logging.ERROR, __file__, 1, "failed", None, failed)
    told = TextFormatter().format(line)
    assert "Teapot" in told
    assert "in brew" in told
    assert "Sam Reed" not in told
