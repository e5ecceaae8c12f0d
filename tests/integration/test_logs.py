"""What a log line keeps of an error (S82)."""

import logging
import sys

import pytest

from integration.logs import JsonFormatter, TextFormatter, without_words

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


@pytest.mark.parametrize("formatter", [TextFormatter, JsonFormatter])
@pytest.mark.parametrize("path", ["/invitations/ABCDE-FGHJK/", "/setup/MA:1vPq:x_-y/"])
def test_an_address_that_is_a_right_in_itself_is_logged_without_its_word(formatter, path):
    line = logging.LogRecord(
        "django.request", logging.WARNING, __file__, 1, "Not Found: %s", (path,), None
    )
    told = formatter().format(line)
    assert path.split("/")[2] not in told
    assert f"/{path.split('/')[1]}/…" in told
