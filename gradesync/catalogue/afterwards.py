"""What comes of sending and of taking back. PURE."""

from gradesync.catalogue.entry import Entry

TABLE: dict[str, Entry] = {
    "plan.changed-since": Entry(
        "waits",
        "teacher",
        "It has changed since the preview was made, so it was left out.",
        "Look at the next preview.",
    ),
    "undo.restored": Entry("warns", "nobody", "Q gets back what it held before.", "Nothing."),
    "undo.changed-since": Entry(
        "waits",
        "teacher",
        "This was changed in Q since that sync; it is left alone.",
        "Change it in Q by hand.",
    ),
    "undo.sent-since": Entry(
        "waits",
        "teacher",
        "A later sync has written this; it is left alone.",
        "Undo the later sync first.",
    ),
    "undo.in-use": Entry(
        "waits",
        "teacher",
        "The assignment that the sync added holds other results, or cannot be removed; it stays.",
        "Delete it in Q by hand if it should not be there.",
    ),
    "undo.done": Entry("warns", "nobody", "Q holds already what it held before.", "Nothing."),
    "q.unauthorized": Entry(
        "waits",
        "admin",
        "Q refuses our key.",
        "Check the client key and secret of the connection.",
    ),
    "q.forbidden": Entry(
        "blocks",
        "admin",
        "Q does not allow writing here.",
        "Ask for the right to write grades for this connection.",
    ),
    "q.rate-limited": Entry(
        "waits",
        "nobody",
        "Q asks us to slow down; it is tried again by itself.",
        "Nothing.",
    ),
    "q.unavailable": Entry(
        "waits",
        "nobody",
        "Q is not answering; it is tried again by itself.",
        "Nothing, unless it lasts: then ask Q's operator.",
    ),
    "q.timeout": Entry(
        "waits",
        "nobody",
        "Q took too long, so it is not known whether it took this; it is read back first.",
        "Nothing.",
    ),
    "q.rejected": Entry(
        "blocks",
        "teacher",
        "Q refused this: {detail}",
        "Correct what Q names; it is sent again when it has changed.",
    ),
    "q.not-kept": Entry(
        "waits",
        "teacher",
        "Q said yes, and holds something else.",
        "Look at it in Q. If Q rounds or cuts what it is sent, let an admin say so in the profile.",
    ),
}
