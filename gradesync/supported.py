"""What grade passback does in this district, from what its Q was found to take."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from gradesync.profile import Profile
from integration.account.supported import Row, Support, Table
from integration.models import District, QConnection


def tell(district: District) -> Iterator[Table]:
    """The table of grade sync; unknown is what has not been tried of this Q."""
    q = QConnection.objects.filter(district=district).first()
    probed = dict(q.profile) if q else {}
    yield Table(gettext("Grade sync"), list(_rows(Profile.read(probed), bool(probed))))


def _rows(profile: Profile, is_probed: bool) -> Iterator[Row]:
    up = gettext("Canvas to Q")
    writes = _if(profile.may_write) if is_probed else "unknown"
    yield Row(
        gettext("Assignments, graded discussions, quizzes"),
        writes if profile.may_write else "no",
        up,
        gettext("Classic and New Quizzes; not practice quizzes and ungraded surveys"),
    )
    yield Row(
        gettext("Course grades of a grading period"),
        _if(profile.takes_grading_period),
        up,
        gettext("As percent; a letter only where Q has a field for it"),
    )
    yield from _scores(profile, up)
    yield Row(
        gettext("Titles in Q: %(number)d characters") % {"number": profile.title_limit},
        "yes",
        up,
        gettext("A longer one is cut so that it stays unlike the others"),
    )
    yield Row(gettext("Grades from Q to Canvas"), "no", "", gettext("Q is read only to compare"))
    yield Row(
        gettext("Comments, rubrics and outcomes"), "no", "", gettext("OneRoster 1.1 has no place")
    )


def _scores(profile: Profile, up: str) -> Iterator[Row]:
    """What becomes of those that are more than a number."""
    yield Row(
        gettext("Excused"),
        _if(profile.takes_exempt_without_score),
        up,
        gettext("As a mark, never as a bare 0")
        if profile.takes_exempt_without_score
        else gettext("This Q demands a number with it; the preview says so"),
    )
    cleared = profile.deletes_results or profile.takes_not_submitted_without_score
    yield Row(
        gettext("A score that was taken away"),
        _if(cleared),
        up,
        gettext("Taken away in Q, too") if cleared else gettext("It waits: this Q keeps scores"),
    )
    yield Row(
        gettext("Grades that students cannot see yet"), "no", up, gettext("They wait until posted")
    )
    yield Row(
        gettext("Scores above the maximum"),
        _if(profile.takes_above_maximum),
        up,
        "" if profile.takes_above_maximum else gettext("This Q refuses them"),
    )


def _if(holds: bool) -> Support:
    return "yes" if holds else "part"
