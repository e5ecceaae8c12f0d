"""Every kind of assignment a gradebook can hold, by name, as a teacher would set it up. Pure.

In this order they fill a gradebook: the first twelve are one of each kind that students do, the
others are the ones that a reader of grades stumbles over.
"""

from dataclasses import dataclass, field
from typing import Any, Final

NEW_QUIZ_URL: Final = "https://quizzes.example.org/lti/launch"
TOOL_URL: Final = "https://tool.example.org/lti/launch"


@dataclass(frozen=True, slots=True)
class Kind:
    """`values` are columns of an assignment; `audience` says whom it is for, if not everyone.

    audience: sections (other dates for each), section (for one only), students (for some only),
    many (other dates for more students than `all_dates` lists), groups.
    """

    label: str
    values: dict[str, Any]
    group: str = "Homework"
    audience: str = ""
    checkpoints: tuple[float, ...] = field(default=())


def _points(points: float | None, kind: str = "online_text_entry", **values: Any) -> dict[str, Any]:
    return {"points_possible": points, "submission_types": [kind], **values}


KINDS: Final[dict[str, Kind]] = {
    "online": Kind("Assignment handed in online", _points(20)),
    "discussion": Kind("Graded discussion", _points(10, "discussion_topic")),
    "classic-quiz": Kind("Classic Quiz", _points(15, "online_quiz"), "Quizzes"),
    "new-quiz": Kind(
        "New Quiz",
        _points(25, "external_tool", new_quiz=True, tool_url=NEW_QUIZ_URL),
        "Quizzes",
    ),
    "external-tool": Kind("External tool", _points(30, "external_tool", tool_url=TOOL_URL)),
    "percent": Kind("On paper, as a percentage", _points(50, "on_paper", grading_type="percent")),
    "letter": Kind(
        "No submission, as a letter", _points(100, "none", grading_type="letter_grade"), "Tests"
    ),
    "complete": Kind("Complete or incomplete", _points(5, grading_type="pass_fail")),
    "gpa": Kind(
        "No submission, on the GPA scale", _points(40, "none", grading_type="gpa_scale"), "Tests"
    ),
    "extra-credit": Kind("Extra credit, worth 0 points", _points(0, "none")),
    "group": Kind("Group assignment", _points(40, "online_upload"), audience="groups"),
    "section-dates": Kind("Due dates by section", _points(12, "online_url"), audience="sections"),
    "moderated": Kind("Moderated, not yet published", _points(60, moderated=True, grader_count=2)),
    "anonymous": Kind("Graded anonymously", _points(16, anonymous=True)),
    "checkpoints": Kind(
        "Discussion with checkpoints", _points(10, "discussion_topic"), checkpoints=(4, 6)
    ),
    "graded-survey": Kind(
        "Graded survey", _points(5, "online_quiz", quiz_type="graded_survey"), "Quizzes"
    ),
    "omitted": Kind("Not counted in the final grade", _points(10, omit_from_final_grade=True)),
    "hidden": Kind("Grades posted by hand", _points(35, "on_paper", post_manually=True), "Tests"),
    "unpublished": Kind("Not published", _points(10, workflow_state="unpublished")),
    "not-graded": Kind(
        "Not graded",
        {"submission_types": ["not_graded"], "grading_type": "not_graded"},
    ),
    "some-students": Kind("For some students only", _points(8, "on_paper"), audience="students"),
    "no-points": Kind("Without points", _points(None, "none")),
    "peer-reviews": Kind("With peer reviews", _points(18, peer_reviews=True)),
    "many-dates": Kind("Due dates of 26 students", _points(14), audience="many"),
    "no-due-date": Kind("Without a due date", _points(6, due_at="")),
    "one-section": Kind("For one section only", _points(9, "on_paper"), audience="section"),
    "practice-quiz": Kind(
        "New Quiz for practice",
        _points(
            10,
            "external_tool",
            new_quiz=True,
            tool_url=NEW_QUIZ_URL,
            hide_in_gradebook=True,
            omit_from_final_grade=True,
        ),
        "Quizzes",
    ),
}
NAMES: Final = tuple(KINDS)


def named(number: int) -> str:
    """The kind of the n-th assignment, from 0; after one of each they are ordinary ones."""
    return NAMES[number] if number < len(NAMES) else "online"
