"""A line beside a thing: why it does not go to Q, or not as it looks in Canvas. PURE."""

from __future__ import annotations

from dataclasses import dataclass

from gradesync.catalogue import CATALOGUE, Severity, Who


@dataclass(frozen=True, slots=True)
class Problem:
    """A `section_id` is Canvas's, a `class_id` Q's; both are "" where the place tells already."""

    code: str
    sentence: str
    section_id: str = ""
    class_id: str = ""

    @property
    def severity(self) -> Severity:
        return CATALOGUE[self.code].severity

    @property
    def who(self) -> Who:
        return CATALOGUE[self.code].who

    @property
    def remedy(self) -> str:
        return CATALOGUE[self.code].remedy

    @property
    def scope(self) -> str:
        return self.code.partition(".")[0]

    @property
    def stops(self) -> bool:
        """Does it keep the thing from going now?"""
        return self.severity != "warns"


def problem(code: str, *, section_id: str = "", class_id: str = "", **words: object) -> Problem:
    """A line of the table with its words filled in."""
    sentence = CATALOGUE[code].sentence.format(**words)
    return Problem(code, sentence, section_id, class_id)
