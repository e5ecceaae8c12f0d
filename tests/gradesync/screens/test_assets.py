"""What the pages load is ours, pinned, and small."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

STATIC = Path(__file__).parents[3] / "static"


def test_htmx_is_the_file_that_its_readme_names():
    told = (STATIC / "vendor" / "README.md").read_text()
    name = re.search(r"htmx-[0-9.]+\.min\.js", told)
    digest = re.search(r"[0-9a-f]{64}", told)
    assert name and digest
    held = (STATIC / "vendor" / name[0]).read_bytes()
    assert hashlib.sha256(held).hexdigest() == digest[0]


def test_what_every_page_loads_stays_small():
    assets = [STATIC / "qsync.css", STATIC / "qsync.js", *(STATIC / "vendor").glob("*.js")]
    assert sum(len(gzip.compress(one.read_bytes())) for one in assets) < 40_000


def test_the_module_of_ours_stays_small():
    assert len(gzip.compress((STATIC / "qsync.js").read_bytes())) < 6_000
