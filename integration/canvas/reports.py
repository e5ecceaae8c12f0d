"""The provisioning report: all that Canvas holds of a kind, as CSV, in one download."""

from collections.abc import Callable, Collection
from pathlib import Path

from integration.canvas import parse
from integration.canvas.downloads import MAX_DOWNLOAD_BYTES, fetch, unpack
from integration.canvas.errors import ReportFailed
from integration.canvas.polling import interval, wait
from integration.canvas.transport import Transport
from integration.canvas.types import Report

REPORT = "provisioning_csv"
COMPLETE = "complete"
FAILED = frozenset({"error", "aborted", "deleted"})
GIVE_UP_SECONDS = 3 * 3600.0


def provisioning_report(
    transport: Transport,
    account_path: str,
    kinds: Collection[str],
    *,
    directory: Path,
    include_deleted: bool,
    on_progress: Callable[[Report], None] | None,
    every: Callable[[float], float] = interval,
    give_up_after: float = GIVE_UP_SECONDS,
) -> dict[str, Path]:
    """`directory`/<kind>.csv for each of `kinds`."""
    directory.mkdir(parents=True, exist_ok=True)
    path = f"{account_path}/reports/{REPORT}"
    form = {f"parameters[{kind}]": "1" for kind in sorted(kinds)}
    if include_deleted:
        form["parameters[include_deleted]"] = "true"
    # A second report costs Canvas some work and changes nothing, so a lost answer is asked again.
    started = transport.json(transport.send("POST", path, form=form, retry=True))
    report_id = parse.report(parse.mapping(started)).id
    report = wait(
        lambda: parse.report(parse.mapping(transport.get(f"{path}/{report_id}"))),
        is_over=lambda report: report.status == COMPLETE or report.status in FAILED,
        sleep=transport.sleep,
        give_up_after=give_up_after,
        gave_up=lambda report: ReportFailed(f"The report is still “{report.status}”"),
        on_progress=on_progress,
        every=every,
    )
    if report.status != COMPLETE:
        raise ReportFailed(f"Canvas's report ended as “{report.status}”")
    download = directory / "report.tmp"
    try:
        fetch(transport, report.urls, download, max_bytes=MAX_DOWNLOAD_BYTES)
        return unpack(download, directory, kinds)
    finally:
        for leftover in directory.glob("*.tmp"):
            leftover.unlink()
