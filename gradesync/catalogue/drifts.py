"""What reading back finds, and its likely cause. PURE."""

from gradesync.catalogue.entry import Entry

TABLE: dict[str, Entry] = {
    "drift.class-gone": Entry(
        "waits",
        "office",
        "The class that this was sent to is not in Q any more, or no section of this course is it.",
        "Ask the office which class it is now; the next roster links it.",
    ),
    "drift.item-gone": Entry(
        "waits",
        "teacher",
        "Q does not hold this assignment any more: somebody deleted it there.",
        "Add it again, or switch its sync off.",
    ),
    "drift.item-changed": Entry(
        "waits",
        "teacher",
        "This assignment was changed in Q since it was confirmed.",
        "Nothing, if it was meant; else send Canvas's.",
    ),
    "drift.removed": Entry(
        "waits",
        "teacher",
        "Q confirmed this score and holds none now: somebody removed it there.",
        "Keep it so, or send Canvas's in the next preview.",
    ),
    "drift.left": Entry(
        "waits",
        "office",
        "Q holds no score any more: the student is not in the class in Q.",
        "Nothing, if they left; else ask the office to correct the enrollment.",
    ),
    "drift.appeared": Entry(
        "waits",
        "teacher",
        "Q holds a score where it confirmed none: somebody entered it there.",
        "Keep it, or grade the work in Canvas and send that.",
    ),
    "drift.changed": Entry(
        "waits",
        "teacher",
        "Q holds another score than it confirmed: somebody changed it there.",
        "Keep Q's, or send Canvas's in the next preview.",
    ),
    "drift.mark": Entry(
        "waits",
        "teacher",
        "Q holds the same number with another mark: somebody changed it there.",
        "Keep Q's, or send Canvas's in the next preview.",
    ),
    "drift.rounded": Entry(
        "waits",
        "admin",
        "Q holds the score rounded: it keeps fewer decimals than were sent.",
        "Let the connection be tested, so that no more decimals are sent than Q keeps.",
    ),
    "drift.capped": Entry(
        "waits",
        "admin",
        "Q holds the maximum where more was sent: it takes no extra credit here.",
        "Allow extra credit in Q, or let the profile of the connection say that it takes none.",
    ),
    "drift.several": Entry(
        "blocks",
        "office",
        "Q holds several results of this student for this assignment.",
        "Remove the wrong one in Q.",
    ),
}
