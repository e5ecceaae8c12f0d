"""What Canvas holds now, beside what a run left there: read from its report, for an undo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from integration import bulk
from integration.canvas.client import CanvasClient
from integration.canvas.errors import NotFound
from integration.canvas.types import Section
from integration.models import Run
from integration.provisioning import history
from integration.provisioning.adoption import as_row, observed
from integration.provisioning.inverse import Standing, differing
from integration.provisioning.rows import Kind

StandingOf = Callable[[str], Standing]


def guests(canvas: CanvasClient, report: Path | None) -> set[str]:
    """Courses in which somebody is in a section that no SIS made: put there by a person."""
    return {
        line.get("course_id", "")
        for line in (canvas.report_rows(report) if report else ())
        if not line.get("section_id") and line.get("status") not in ("deleted", "rejected")
    }


def sections_by_course(
    canvas: CanvasClient, sections: Path | None, crosslisted: Path | None
) -> dict[str, list[Section]] | None:
    """The sections of each course by its SIS id, as they are taught now; None if it is not told.

    When a section was made, the report does not tell.
    """
    if sections is None or crosslisted is None:
        return None
    taught_in = {
        line.get("canvas_section_id", ""): line.get("xlist_course_id", "")
        for line in canvas.report_rows(crosslisted)
    }
    found: dict[str, list[Section]] = {}
    for line in canvas.report_rows(sections):
        number, home = line.get("canvas_section_id", ""), line.get("course_id", "")
        if not number.isdigit():
            return None
        section = Section(
            id=number,
            name="",
            course_id="",
            sis_section_id=line.get("section_id", ""),
            integration_id="",
            origin_course_id=home if number in taught_in else "",
        )
        found.setdefault(taught_in.get(number, home), []).append(section)
    return found


def standings(run: Run, canvas: CanvasClient, kind: Kind, report: Path | None) -> StandingOf:
    """What became in Canvas of each row that the run left there, by key."""
    if report is None:
        return lambda key: "unknown"
    # Hashes, not keys: a first night of a large district has a million of them.
    wanted = history.key_hashes(run, kind)
    as_left: set[int] = set()
    edited: set[int] = set()
    for batch in bulk.batches(observed(kind, canvas.report_rows(report))):
        there: dict[str, list[tuple[str | None, ...]]] = {}
        for row in batch:
            key = kind.key(as_row(row))
            if hash(key) in wanted:
                there.setdefault(key, []).append(row)
        for key, after in history.left_there(run, kind, there):
            # Canvas may hold one enrollment twice, for two whom the same person observes.
            if any(not differing(kind, row, after) for row in there[key]):
                as_left.add(hash(key))
            else:
                edited.add(hash(key))
    return lambda key: (
        "as left" if hash(key) in as_left else "edited" if hash(key) in edited else "missing"
    )


def since(undone: Run, canvas: CanvasClient) -> str:
    """When the run's import was made, by Canvas's own clock."""
    try:
        return canvas.sis_import(undone.sent["imports"][0]["id"]).created_at
    except (KeyError, NotFound):  # nothing was sent, or Canvas no longer keeps it
        return ""
