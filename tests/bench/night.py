"""One provisioning run against a page server, without Canvas: read, validate, map, diff, plan.

    python -m tests.bench.night --url … --token-url … --first     a first night, accepted
    python -m tests.bench.night --url … --token-url …             the night after

A process of its own, so that its memory and seconds are only its own. Prints one line of JSON.
The database is the one that DATABASE_URL names; `--first` makes its tables.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from integration.oneroster.decoder import Decoder

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration.settings")


def main(words: list[str]) -> int:
    options = _options(words)
    import django

    django.setup()
    from django.core.management import call_command

    if options.first:
        call_command("migrate", verbosity=0)
    told = night(options.url, options.token_url, page_size=options.page_size, first=options.first)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(told | {"peak_mb": own + told["helpers_mb"]}))
    return 0


def night(
    url: str, token_url: str, *, page_size: int, first: bool, decoder: Decoder | None = None
) -> dict[str, Any]:
    """Plan one night, and accept all of it if it is the first."""
    from integration.http import Http
    from integration.ledger.leases import held
    from integration.ledger.runs import Ledger
    from integration.ledger.share import share_of
    from integration.models import District, ProvisioningPolicy, QConnection
    from integration.oneroster.client import OneRosterClient, Settings
    from integration.provisioning import outcome
    from integration.provisioning.adoption import Claims
    from integration.provisioning.plan import Planner, rules_of
    from integration.provisioning.plan_lines import counts_of
    from integration.provisioning.read import Source
    from integration.provisioning.rows import KINDS
    from integration.provisioning.run import open_run

    district, _ = District.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
    how = {"token_url": token_url, "page_size": page_size, "concurrency": 4}
    client = OneRosterClient(
        Http(allow_private=[url.split("/")[2]]),
        Settings(url, "oauth2", "key", "secret", **how),
        decoder=decoder,
    )
    with held("bench") as fence, client:
        ledger = Ledger.take(open_run(district, actor="bench"), fence)
        share = share_of(ledger, QConnection(district=district, concurrency=4), client)
        source = Source(client, ledger, share=share)
        started, worked = time.perf_counter(), time.process_time()
        planner = Planner(ledger, source, rules_of(policy, "America/Chicago"), Claims)
        planner.plan()
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - worked
        for kind in KINDS if first else ():
            outcome.confirm(ledger.run, kind)
        counts = counts_of(ledger.run, planner.seen)
        helpers = _peak_of_children()
    sends = ("added", "changed", "removed")
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "records": sum(source.received.values()),
        "planned": sum(kind.get(what, 0) for kind in counts.values() for what in sends),
        "counts": counts,
        "helpers_mb": helpers,
    }


def _peak_of_children() -> float:
    """MB that processes started by this one held at most, together.

    Asked of each while it lives: `getrusage` counts to a child what its parent held when it began.
    """
    lists = Path("/proc/self/task").glob("*/children")
    pids = [pid for each in lists for pid in each.read_text().split()]
    told = "".join(Path(f"/proc/{pid}/status").read_text() for pid in pids)
    return sum(map(int, re.findall(r"VmHWM:\s*(\d+) kB", told))) / 1024


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token-url", required=True)
    parser.add_argument("--page-size", type=int, default=1_000)
    parser.add_argument("--first", action="store_true")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
