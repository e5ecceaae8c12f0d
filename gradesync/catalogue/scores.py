"""Why a score does or does not go, and what is particular about it. PURE."""

from gradesync.catalogue.entry import Entry

TABLE: dict[str, Entry] = {
    "score.new": Entry("warns", "nobody", "Q does not have it yet.", "Nothing."),
    "score.changed": Entry("warns", "nobody", "It was changed in Canvas.", "Nothing."),
    "score.cleared": Entry("warns", "nobody", "The score was removed in Canvas.", "Nothing."),
    "score.forced": Entry(
        "warns", "nobody", "It is the same, and sent again as chosen.", "Nothing."
    ),
    "score.overrules": Entry(
        "warns",
        "nobody",
        "Q holds another value; Canvas's is sent, as chosen.",
        "Nothing.",
    ),
    "score.empty": Entry("warns", "nobody", "There is no score yet.", "Nothing."),
    "score.not-told": Entry(
        "waits",
        "nobody",
        "Canvas told nothing of this student's work. What was sent stays in Q.",
        "Sync again later. If it stays so, open the work in Canvas's gradebook.",
    ),
    "score.only-in-q": Entry(
        "warns",
        "nobody",
        "Q holds a value that did not come from Canvas, and Canvas has none. Q's stays.",
        "Grade the work in Canvas if Canvas's shall count.",
    ),
    "score.changed-in-q": Entry(
        "waits",
        "teacher",
        "This score was changed in Q since the last sync. Q's stays.",
        "Keep Q's, or send Canvas's.",
    ),
    "score.removed-in-q": Entry(
        "waits",
        "teacher",
        "This score was removed in Q since the last sync. It stays removed.",
        "Keep it so, or send Canvas's.",
    ),
    "score.other-in-q": Entry(
        "waits",
        "teacher",
        "Q held another score before the first sync. Q's stays.",
        "Keep Q's, or send Canvas's.",
    ),
    "score.kept": Entry(
        "warns",
        "nobody",
        "Q's value was kept by choice; it holds until one of the two changes.",
        "Nothing, or send Canvas's after all.",
    ),
    "score.several-in-q": Entry(
        "blocks",
        "office",
        "Q holds several results of this student for this assignment.",
        "Remove the wrong one in Q.",
    ),
    "score.hidden": Entry(
        "waits",
        "teacher",
        "This score is hidden from the student.",
        "Post grades in Canvas.",
    ),
    "score.hidden-again": Entry(
        "waits",
        "teacher",
        "This score was sent and has been hidden since. What Q holds stays as it is.",
        "Post grades in Canvas, or remove the score in Q by hand.",
    ),
    "score.hidden-cleared": Entry(
        "warns",
        "nobody",
        "This score was sent and has been hidden since; it is taken back from Q, as chosen.",
        "Nothing.",
    ),
    "score.anonymous": Entry(
        "waits",
        "teacher",
        "Anonymous grading is on; names are hidden until grades are posted.",
        "Post grades in Canvas.",
    ),
    "score.moderated": Entry(
        "waits",
        "teacher",
        "The grades of this moderated assignment are not released yet.",
        "Release the grades in Canvas.",
    ),
    "score.pending-review": Entry(
        "waits",
        "teacher",
        "A part of this work still has to be graded by a person.",
        "Grade the rest in SpeedGrader.",
    ),
    "score.checkpoint-pending": Entry(
        "waits",
        "teacher",
        "Not every checkpoint of this discussion is graded.",
        "Grade the other checkpoint in SpeedGrader.",
    ),
    "score.no-number": Entry(
        "blocks",
        "teacher",
        "This grade has no number, and Q takes only numbers.",
        "Give the assignment points in Canvas.",
    ),
    "score.negative": Entry(
        "blocks",
        "teacher",
        "This score is below 0, which Q does not take.",
        "Change the score in Canvas.",
    ),
    "score.above-maximum": Entry(
        "blocks",
        "teacher",
        "This score is above the maximum, which Q does not take.",
        "Allow extra credit in Q, or change the score in Canvas.",
    ),
    "score.extra-credit": Entry(
        "warns",
        "nobody",
        "This score is above the maximum; it is sent as extra credit.",
        "Nothing.",
    ),
    "score.exempt-zero": Entry(
        "warns",
        "teacher",
        "This Q demands a number with an excused score: it is sent as exempt, and Q may show a 0.",
        "Look at the score in Q.",
    ),
    "score.resubmitted": Entry(
        "warns",
        "teacher",
        "The student has handed in again since this was graded; the score still counts.",
        "Grade the newer work in SpeedGrader.",
    ),
    "score.cannot-clear": Entry(
        "waits",
        "admin",
        "This score should leave Q, but this Q offers no proven way to remove it there.",
        "Remove it in Q by hand, or let the connection be tested for it.",
    ),
    "score.cannot-say": Entry(
        "waits",
        "admin",
        "This Q offers no proven way to mark work without a score.",
        "Choose another rule for missing work, or let the connection be tested for it.",
    ),
    "score.older": Entry(
        "waits",
        "nobody",
        "Canvas gave an older grade than the one that Q has confirmed; it is not sent.",
        "Sync again; send it by force if the older one is right.",
    ),
    "student.no-sis-id": Entry(
        "blocks",
        "admin",
        "This student has no SIS ID, so Q does not know them.",
        "Wait for tonight's roster, or ask the office.",
    ),
    "student.not-in-class": Entry(
        "blocks",
        "office",
        "This student is not in the class in Q.",
        "Wait for tonight's roster, or ask the office.",
    ),
    "student.left": Entry(
        "blocks",
        "nobody",
        "This student is no longer active in the section. What Q holds stays as it is.",
        "Nothing, if they left; else wait for tonight's roster.",
    ),
    "student.not-assigned": Entry(
        "blocks",
        "teacher",
        "This work is no longer assigned to the student. What Q holds stays as it is.",
        "Assign it in Canvas, or remove the score in Q by hand.",
    ),
}
