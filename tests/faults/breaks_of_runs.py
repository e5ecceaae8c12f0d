"""What breaks a run that is disturbed: killed, doubled, left alone (F63–F83)."""

from __future__ import annotations

from tests.faults.breaks import Break

PROVISIONING = "integration/provisioning/"
APPLY = PROVISIONING + "apply.py"
RUN = PROVISIONING + "run.py"
TASKS = "integration/tasks.py"
LEASES = "integration/ledger/leases.py"
RUNS = "integration/ledger/runs.py"

BREAKS = [
    Break(
        "F63",
        APPLY,
        "if operation.attempts and (found := _look_for(ledger, canvas, operation, package)):",
        "if False:",
        "who begins again sends again",
    ),
    Break(
        "F64",
        "gradesync/carrying.py",
        "lists[settled.what].append(one)",
        "left.append(one)",
        "what was under way when the power went is given up",
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
        "F74",
        RUN,
        "    for interrupted in unfinished(district):",
        "    for interrupted in ():",
        "a night whose connection was lost is left where it stands, and sent again",
    ),
    Break(
        "F75",
        RUN,
        "    for interrupted in unfinished(district):",
        "    for interrupted in ():",
        "what a database that was away interrupted is sent again",
    ),
    Break(
        "F76",
        RUN,
        "    for interrupted in unfinished(district):",
        "    for interrupted in ():",
        "what a deadlock interrupted is sent again",
    ),
    Break(
        "F77",
        RUN,
        "    for interrupted in unfinished(district):",
        "    for interrupted in ():",
        "what a full disk interrupted is sent again",
    ),
    Break(
        "F78",
        LEASES,
        "    with transaction.atomic():\n        taken = Lease.objects.filter("
        "resource=resource, expires_at__lte=Now())",
        "    from django.utils import timezone\n\n    with transaction.atomic():\n"
        "        taken = Lease.objects.filter(resource=resource, expires_at__lte=timezone.now())",
        "a lease ends by the clock of whoever asks",
    ),
    Break(
        "F80",
        RUN,
        "if run.cursor not in steps:",
        "if False:",
        "a step of another version stops the worker",
    ),
    Break(
        "F81",
        "integration/migrations/0003_refusals.py",
        "    operations = [\n",
        "    operations = [\n        migrations.RunPython(lambda apps, editor: None),\n",
        "a migration cannot be taken back",
    ),
    Break(
        "F82",
        "integration/management/commands/migrate.py",
        "            transaction.atomic(using=self.connection.alias),\n",
        "",
        "a migration that was killed is half there, and the next one fails over it",
    ),
    Break(
        "F83",
        APPLY,
        "if operation.attempts and (found := _look_for(ledger, canvas, operation, package)):",
        "if False:",
        "a backup sends once more what was sent before",
    ),
    Break(
        "F87",
        "integration/account/words.py",
        "return sum(int(count.get(what, 0)) for count in run.counts.values())",
        "return max((int(count.get(what, 0)) for count in run.counts.values()), default=0) + 1",
        "a page tells another number than the ledger has",
    ),
    Break(
        "F88",
        "integration/alerts.py",
        "except (OSError, SMTPException) as error:",
        "except ZeroDivisionError as error:",
        "a mail server that is away stops the sweep",
    ),
]
