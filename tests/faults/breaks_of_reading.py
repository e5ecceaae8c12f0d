"""What breaks the reading of Q, and what a night makes of it (F1–F31)."""

from __future__ import annotations

from tests.faults.breaks import Break

READING = "integration/oneroster/reading.py"
PAGING = "integration/oneroster/paging.py"
JOINTS = "integration/oneroster/joints.py"
TOKENS = "integration/oneroster/tokens.py"
RETRY = "integration/http/retry.py"
PROVISIONING = "integration/provisioning/"
DIFFERENCES = PROVISIONING + "differences.py"
READ = PROVISIONING + "read.py"
HOLDS = PROVISIONING + "holds.py"
ENROLLMENTS = PROVISIONING + "enrollments.py"

BREAKS = [
    Break(
        *(
            "F1",
            READING,
            "isinstance(error, OneRosterError)):",
            "isinstance(error, OneRosterError)) or True:",
        ),
        "an error on any page ends the reading as if all had come",
    ),
    Break(
        *("F2", "integration/http/door.py", "if not lines.last:", "if False:"),
        "a head that was cut off is taken for a whole one",
    ),
    Break(
        *("F3", HOLDS, "if gone == accepted and not tally.school:", "if gone < 0:"),
        "a kind may fall to zero",
    ),
    Break(
        "F4",
        "integration/oneroster/envelope.py",
        "    if info and info.is_failure:\n        raise NoRecords(info)\n    notes",
        "    if info and info.is_failure:\n        return Content([])\n    notes",
        "an error with status 200 is an empty collection",
    ),
    Break(
        "F5",
        PAGING,
        'if ask.purpose != "end":\n            return False',
        'if ask.purpose not in ("end", "next"):\n            return False',
        "without a total an error is the end",
    ),
    Break(*("F6", PAGING, "complete=not reason,", "complete=True,"), "every reading is proven"),
    Break(
        *("F7", READ, "proof.received and not proof.joined", "reading.total is None"),
        "pages that are not joined prove absence, if there are as many records as Q promised",
    ),
    Break(
        "F7",
        PAGING,
        'Ask(following, linked - following, "gap")',
        'Ask(linked, self.limit, "next")',
        "a link is followed past records that did not come",
    ),
    Break(
        "F7",
        PAGING,
        "if arrival.count or (leads_on and self._empty < MAX_EMPTY):",
        "if arrival.count:",
        "an empty page is the end, whatever it says itself",
    ),
    Break(
        "F7",
        "integration/oneroster/types.py",
        "return self.sourced_id or self.stand_in",
        "return self.sourced_id",
        "records without an id are all one and the same",
    ),
    Break(
        *("F7", JOINTS, '"rest" if first == before else "shifted"', '"rest"'),
        "a page is laid to the one before, whatever record it begins with",
    ),
    Break(
        "F7",
        PAGING,
        "joins = self._joints.overlap > 0 and self._joints.are_whole",
        "joins = False",
        "what is behind a full last page is asked for without its last record",
    ),
    Break(
        "F8",
        PROVISIONING + "rows.py",
        'keeps=("email",))',
        'keeps=("email",), gone="deleted")',
        "users who are gone from Q are deleted",
    ),
    Break(
        "F9",
        DIFFERENCES,
        "if self.endings.covers(kind, row := as_row(there.row)):",
        "if (row := as_row(there.row)) is None:",
        "what is gone after its term is taken away",
    ),
    Break(
        "F10",
        PROVISIONING + "limits.py",
        "if window := rollover_now(policy):\n",
        "if (window := rollover_now(policy)) and False:\n",
        "a planned rollover changes no limit",
    ),
    Break(
        "F11",
        HOLDS,
        "SCHEME_SHARE, SCHEME_FLOOR = 0.05, 5",
        "SCHEME_SHARE, SCHEME_FLOOR = 9.0, 5000",
        "any number of people may come under other ids",
    ),
    Break(
        "F12",
        PROVISIONING + "proposals.py",
        "        if self._both(SECTIONS):",
        "        if self._both(TERMS):",
        "a class under another id is another class, with a course of its own",
    ),
    Break(
        "F13",
        PROVISIONING + "structure.py",
        "            kept[sourced_id] = current[0]\n",
        "            pass\n",
        "of two versions the first one counts",
    ),
    Break(
        "F13",
        ENROLLMENTS,
        "        if not are_unique(some.ids):\n",
        "        if False:\n",
        "all enrollments of one id come, also those that are no longer true",
    ),
    Break(
        "F14",
        PROVISIONING + "people.py",
        "    if holder is row:\n        return []",
        "    if holder is not None:\n        return []",
        "the second user with a login is dropped without a word",
    ),
    Break(
        "F15",
        ENROLLMENTS,
        'self.problems.append(problem(code, "enrollments", record.sourced_id, "class"))',
        "raise KeyError(code)",
        "an enrollment of an unknown class ends the night",
    ),
    Break(
        "F16",
        "integration/oneroster/canonical.py",
        'STATUSES = _words("status", "active", "tobedeleted", also={"inactive": "tobedeleted"})',
        'STATUSES = _words("status", "active", "tobedeleted", also={"maybe": "active"})',
        "a status that nobody knows is read as active",
    ),
    Break(
        "F17",
        PROVISIONING + "compare.py",
        'return replace(new, action="changed", before=there.row, reason="returned")',
        'return replace(new, action="equal", before=there.row)',
        "who comes back is taken for somebody who never went",
    ),
    Break(
        "F18",
        PROVISIONING + "classes.py",
        'start = min((one.start for one in dated), default="")',
        "start = min(one.start for one in dated)",
        "a class without a dated term ends the night",
    ),
    Break(
        "F19",
        READING,
        'self._filter = (("filter", filter_),) if filter_ else ()',
        'self._filter = (("filter", filter_ or "dateLastModified>\'2026-10-01\'"),)',
        "only what Q stamped lately is read",
    ),
    Break(
        "F20",
        PROVISIONING + "drift.py",
        "        if not self._unseen:\n            return\n",
        "        if True:\n            return\n",
        "what is missing in Canvas is not told",
    ),
    Break(
        "F21",
        TOKENS,
        "renew_at=now + seconds - min(EARLY_SECONDS, seconds / 10),",
        "renew_at=now + seconds + EARLY_SECONDS,",
        "a token is used until after its end",
    ),
    Break(
        "F22",
        PROVISIONING + "rules.py",
        "time(23, 59, 59, fold=1)",
        "time.min",
        "the last day does not count",
    ),
    Break(
        "F23",
        PROVISIONING + "csv.py",
        "        writer.writerow(row)\n",
        '        to.write(",".join(row) + "\\r\\n")\n',
        "a comma in a name begins another column",
    ),
    Break(
        "F24",
        PROVISIONING + "compare.py",
        "        known = self.unseen.intersection(named)\n",
        "        known = self.unseen.intersection(named)\n"
        "        for row in rows:\n            self._find([self.kind.key(row)])\n",
        "each row costs a question to the database",
    ),
    Break(
        "F25",
        "integration/http/sockets.py",
        "left = self._at - self._clock()",
        "left = at_most",
        "a server may take as long as it likes, if it says something now and then",
    ),
    Break(
        "F26",
        "integration/http/body.py",
        "            if left < 0:\n                raise TooLarge(_too_large(max_bytes))\n",
        "",
        "what is packed may be of any size",
    ),
    Break(
        "F27",
        "integration/http/sockets.py",
        "    context = ssl.create_default_context()\n",
        "    context = ssl.create_default_context()\n"
        "    context.check_hostname = False\n    context.verify_mode = ssl.CERT_NONE\n",
        "any certificate will do",
    ),
    Break(
        "F28",
        "integration/oneroster/transport.py",
        "if not self._auth.renew(credential):",
        "if True:",
        "a token that ended is not renewed",
    ),
    Break(
        "F29",
        TOKENS,
        "raise self._failure  # somebody asked",
        "pass  # somebody asked",
        "a key that was refused is tried again by everybody",
    ),
    Break(
        *("F30", RETRY, "return min(retry_after, LONGEST_RETRY_AFTER)", "return retry_after"),
        "a server may ask for any wait",
    ),
    Break(
        "F31",
        RETRY,
        "if self._failures_in_row >= self._consecutive:",
        "if self._failures_in_row >= 10_000:",
        "a dead host is asked again and again",
    ),
]
