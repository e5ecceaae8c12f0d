"""What a Canvas holds, read from its provisioning report with plain requests."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from collections import defaultdict
from urllib.parse import urljoin

import requests

from tests.sandbox_process import Canvas

Rows = list[dict[str, str]]
KINDS = ("accounts", "terms", "courses", "sections", "users", "enrollments")


def signed_in(canvas: Canvas) -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {canvas.token}"
    return session


def held(canvas: Canvas) -> dict[str, Rows]:
    """{kind: rows with a SIS ID}, of everything that is not deleted."""
    session = signed_in(canvas)
    reports = f"{canvas.url}/api/v1/accounts/{canvas.account_id}/reports/provisioning_csv"
    form = {f"parameters[{kind}]": "1" for kind in KINDS}
    report = session.post(reports, data=form, timeout=30).json()
    while report["status"] not in ("complete", "error"):
        time.sleep(0.05)
        report = session.get(f"{reports}/{report['id']}", timeout=30).json()
    archive = session.get(
        urljoin(canvas.url, report["attachment"]["url"]), timeout=60, allow_redirects=True
    ).content
    tables: dict[str, Rows] = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        for name in files.namelist():
            text = io.TextIOWrapper(files.open(name), "utf-8-sig", newline="")
            kind = next(kind for kind in KINDS if kind in name)
            tables[kind] = [row for row in csv.DictReader(text) if row["status"] != "deleted"]
    return tables


def facts(canvas: Canvas) -> dict[str, object]:
    """The sets that `bundle_truth.Truth` gives, as this Canvas has them."""
    tables = held(canvas)
    users = ("user_id", "login_id", "first_name", "last_name", "email")
    return {
        "accounts": {(row["account_id"], row["name"]) for row in sis(tables, "accounts")},
        "terms": {row["name"] for row in sis(tables, "terms")},
        "users": {tuple(row[column] for column in users) for row in sis(tables, "users")},
        "sections": {(row["section_id"], row["name"]) for row in sis(tables, "sections")},
        "enrollments": {
            (row["section_id"], row["user_id"], row["role"])
            for row in tables["enrollments"]
            if row["section_id"] and row["status"] == "active"
        },
        "courses": courses(tables),
    }


def sis(tables: dict[str, Rows], kind: str) -> Rows:
    return [row for row in tables[kind] if row[f"{kind[:-1]}_id"]]


def courses(tables: dict[str, Rows]) -> set[frozenset[str]]:
    together: dict[str, set[str]] = defaultdict(set)
    for row in sis(tables, "sections"):
        together[row["course_id"]].add(row["section_id"])
    return {frozenset(sections) for sections in together.values()}


def hand_made(canvas: Canvas, files: dict[str, str]) -> None:
    """Another integration, or a person, imports these CSV files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(name, text)
    url = f"{canvas.url}/api/v1/accounts/{canvas.account_id}/sis_imports"
    upload = {"attachment": ("theirs.zip", archive.getvalue(), "application/zip")}
    made = signed_in(canvas).post(url, files=upload, timeout=30).json()
    while made["workflow_state"] in ("initializing", "created", "importing"):
        made = signed_in(canvas).get(f"{url}/{made['id']}", timeout=30).json()
    assert made["workflow_state"] == "imported", made


def imports(canvas: Canvas) -> Rows:
    url = f"{canvas.url}/api/v1/accounts/{canvas.account_id}/sis_imports?per_page=100"
    return signed_in(canvas).get(url, timeout=30).json()["sis_imports"]
