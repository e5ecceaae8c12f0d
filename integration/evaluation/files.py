"""An evaluation's files: all lines for a spreadsheet, and the changed ids for Canvas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from integration import spreadsheets
from integration.evaluation.entries import MATCHED, Entry
from integration.evaluation.store import read
from integration.models import Run
from integration.provisioning import csv
from integration.provisioning.rows import CHANGE_SIS_ID

# Canvas changes the SIS ID of these (canvas.md section 5, change_sis_id.csv).
TYPES = {
    "users": "user",
    "courses": "course",
    "sections": "section",
    "terms": "term",
    "accounts": "account",
}


def write_files(run: Run, directory: Path) -> dict[str, int]:
    """evaluation.csv and change_sis_id.csv in `directory`, which is made; {file name: rows}."""
    directory.mkdir(parents=True, exist_ok=True)
    written: dict[str, int] = {}
    with (directory / "evaluation.csv").open("w", encoding="utf-8", newline="") as file:
        written["evaluation.csv"] = spreadsheets.write(file, Entry._fields, read(run))
    with (directory / "change_sis_id.csv").open("w", encoding="utf-8", newline="") as file:
        written["change_sis_id.csv"] = csv.write(CHANGE_SIS_ID, changed_ids(run), file)
    return written


def changed_ids(run: Run) -> Iterator[tuple[str, str, str]]:
    for entry in read(run, action=MATCHED):
        if entry.kind in TYPES:
            yield entry.canvas_id, entry.q_id, TYPES[entry.kind]
