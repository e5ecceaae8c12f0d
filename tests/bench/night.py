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
import resource
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration.settings")


def main(words: list[str]) -> int:
    options = _options(words)
    import django

    django.setup()
    from django.core.management import call_command

    from integration.http import Http
    from integration.ledger.leases import held
    from integration.ledger.runs import Ledger
    from integration.models import District, ProvisioningPolicy
    from integration.oneroster.client import OneRosterClient, Settings
    from integration.provisioning import outcome
    from integration.provisioning.adoption import Claims
    from integration.provisioning.plan import Planner, rules_of
    from integration.provisioning.plan_lines import counts_of
    from integration.provisioning.read import Source
    from integration.provisioning.rows import KINDS
    from integration.provisioning.run import open_run

    if options.first:
        call_command("migrate", verbosity=0)
    district, _ = District.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
    client = OneRosterClient(
        Http(allow_private=[options.url.split("/")[2]]),
        Settings(
            options.url,
            "oauth2",
            "key",
            "secret",
            token_url=options.token_url,
            page_size=options.page_size,
            concurrency=4,
        ),
    )
    with held("bench") as fence, client:
        ledger = Ledger.take(open_run(district, actor="bench"), fence)
        source = Source(client, ledger)
        started = time.perf_counter()
        rules = rules_of(policy, "America/Chicago")
        planner = Planner(ledger, source, rules, Claims)
        planner.plan()
        seconds = time.perf_counter() - started
        if options.first:
            for kind in KINDS:
                outcome.confirm(ledger.run, kind)
        counts = counts_of(ledger.run, planner.seen)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "records": sum(source.received.values()),
                "planned": sum(
                    count
                    for kind in counts.values()
                    for what, count in kind.items()
                    if what in ("added", "changed", "removed")
                ),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "counts": counts,
            }
        )
    )
    return 0


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token-url", required=True)
    parser.add_argument("--page-size", type=int, default=1_000)
    parser.add_argument("--first", action="store_true")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
