"""How each rule of the fault catalogue can be broken: one small change to the product for each.

A change is (the row of the catalogue, the file, what stands there, what stands there instead, what
that would do). `test_catalogue.py` makes each in a copy of the tree and demands that a test which
is marked with the row fails.
"""

from __future__ import annotations

from typing import NamedTuple


class Break(NamedTuple):
    """`old` stands in `file` exactly once."""

    fault: str
    file: str
    old: str
    new: str
    means: str


READING = "integration/oneroster/reading.py"
PAGING = "integration/oneroster/paging.py"
TOKENS = "integration/oneroster/tokens.py"
RETRY = "integration/http/retry.py"
PROVISIONING = "integration/provisioning/"
PLAN = PROVISIONING + "plan.py"
READ = PROVISIONING + "read.py"
HOLDS = PROVISIONING + "holds.py"
ENROLLMENTS = PROVISIONING + "enrollments.py"
APPLY = PROVISIONING + "apply.py"
RUN = PROVISIONING + "run.py"
TASKS = "integration/tasks.py"
LEASES = "integration/ledger/leases.py"
RUNS = "integration/ledger/runs.py"

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
        *("F7", READ, "elif not reading.proof.joined and", "elif reading.total is None and"),
        "pages that are not joined prove absence, if there are as many records as Q promised",
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
        PLAN,
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
        "        known = self.unseen.intersection(digests)\n",
        "        known = self.unseen.intersection(digests)\n"
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
    Break(
        "F32",
        APPLY,
        "        found = _look_for(ledger, canvas, operation, package)\n        if found is None:",
        "        found = None\n        if found is None:",
        "an import whose answer was lost is not looked for",
    ),
    Break(
        "F33",
        APPLY,
        "outcome.refuse(run, kind, refused)",
        "outcome.refuse(run, kind, {})",
        "a row that Canvas refused counts as accepted",
    ),
    Break(
        "F34",
        PROVISIONING + "rows.py",
        'cross-listed section keeps its people (D5)."""\n\n    section_id: str',
        'cross-listed section keeps its people (D5)."""\n\n    course_id: str',
        "enrollments are keyed by the course",
    ),
    Break(
        "F35",
        "integration/canvas/client.py",
        "        if unknown:\n            raise ImportStillRunning(unknown)\n",
        "",
        "an import that waits without names is taken for nobody's",
    ),
    Break(
        "F36",
        APPLY,
        "        _doubt(ledger, canvas, IMPORTED)",
        "        _doubt(ledger, canvas, ())",
        "what a broken import may have done is forgotten",
    ),
    Break(
        "F37",
        "integration/canvas/types.py",
        "known = self.workflow_state in FINAL_STATES",
        'known = self.workflow_state in FINAL_STATES or self.workflow_state == "created"',
        "an import that stands in the queue is taken for done",
    ),
    Break(
        "F38",
        "integration/canvas/refusals.py",
        'return status == 429 or (status == 403 and b"rate limit exceeded" in body[:2000].lower())',
        "return status == 429",
        "Canvas's way to say “too fast” is taken for a refusal",
    ),
    Break(
        "F39",
        HOLDS,
        "elif tally.removed > (limit := limits.removable(accepted)):",
        "elif tally.removed >= (limit := limits.removable(accepted)):",
        "exactly a tenth waits too",
    ),
    Break(
        "F40",
        RUN,
        'return f"run {newer.pk} has read Q since; its plan is {newer.plan_digest}"',
        'return ""',
        "an approval is for whatever plan was made before",
    ),
    Break(
        "F63",
        APPLY,
        "if operation.attempts and (found := _look_for(ledger, canvas, operation, package)):",
        "if False:",
        "who begins again sends again",
    ),
    Break(
        "F65",
        APPLY,
        "if operation.attempts and (found := _look_for(ledger, canvas, operation, package)):",
        "if False:",
        "who begins again sends again",
    ),
    Break(
        "F66",
        RUNS,
        'attempts=F("attempts") + 1,',
        'attempts=F("attempts"),',
        "an attempt is not counted",
    ),
    Break(
        "F67",
        RUNS,
        "written = Run.objects.filter(pk=self.run.pk, fence=self.fence.number).update(**fields)",
        "written = Run.objects.filter(pk=self.run.pk).update(**fields)",
        "an orphan goes on writing to its run",
    ),
    Break(
        "F68",
        RUN,
        "update(fence=fence.number, **told)",
        "update(**told)",
        "who wakes up late writes to the run that was dropped meanwhile",
    ),
    Break(
        "F69",
        LEASES,
        "taken = Lease.objects.filter(resource=resource, expires_at__lte=Now()).update(",
        "taken = Lease.objects.filter(resource=resource).update(",
        "three who come at once all work",
    ),
    Break(
        "F70",
        TASKS,
        "if (ADVANCE, (run.pk,)) not in heard:",
        "if False:",
        "nobody rings again",
    ),
    Break(
        "F71",
        TASKS,
        "            open_weekly_check(policy)\n        except QSyncError as error:",
        "            open_weekly_check(policy)\n        except ZeroDivisionError as error:",
        "one district's schedule stops everybody's nights",
    ),
    Break(
        "F72",
        "integration/nights.py",
        "if last is not None and night <= last:",
        "if last is not None:",
        "after days off no night is made good",
    ),
    Break(
        "F73",
        TASKS,
        "            Run.objects.filter(pk=run.pk).update(night=decided.due)\n",
        "            pass\n",
        "two sweepers open two nights",
    ),
    Break(
        "F79",
        TASKS,
        "        if stopping.is_asked():\n            raise stopping.Stopped\n",
        "",
        "a cluster that is told to stop goes on",
    ),
    Break(
        *("F43", "gradesync/compare.py", "if _is_untouched(cell, manner):", "if True:"),
        "what somebody edited in Q is written over",
    ),
    Break(
        *(
            "F44",
            "gradesync/models.py",
            "is_open = models.BooleanField(null=True, default=True)",
            "is_open = models.BooleanField(null=True, default=None)",
        ),
        "two presses open two runs",
    ),
    Break(
        "F46",
        "gradesync/planning.py",
        "later = Run.objects.filter(sync__course=run.sync.course, pk__gt=run.pk)",
        "later = Run.objects.none()",
        "a plan that was overtaken is sent",
    ),
    Break(
        "F47",
        "gradesync/compare.py",
        "    if same(value, cell.there, manner.places):\n",
        "    if value is None:\n",
        "what is the same is sent again",
    ),
    Break(
        *("F48", "gradesync/plan.py", "    if changed:\n", "    if None:\n"),
        "a line item keeps the title that it had first",
    ),
    Break(
        "F49",
        "gradesync/drafts.py",
        'return "assignment.gone"',
        'return "assignment.switched-off"',
        "nobody hears that an assignment is gone",
    ),
    Break(
        "F50",
        "gradesync/ids.py",
        "_exact(key.what, key.canvas_id, key.class_id)",
        "_exact(key.what, key.class_id)",
        "all assignments of a class are one line item",
    ),
    Break(
        "F51",
        "gradesync/line_items.py",
        "(link.fields is not None or link.sourced_id in active_ids)",
        "(link.sourced_id in active_ids)",
        "what somebody deleted in Q comes back",
    ),
    Break(
        *("F57", "gradesync/sending.py", '    return "refused"\n', '    return "unknown"\n'),
        "what Q refuses is sent again and again",
    ),
    Break(
        "F58",
        "integration/oneroster/gradebook.py",
        'send("PUT", path, body=body, retry=False)',
        'send("PUT", path, body=body)',
        "a write whose answer was lost is repeated without looking",
    ),
    Break(
        "F59",
        "gradesync/carrying.py",
        'if outcome.what == "arrived" and outcome.sourced_id:',
        'if outcome.what == "arrived" and outcome.sourced_id == "?":',
        "the id that Q gives is not kept",
    ),
    Break(
        "F86",
        "gradesync/carrying.py",
        "if self._is_cancelled() and self._sender:",
        "if self._is_cancelled() and not self._sender:",
        "whoever presses stop waits for the end",
    ),
]
