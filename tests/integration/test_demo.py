"""The demo and the sandbox, from their first command on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from functools import partial

import pytest
import requests

from tests.sandbox_process import ROOT


def manage_py(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=os.environ | {"DEBUG": "1", "LOG_LEVEL": "WARNING"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_demo_ends_with_a_synced_course_and_says_where_to_look(tmp_path):
    database = f"sqlite:///{tmp_path}/demo.sqlite3"
    assert manage_py("migrate", DATABASE_URL=database).returncode == 0
    data = ROOT / "tests" / "data" / "school-small.zip"
    ended = manage_py("demo", "--once", f"--data={data}", DATABASE_URL=database)
    assert ended.returncode == 0, ended.stderr
    assert "imported" in ended.stdout
    graded = re.search(r"^(\d+) scores of (\d+) students in 12 assignments", ended.stdout, re.M)
    sent = re.search(r"^result +(\d+)", ended.stdout, re.M)
    assert graded and sent, ended.stdout
    # All that was graded, but for what is worth no points.
    assert int(graded[1]) - int(graded[2]) <= int(sent[1]) > int(graded[2])
    assert "grades are in Q. Where to look:" in ended.stdout
    assert "manage.py register_platform demo" in ended.stdout
    assert "q-secret" not in ended.stdout.replace("--q-secret", "")


@pytest.mark.parametrize(
    "ending", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.prove)]
)
def test_the_demo_serves_the_tool_until_it_is_ended_and_takes_all_with_it(tmp_path, ending):
    database = {"DATABASE_URL": f"sqlite:///{tmp_path}/demo.sqlite3"}
    assert manage_py("migrate", **database).returncode == 0
    with subprocess.Popen(
        [sys.executable, "-u", "manage.py", "demo", "--students=12"],
        cwd=ROOT,
        env=os.environ | {"DEBUG": "1", "LOG_LEVEL": "WARNING"} | database,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        # Whoever runs the tests in the background may have Ctrl-C ignored, and children with it.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as demo:
        assert demo.stdout
        told = ""
        while "Ctrl-C ends." not in told:
            line = demo.stdout.readline()
            assert line, told
            told += line
        act_as = re.search(r"http\S+/act-as", told)
        assert act_as
        assert 'data-part="teacher"' in requests.get(act_as[0], timeout=30).text
        demo.send_signal(ending)
        demo.stdout.read()
        demo.wait(60)
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.pid, 0)


def test_a_bundle_that_is_none_ends_the_sandbox_with_a_sentence(tmp_path):
    (tmp_path / "users.csv").write_text("this,is,no,bundle\n")
    ended = manage_py("sandbox", f"--data={tmp_path}", "--q-port=0", "--canvas-port=0")
    assert ended.returncode == 1
    assert "manifest" in ended.stderr
