"""Who can mend what a step of the connection test found. PURE."""

from __future__ import annotations

from collections.abc import Mapping

YOU, Q, CANVAS, OPERATOR = "you", "q", "canvas", "operator"
# In the words of the terminal; the pages have their own (account/words.py).
WHO_IS: Mapping[str, str] = {
    YOU: "an administrator of the district, on the page “Connections”",
    Q: "Q's administrator",
    CANVAS: "Canvas's administrator",
    OPERATOR: "whoever operates Q Sync",
}

# Errors that somebody else mends than whoever runs the system that was asked.
_OF_CODE: Mapping[str, str] = {
    "http.address-refused": YOU,
    "http.header-refused": YOU,
    "http.answer-too-large": YOU,
    "http.not-json": YOU,
    "provisioning.not-connected": YOU,
    "canvas.token-rejected": YOU,
    "canvas.needs-consent": YOU,
    "canvas.not-root-account": YOU,
    "unknown": OPERATOR,
    "oneroster.bad-request": OPERATOR,
    "canvas.error": OPERATOR,
    "canvas.invalid": OPERATOR,
    "grades.no-test-class": YOU,
}


def who_acts(step: str, code: str = "") -> str:
    """One of `WHO_IS`, for a step by its name and for the code of the error that it ended with."""
    if code in _OF_CODE:
        return _OF_CODE[code]
    if step == "Canvas: clock":  # Canvas's own is right for all its districts
        return OPERATOR
    return CANVAS if step.startswith("Canvas") else Q
