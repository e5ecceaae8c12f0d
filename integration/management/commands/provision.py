"""`manage.py provision SLUG`: Q becomes Canvas, once, in the foreground."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Count

from integration.connections import canvas_client, q_client
from integration.management.bar import Bar
from integration.management.base import (
    DONE,
    FAILED,
    HELD,
    DistrictCommand,
    Failure,
    Usage,
)
from integration.management.by_command import by_command
from integration.models import Change, District, Run
from integration.provisioning.approval import approve, decline
from integration.provisioning.aside import take_up
from integration.provisioning.holds import IDS_CHANGED, Hold, sentence
from integration.provisioning.part import Part
from integration.provisioning.rows import IMPORTED
from integration.provisioning.run import UNFINISHED, findings_of, provision

SHOWN_FINDINGS = 10
COLUMNS = ("added", "changed", "removed", "kept", "same", "blocked")


class Command(DistrictCommand):
    help = "Read Q, plan what Canvas lacks, and send it; or approve a plan that waits."
    columns: tuple[str, ...] = COLUMNS

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--plan-only", action="store_true", help="store the plan, send nothing")
        parser.add_argument(
            "--approve", metavar="DIGEST", help="carry out the plan with this digest"
        )
        part = "with --approve: only this {} (repeatable), and what it stands on"
        parser.add_argument("--school", action="append", default=[], help=part.format("account"))
        parser.add_argument(
            "--kind",
            action="append",
            default=[],
            choices=[kind.name for kind in IMPORTED],
            help=part.format("kind"),
        )
        parser.add_argument(
            "--decline",
            metavar="DIGEST",
            help="the changed ids that this plan proposes are not the same thing",
        )
        parser.add_argument(
            "--record",
            metavar="OLD_ID",
            action="append",
            default=[],
            help="with --decline: only this id (repeatable)",
        )
        parser.add_argument(
            "--except-removals",
            action="store_true",
            help="with --approve: take nothing away; the removals are set aside",
        )
        parser.add_argument(
            "--take-up", action="store_true", help="plan again what was set aside before"
        )

    def work(self, district: District, options: dict[str, Any]) -> int:
        self._check(options)
        if options["take_up"]:
            self.say(
                f"{take_up(district, by=self.actor)} lines that were set aside are planned again."
            )
        if options["decline"]:
            return self._decline(district, options)
        with canvas_client(district) as canvas, Bar(show=not self.as_json) as watch:
            common: dict[str, Any] = {
                "q": partial(q_client, district),
                "canvas": canvas,
                "actor": self.actor,
                "watch": watch,
            }
            if options["approve"] is not None:
                schools, kinds = (frozenset(options[name]) for name in ("school", "kind"))
                part = Part(schools, kinds, removals=not options["except_removals"])
                given = part if part != Part() else None
                run = approve(district, options["approve"].strip(), part=given, **common)
            else:
                run = provision(district, plan_only=options["plan_only"], **common)
        return self.report(run)

    def _decline(self, district: District, options: dict[str, Any]) -> int:
        digest, old_ids = options["decline"].strip(), set(options["record"])
        run = decline(district, digest, old_ids=old_ids, actor=self.actor)
        self.answer(run=run.pk, state="done", digest=run.plan_digest)
        self.say("Declined. The next run sends them as what is new, and what is gone.")
        return DONE

    def _check(self, options: dict[str, Any]) -> None:
        """Raises Usage. An empty digest comes of an empty shell variable, and means nothing."""
        approving = options["approve"] is not None
        if approving and not options["approve"].strip():
            raise Usage("--approve needs the digest of a plan.")
        if approving and (options["plan_only"] or options["take_up"]):
            raise Usage("--approve sends a stored plan; it goes with no --plan-only or --take-up.")
        if options["decline"] is not None and (approving or not options["decline"].strip()):
            raise Usage("--decline needs the digest of a plan, and goes with no --approve.")
        if options["record"] and options["decline"] is None:
            raise Usage("--record chooses of the ids that --decline is about.")
        if not approving and any(options[one] for one in ("school", "kind", "except_removals")):
            raise Usage(
                "--school, --kind and --except-removals choose a part of the plan that --approve "
                "names."
            )

    def report(self, run: Run) -> int:
        """Print what the run did; give the exit code."""
        findings = [finding.as_dict() for finding in findings_of(run)]
        self.answer(
            run=run.pk,
            state="failed" if run.state in UNFINISHED else run.state,
            digest=run.plan_digest,
            counts=run.counts,
            holds=run.holds,
            findings=findings,
            sent=run.sent,
        )
        self.say(table(run.counts, self.columns))
        for sent in run.sent.get("imports", []):
            self.say(f"SIS import {sent['id']}: {sent['rows']} rows, {sent['state']}")
        self._say_findings(findings)
        return self._say_state(run)

    def _say_findings(self, findings: list[dict[str, Any]]) -> None:
        if not findings:
            return
        listed = [finding for finding in findings if "more" not in finding]
        count = len(listed) + sum(finding.get("more", 0) for finding in findings)
        self.say(f"{count:,} findings:")
        for finding in listed[:SHOWN_FINDINGS]:
            place = " ".join(finding.get(name, "") for name in ("kind", "sourced_id", "field"))
            self.say(f"  {place.strip()}: {finding['reason']} {finding['remedy']}")
            if command := by_command(finding["code"]):
                self.say(f"    By command: {command}")
        if (rest := count - SHOWN_FINDINGS) > 0:
            self.say(f"  … and {rest:,} more (--json prints the first of each sort)")

    def _say_state(self, run: Run) -> int:
        # Unfinished: it stopped after something was sent, and the next run goes on with it.
        if run.state in (Run.State.FAILED, *UNFINISHED):
            self.complain(run.error)
            self.answer(error=run.error)
            return FAILED
        if run.state == Run.State.HELD:
            for hold in run.holds:
                self.say(f"Held: {sentence(Hold(**hold))}")
            self.say(f"Nothing was sent. To carry this plan out:\n  {self.to_carry_out(run)}")
            return HELD
        if any(hold["code"] == IDS_CHANGED for hold in run.holds):
            for hold in run.holds:
                self.say(f"Waits: {sentence(Hold(**hold))}")
            self.say(f"  {self.to_carry_out(run)} --kind change_sis_id")
        return self._say_refused(run)

    def _say_refused(self, run: Run) -> int:
        """Single refused rows wait for a person; where nothing at all was taken, it failed."""
        by_kind = refused_now(run)
        if not by_kind:
            return DONE
        self.answer(refused=by_kind)
        for kind, count in by_kind.items():
            self.say(f"Canvas refused {count:,} of the {kind}; the findings tell why.")
        refused = sum(by_kind.values())
        if refused < sum(sent["rows"] for sent in run.sent.get("imports", [])):
            return DONE
        nothing = Failure(
            f"Canvas refused all {refused} rows.", remedy="Read the findings: each says why."
        )
        self.complain(nothing.as_dict())
        self.answer(error=nothing.as_dict())
        return FAILED

    def to_carry_out(self, run: Run) -> str:
        """What to type next where a plan waits."""
        return f"manage.py provision {run.district.slug} --approve {run.plan_digest}"


def refused_now(run: Run) -> dict[str, int]:
    """Rows that this run sent and Canvas refused, by kind; not those of earlier nights."""
    refused = run.changes.filter(state=Change.State.REFUSED)
    return dict(refused.values_list("kind").annotate(count=Count("pk")).order_by("kind"))


def table(counts: dict[str, dict[str, int]], columns: tuple[str, ...] = COLUMNS) -> str:
    """The run's counts, a line for each kind of object."""
    lines = [" " * 14 + "".join(f"{name:>10}" for name in columns)]
    for kind, count in counts.items():
        lines.append(f"{kind:<14}" + "".join(f"{count.get(name, 0):>10}" for name in columns))
    return "\n".join(lines)
