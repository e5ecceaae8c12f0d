"""Whoever looks for planted words finds them however they are written."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from tests.canaries import found

WORD = "pla/nted+secret=ÿ"


@pytest.mark.parametrize(
    "text",
    [
        f"x{WORD}y",
        quote(WORD, safe=""),
        WORD.encode().hex(),
        base64.b64encode(WORD.encode()).decode(),
        base64.b64encode(f"user:{WORD}".encode()).decode(),
        base64.b64encode(f"a{WORD}and more".encode()).decode(),
        base64.urlsafe_b64encode(f"ab{WORD}!".encode()).decode(),
        WORD.encode(),
    ],
)
def test_a_planted_word_is_found(text: str | bytes):
    assert found([WORD], text) == [WORD]


def test_what_is_not_there_is_not_found():
    assert found([WORD], "nothing of the kind") == []
