"""Every form of the administrator's pages, and of whom they invite: what goes through, what not.

`FORMS` is the table. A form, or a field of one, that is not in it fails in `test_every_form.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from gradesync.screens.defaults_form import ALL_SETS, LOCK

TOO_LONG, NUL = "x" * 1001, "a\0b"
NEXT_MONTH = f"{date.today() + timedelta(days=30)}"  # noqa: DTZ011  # any day in a month will do
# Nothing listens there; the installation allows it to be asked.
SERVER = "127.0.0.1:7"
LARGE = "99999999999999999999"
DAYS = ("", "-1", "soon", "1.5", LARGE, "4000")
COUNT = ("", "-1", "some", "1.5", LARGE, "100000001")
SHARE = ("", "1.5", "-0.1", "much", "nan", "1e999")
ADDRESS = (
    *("", "q", "not an address", "ftp://q.example/ims", "http://q.example/ims", TOO_LONG, NUL),
    *("https://10.0.0.1/x", "https://127.0.0.1:9/x", "https://169.254.169.254/latest"),
    *("https://[::1]/x", f"http://{SERVER}9999/x", f"http://me:word@{SERVER}/x"),
)
TEXT = ("", " ", TOO_LONG, NUL)


@dataclass(frozen=True)
class Form:
    """One form.

    `name`, `args`: its address. `right`: what goes through. `wrong`: each field that a person can
    fill in wrongly, with what is refused beside it. `any`: fields in which nothing is wrong.
    `hidden`: what no person types. `secrets`: what is never shown again. `says`: a button for each
    of whose meanings nothing else is sent.
    """

    name: str
    right: Mapping[str, Any] = field(default_factory=dict)
    wrong: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    any: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    args: tuple[str, ...] = ()

    @property
    def fields(self) -> set[str]:
        return {*self.wrong, *self.any, *self.hidden}

    def __str__(self) -> str:
        return " ".join((self.name, *(f"{one}" for one in self.right.values() if one)))[:50]


def _only(*names: str) -> frozenset[str]:
    return frozenset(names)


Q = {
    "base_url": f"http://{SERVER}/ims/oneroster/v1p1", "key": "the-client-key",
    "secret": "the-client-secret", "auth": "oauth2", "token_url": f"http://{SERVER}/token",
}  # fmt: skip
OF_Q: Mapping[str, Sequence[Any]] = {
    "base_url": ADDRESS,
    "key": TEXT,
    "secret": ("", TOO_LONG, NUL),
    "auth": ("", "basic", NUL),
    "token_url": ADDRESS[1:],
}
CANVAS = {"base_url": f"http://{SERVER}", "root_account_id": "1"}
OF_CANVAS: Mapping[str, Sequence[Any]] = {
    "base_url": ADDRESS,
    "root_account_id": ("", "root", "-1", "1.5", "1" * 21, NUL),
}
DECISION = {"digest": "d" * 64, "reason": "Looked at with the registrar"}
OF_DECISION = _only("digest")
RULES = {
    "grouping": "class", "guardians": "on", "end_date_inclusive": "on",
    "user_sis_id": "sourcedId", "sis_id_prefix": "", "enrollment_removal": "inactive",
    "completed_after_days": "3", "deleted_after_days": "0", "removed_share": "0.2",
    "removed_floor": "7", "removed_ceiling": "2000", "changed_share": "0.75",
    "changed_floor": "50", "plan_hours": "24", "silent_feed_days": "7",
}  # fmt: skip
LEVEL = [name for _title, _hint, names in ALL_SETS for name in names]
LOCKS = frozenset(f"{LOCK}{name}" for name in LEVEL)
GRADES: Mapping[str, Sequence[Any]] = {
    **dict.fromkeys(LEVEL, ("often", NUL)),
    "automatic": ("hourly", NUL),
    "automatic_at": ("25:00", "noon", "7", NUL),
    "automatic_minutes": ("4", "721", "soon", "7.5", LARGE),
    "quiet_from": ("24:00", "evening", NUL),
    "quiet_until": ("24:00", "morning", NUL),
    "review_above": ("-1", "100001", "many", "0.5", LARGE),
    **dict.fromkeys(("default_category", "course_grade_category"), ("x" * 256, NUL)),
}

FORMS = (
    # --- whose installation this is ---
    Form("account:claim", {"how": "code", "code": "{claim}"},
         {"code": (*TEXT, "ABCDE-ABCDE-ABCDE-ABCDE-ABCDE", "{used}")}, hidden=_only("how")),
    Form("account:claim", {"how": "new", "name": "Cedar Valley"}, {"name": TEXT},
         hidden=_only("how")),
    Form("account:claim",
         {"how": "ask", "contact": "Dana Whitfield", "address": "dana@cedar.example",
          "institution": "Cedar Valley", "in_use": "CSV by hand"},
         {"contact": TEXT, "institution": TEXT, "in_use": (TOO_LONG, NUL),
          "address": ("", "nobody", "a@b", "a@x.example, b@x.example", TOO_LONG, NUL)},
         hidden=_only("how")),
    # --- the connections ---
    Form("account:connect-q", {**Q, "service": "bulk", "page_size": "500", "concurrency": "4"},
         {**OF_Q, "service": ("", "both"), "page_size": ("", "0", "-1", "50001", "many", LARGE),
          "concurrency": ("", "0", "17", "1.5", "few", LARGE)},
         hidden=_only("anyway"), secrets=_only("secret")),
    Form("account:connect-canvas",
         {**CANVAS, "access_token": "the-access-token", "access_token_ends_on": NEXT_MONTH},
         {**OF_CANVAS, "access_token": ("", TOO_LONG, NUL),
          "access_token_ends_on": ("soon", "2020-01-01", "2999-01-01", "2098-13-01", NUL)},
         hidden=_only("anyway"), secrets=_only("access_token")),
    Form("account:sign-in",
         {**CANVAS, "client_id": "10000000000001", "client_secret": "the-developer-key",
          "asks_for_scopes": "on"},
         {**OF_CANVAS, "client_id": ("", "key", "-1", "1" * 31, NUL),
          "client_secret": ("", TOO_LONG, NUL)},
         any=_only("asks_for_scopes"), secrets=_only("client_secret")),
    Form("account:check", {"test_class": "K-TEST"}, {"test_class": ("x" * 256, NUL)}),
    Form("credentials", {"word": "{word}", **Q},
         {"word": ("", "x" * 21, NUL), **OF_Q}, args=("{code}",), secrets=_only("secret")),
    # --- a plan that waits ---
    Form("account:decide", {"scope": "schools", "school": ["S0"], **DECISION},
         {"scope": ("", "everything", NUL), "school": ([], ["S9"], ["hillside-1"], [NUL]),
          "reason": (TOO_LONG, NUL)}, args=("{plan}",), hidden=OF_DECISION),
    Form("account:decide", {"scope": "kinds", "kind": ["enrollments"], **DECISION},
         {"kind": ([], ["grades"], ["change_sis_id"], [NUL])}, args=("{plan}",),
         hidden=OF_DECISION),
    Form("account:decide", {"scope": "all", "number": "4", **DECISION},
         {"number": ("", "5", "four", "4 or 5", "9" * 31, NUL)}, args=("{plan}",),
         hidden=OF_DECISION),
    # --- rules and schedule ---
    Form("account:save-rules", RULES,
         {"grouping": ("", "school", NUL), "enrollment_removal": ("", "vanished", NUL),
          "user_sis_id": ("", "two\nlines", "tab\tbed", "x" * 65, NUL),
          "sis_id_prefix": ("a b", "bell\x07", "x" * 33, NUL),
          **dict.fromkeys(("completed_after_days", "deleted_after_days", "silent_feed_days"), DAYS),
          **dict.fromkeys(("removed_floor", "removed_ceiling", "changed_floor"), COUNT),
          **dict.fromkeys(("removed_share", "changed_share"), SHARE),
          "plan_hours": ("", "-1", "all", LARGE, "8761")},
         any=_only("guardians", "end_date_inclusive"), hidden=_only("seen")),
    Form("account:save-schedule",
         {"is_automatic": "on", "at": "03:30", "time_zone": "America/Denver"},
         {"at": ("", "25:00", "two", "7", NUL),
          "time_zone": ("", "Mars/Olympus", "../../etc/passwd", "+02:00", TOO_LONG, NUL)},
         any=_only("is_automatic")),
    Form("account:pause", {"reason": "Q is being moved"}, {"reason": TEXT}, hidden=_only("what")),
    Form("account:add-window",
         {"sort": "blackout", "first": "2098-08-01", "last": "2098-08-20", "reason": "Exams"},
         {"sort": ("", "party", NUL), "first": ("", "tomorrow", "2098-13-01", "01/08/98x", NUL),
          # It ends before it begins; and one that is longer than any holiday.
          "last": ("", "2098-02-30", NUL, "2098-07-01", "2100-08-01"), "reason": TEXT}),
    Form("account:add-recipient", {"address": "sis@lakeside.example", "waits": "on"},
         {"address": ("", "nobody", "a@b", "a@x.example, b@x.example", TOO_LONG, NUL,
                      "told@lakeside.example", "TOLD@lakeside.example")},
         any=_only("waits", "failed", "silent", "ends")),
    Form("account:schools", {"how": "chosen", "school": ["S0"]},
         {"how": ("", "some", NUL), "school": ([], ["S9"], ["hillside-1"], [NUL])}),
    # --- grade passback ---
    Form("grading:whole", {"version": "{version}", "automatic": "nightly", "automatic_at": "23:30"},
         GRADES, hidden=_only("version"), any=LOCKS | {"copies_may_write"}),
    # The same form; its other fields are told wrong above.
    Form("grading:level", {"version": "{version}", "automatic": "nightly", "automatic_at": "23:30"},
         {"automatic_at": GRADES["automatic_at"]}, hidden=_only("version"),
         any=LOCKS | {*GRADES} - {"automatic_at"}, args=("term", "7")),
    # --- programs ---
    Form("account:make-token", {"name": "Warehouse", "rights": ["read"], "days": "30"},
         {"name": TEXT, "rights": ([], ["everything"], ["read", "all"], [NUL]),
          "days": ("", "0", "-1", "9999", "soon", "1.5", LARGE)}),
    # --- buttons: nothing is typed ---
    Form("account:start", {"what": "plan"}, hidden=_only("what")),
    Form("account:decide", {"scope": "not-ids", "digest": "d" * 64}, args=("{ids}",),
         hidden=_only("digest", "scope")),
    Form("account:undo", args=("{done}",)),
    Form("account:plan-again"),
    Form("account:put-away", {"key": "{line}"}, hidden=_only("key", "what")),
    Form("account:invite"),
    Form("account:cancel", args=("{link}",)),
    Form("account:suggest"),
    Form("account:drop-window", {"sort": "rollover", "from": "2099-08-01", "until": "2099-08-09",
                                 "reason": "New year"},
         hidden=_only("sort", "from", "until", "reason")),
    Form("account:add-window", {"sort": "rollover", "first": "2098-08-01", "last": "2098-08-20",
                                "reason": "New year"}),
    Form("account:drop-recipient", {"address": "told@lakeside.example"}, hidden=_only("address")),
    Form("account:revoke-token", args=("{token}",)),
    Form("account:canvas-authorize", {"word": "{consent}"}, hidden=_only("word")),
)  # fmt: skip

SEARCH = ("", " ", TOO_LONG, NUL, "%", "\\", "'\"<b>")
# What is only asked, by GET: whatever is sent, an answer comes that a person can go on from.
ASKED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "account:runs": {"kind": ("party", NUL), "page": ("0", "-1", "x", LARGE, NUL)},
    "account:changes": {
        **dict.fromkeys(("kind", "action", "state", "school", "text"), SEARCH),
        "page": ("0", "-1", "x", LARGE, NUL),
    },
    "account:audit": {"by": SEARCH, "action": SEARCH, "page": ("0", "-1", "x", LARGE, NUL)},
    "account:why": {"q": SEARCH, "kind": ("party", NUL), "id": SEARCH},
    "grading:why": {"course": (*SEARCH, LARGE), "q": SEARCH, "item": SEARCH, "student": SEARCH},
    "grading:courses": {"sort": ("party", NUL), "page": ("0", "-1", "x", LARGE, NUL)},
    "grading:find": {"level": ("", "school", "school x", "planet 7", f"term {LARGE}", NUL)},
}
