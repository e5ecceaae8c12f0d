"""`python -m sandbox`: a local Q and a local Canvas in one process, for people and for tests."""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

USAGE_ERROR = 64
STUDENTS = 100

DESCRIPTION = """\
A local Q (a OneRoster 1.1 provider) and a local Canvas, with invented people.
Listens on 127.0.0.1 only. When ready, prints one line of JSON: addresses, key, secret, token."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a number from 0 up, not {text!r}")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = _Parser("python -m sandbox", description=DESCRIPTION, allow_abbrev=False)
    first = made.add_mutually_exclusive_group()
    first.add_argument(
        "--data", type=Path, metavar="DIR_OR_ZIP", help="load Q from a OneRoster 1.1 CSV bundle"
    )
    first.add_argument(
        "--students",
        type=_count,
        metavar="N",
        help=f"load Q with an invented district of N students; 0: none (default {STUDENTS})",
    )
    made.add_argument("--seed", type=int, default=1, metavar="N", help="another N, other people")
    _where(made)
    made.add_argument(
        "--home",
        type=Path,
        metavar="DIR",
        help="keep both databases here and start from what is there; "
        "without it, a temporary directory is used and removed at the end",
    )
    made.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="RULE",
        help="break a rule on purpose, to see that a test notices; may be given again",
    )
    made.add_argument(
        "--quirk",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="let Q deviate as some providers do; may be given again",
    )
    made.add_argument(
        "--exit-with-parent", action="store_true", help="end when standard input is closed"
    )
    return made


def _where(made: argparse.ArgumentParser) -> None:
    """Ports, names and certificate."""
    made.add_argument("--q-port", type=int, default=0, metavar="P", help="0 (default): any free")
    made.add_argument("--canvas-port", type=int, default=0, metavar="P", help="likewise")
    made.add_argument("--sso-port", type=int, default=0, metavar="P", help="Canvas's sign-in host")
    made.add_argument(
        "--canvas-host", default="127.0.0.1", metavar="NAME", help="what Canvas is called by"
    )
    made.add_argument(
        "--sso-host", default="", metavar="NAME", help="its sign-in host (default: the same)"
    )
    made.add_argument("--issuer", default="", metavar="URL", help="of launches (default: Canvas)")
    made.add_argument(
        "--certificate", default="", metavar="PEM", help="serve all by TLS, with this and its key"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop. Exit 0: told to; 1: could not begin; 64: wrong usage."""
    options = parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.exit_with_parent:
        threading.Thread(target=_wait_for_parent, args=(stop,), daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="sandbox-", ignore_cleanup_errors=True) as temporary:
        home = options.home or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        os.environ["SANDBOX_HOME"] = str(home.resolve())
        os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
        return _run(options, stop)


def _wait_for_parent(stop: threading.Event) -> None:
    # os.read, because a thread waiting in sys.stdin would hold its lock while Python ends.
    while os.read(0, 4096):
        pass
    stop.set()


def _run(options: argparse.Namespace, stop: threading.Event) -> int:
    import django

    django.setup()
    from sandbox import rules
    from sandbox.bundle import BundleRefused
    from sandbox.q import quirks

    try:
        rules.switch_off(options.without)
    except KeyError as error:
        known = "\n  ".join(sorted(rules.RULES))
        _tell(f"There is no rule {error}. The rules are:\n  {known}")
        return USAGE_ERROR
    try:
        quirks.start_with(dict(_quirk(each) for each in options.quirk))
    except quirks.Unusable as error:
        _tell(str(error))
        return USAGE_ERROR
    try:
        ready, servers = _start(options)
    except (BundleRefused, OSError) as error:
        _tell(f"The sandbox could not start: {error}")
        return 1
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    _tell(f"Q:      {ready['q']['pages']}\nCanvas: {ready['canvas']['pages']}\nCtrl-C ends both.")
    stop.wait()
    for server in servers:
        server.shutdown()
        server.server_close()
    return 0


def _quirk(text: str) -> tuple[str, Any]:
    """`NAME`, or `NAME=VALUE` with the value as JSON or plain."""
    name, equals, value = text.partition("=")
    try:
        return name, json.loads(value) if equals else True
    except ValueError:
        return name, value


def _start(options: argparse.Namespace) -> tuple[dict[str, Any], list[Any]]:
    """Both servers, answering, with their data in place; and the ready line."""
    from django.core.wsgi import get_wsgi_application

    from sandbox import control, router
    from sandbox.canvas import start as canvas
    from sandbox.q import planted
    from sandbox.q import start as q
    from sandbox.server import Server

    servers = [
        Server("q", options.q_port, options.certificate),
        Server("canvas", options.canvas_port, options.certificate, options.canvas_host),
        Server(
            "canvas",
            options.sso_port,
            options.certificate,
            options.sso_host or options.canvas_host,
        ),
    ]
    for server in servers:
        router.create_tables(server.name)
        server.set_app(get_wsgi_application())
    origins = [server.origin for server in servers]
    ready = {
        "q": q.prepare(origins[0]),
        "canvas": canvas.prepare(origins[1], origins[2], options.issuer),
    }
    control.load_from(_source(options))
    if q.is_empty():
        _tell(f"Q holds {control.fill():,} records.")
    else:
        planted.replant()
    for server in servers:
        server.serve()
    return ready, servers


def _source(options: argparse.Namespace) -> Any:
    """Where Q's first records come from, to be called each time they are wanted."""
    from sandbox.bundle import iter_bundle
    from sandbox.generate import district, with_categories

    if options.data:
        return lambda: with_categories(iter_bundle(options.data))
    students = STUDENTS if options.students is None else options.students
    return (lambda: district(students, options.seed)) if students else None


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
