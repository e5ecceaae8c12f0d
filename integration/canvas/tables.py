"""Canvas's CSV files, row by row."""

import csv
from collections.abc import Iterator
from pathlib import Path

from integration.canvas.errors import ProtocolError

# A kind is told by its header, since file names are the server's choice. The first match counts:
# a section's file names accounts and courses too.
SIGNATURES: tuple[tuple[str, frozenset[str]], ...] = (
    ("user_observers", frozenset({"observer_id", "student_id"})),
    ("xlist", frozenset({"xlist_course_id", "section_id"})),
    ("enrollments", frozenset({"user_id", "section_id", "role"})),
    ("users", frozenset({"user_id", "login_id"})),
    ("sections", frozenset({"section_id", "course_id", "name"})),
    ("courses", frozenset({"course_id", "short_name"})),
    ("accounts", frozenset({"account_id", "parent_account_id"})),
    ("terms", frozenset({"term_id", "name"})),
)


def report_rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of one CSV file, one at a time, whatever its size.

    A row that is longer or shorter than the header means that the file is damaged, and nothing
    may be concluded from what it does not hold.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        try:
            header = [name.strip() for name in next(reader, [])]
            for row in reader:
                if len(row) == len(header):
                    yield dict(zip(header, row, strict=True))
                elif row:
                    raise ProtocolError(
                        f"Line {reader.line_num} of Canvas's {path.name} is damaged"
                    )
        except (csv.Error, UnicodeDecodeError):
            # The cause quotes the bytes it stumbled over, which may be a person's.
            raise ProtocolError(f"Canvas's {path.name} is not a readable CSV file") from None


def kind_of(path: Path) -> str:
    """Which kind of rows a file holds; empty where its header is no kind we know."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            header = {name.strip().lower() for name in next(csv.reader(file), [])}
        except csv.Error:
            return ""
    return next((kind for kind, names in SIGNATURES if names <= header), "")
