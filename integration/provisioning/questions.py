"""Whom or what to ask Canvas about, so that few questions answer for many enrollments. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection


def persons_to_ask(pairs: Collection[tuple[str, str]]) -> set[str]:
    """Of (section, person) pairs, the persons to ask about; else a pair's section is asked.

    A new student is one question instead of one for each of seven classes; a new class is one
    question instead of thirty. There are never more questions than sections.
    """
    of_section = Counter(section for section, _ in pairs)
    of_person = Counter(person for _, person in pairs)
    persons = {person for section, person in pairs if of_person[person] > of_section[section]}
    sections = {section for section, person in pairs if person not in persons}
    needed = {person for section, person in pairs if section not in sections}
    return needed if len(needed) + len(sections) < len(of_section) else set()
