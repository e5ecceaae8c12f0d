"""Academic sessions as they were last read, kept from a run that was carried out to the next."""

from __future__ import annotations

from collections.abc import Mapping

from integration import bulk
from integration.models import District, Run, TermAssignment
from integration.oneroster.types import AcademicSession
from integration.provisioning.structure import Remembered

_FIELDS = ("sourced_id", "title", "type", "start_date", "end_date", "sis_term_id")


def recall(district: District) -> dict[str, Remembered]:
    """By sourcedId, every session that Canvas has had as a term from us."""
    rows = TermAssignment.objects.filter(district=district, planned_by=None)
    return {
        sourced_id: Remembered(
            AcademicSession(
                sourced_id=sourced_id,
                status="active",
                title=title,
                type=type_,
                start_date=start,
                end_date=end,
            ),
            sis_term_id,
        )
        for sourced_id, title, type_, start, end, sis_term_id in rows.values_list(*_FIELDS)
    }


def note(run: Run, sessions: Mapping[str, Remembered]) -> None:
    """Write down what will be remembered once this run's plan is carried out."""
    TermAssignment.objects.filter(planned_by=run).delete()
    bulk.insert(
        TermAssignment,
        ("district", "planned_by", *_FIELDS),
        (
            (
                *(run.district_id, run.pk, sourced_id),
                *(one.session.title, one.session.type),
                *(one.session.start_date, one.session.end_date, one.sis_term_id),
            )
            for sourced_id, one in sessions.items()
        ),
    )


def keep(run: Run) -> None:
    """Remember it for good. Called within the transaction that ends the run."""
    noted = TermAssignment.objects.filter(planned_by=run)
    known = TermAssignment.objects.filter(district=run.district, planned_by=None)
    for sourced_ids in bulk.batches(noted.values_list("sourced_id", flat=True), bulk.IN_LIMIT):
        known.filter(sourced_id__in=sourced_ids).delete()
    noted.update(planned_by=None)
    older = TermAssignment.objects.filter(district=run.district, planned_by__lt=run.pk)
    older.delete()
