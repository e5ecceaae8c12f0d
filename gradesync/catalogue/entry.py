"""One entry of the catalogue. PURE."""

from typing import Literal, NamedTuple

Who = Literal["teacher", "admin", "office", "nobody"]
# "blocks": cannot go until somebody acts; "waits": not now; "warns": goes, and a person is told.
Severity = Literal["blocks", "waits", "warns"]


class Entry(NamedTuple):
    """The sentence may have words in braces, filled in from what it is about."""

    severity: Severity
    who: Who
    sentence: str
    remedy: str
