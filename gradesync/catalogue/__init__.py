"""Every code of grade passback, with its sentence, its remedy and who can act. PURE.

The area before the point is the scope of a code. Screens, commands and reports say these words.
"""

from gradesync.catalogue import afterwards, drifts, scores, things
from gradesync.catalogue.entry import Entry, Severity, Who

CATALOGUE: dict[str, Entry] = things.TABLE | scores.TABLE | afterwards.TABLE | drifts.TABLE

__all__ = ["CATALOGUE", "Entry", "Severity", "Who"]
