"""`python -m sandbox`, as a person or a test starts it."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import requests
import trustme

from tests.sandbox_process import ROOT, Sandbox, SandboxDidNotStart, running_sandbox

DATA = ROOT / "tests" / "data"


def get(url: str, method: str = "GET") -> bytes:
    request = urllib.request.Request(url, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def records(sandbox: Sandbox, query: str = "") -> int:
    return json.loads(get(f"{sandbox.q.pages}sandbox/reset{query}", "POST"))["records"]


def said_on_the_way_out(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "sandbox", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr


def test_the_ready_line_tells_where_both_are(sandbox):
    assert sandbox.q.url.endswith("/ims/oneroster/v1p1")
    assert sandbox.q.key
    assert sandbox.q.secret
    assert sandbox.canvas.url.startswith("http://127.0.0.1:")
    assert sandbox.canvas.token


def test_canvas_has_a_sign_in_host_of_its_own_and_is_its_own_issuer(sandbox):
    assert sandbox.canvas.sso.startswith("http://127.0.0.1:")
    assert sandbox.canvas.sso != sandbox.canvas.url
    assert sandbox.canvas.issuer == sandbox.canvas.url


def test_it_serves_by_tls_under_a_name_and_an_issuer_that_it_is_told(tmp_path):
    authority = trustme.CA()
    certificate, trusted = tmp_path / "all.pem", tmp_path / "authority.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    authority.cert_pem.write_to_path(trusted)
    told = ("--certificate", str(certificate), "--canvas-host", "canvas.test")
    issuer = "https://canvas.instructure.com"
    with running_sandbox("--students", "0", *told, "--issuer", issuer) as sandbox:
        assert sandbox.canvas.url.startswith("https://canvas.test:")
        assert sandbox.canvas.issuer == issuer
        reached = sandbox.canvas.url.replace("canvas.test", "127.0.0.1")
        page = requests.get(f"{reached}/act-as", verify=trusted, timeout=60)
        assert 'data-part="teacher"' in page.text
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(reached, timeout=60)
        assert requests.get(sandbox.q.pages, verify=trusted, timeout=60).status_code == 200


def test_what_was_asked_can_be_read_afterwards(sandbox):
    last = json.loads(get(f"{sandbox.q.pages}sandbox/log"))["requests"][-1:]
    with pytest.raises(urllib.error.HTTPError):
        get(f"{sandbox.q.pages}nowhere?client_secret=s3cret&x=1")
    since = last[0]["number"] if last else 0
    entry = json.loads(get(f"{sandbox.q.pages}sandbox/log?since={since}"))["requests"][0]
    assert entry["path"] == "/nowhere?client_secret=***&x=1"
    assert (entry["method"], entry["status"]) == ("GET", 404)


def test_the_log_can_be_emptied(sandbox):
    get(f"{sandbox.canvas.pages}sandbox/log", "DELETE")
    assert json.loads(get(f"{sandbox.canvas.pages}sandbox/log")) == {"requests": []}


def test_a_bundle_is_loaded_and_loaded_again_on_reset():
    with running_sandbox("--data", str(DATA / "school-small.zip")) as sandbox:
        assert records(sandbox, "?empty=1") == 0
        assert records(sandbox) == 789


def test_a_kept_home_is_not_loaded_twice(tmp_path):
    for loaded in (True, False):
        home = ["--home", str(tmp_path), "--students", "10"]
        command = [sys.executable, "-m", "sandbox", "--exit-with-parent", *home]
        done = subprocess.run(command, cwd=ROOT, input="", capture_output=True, text=True)
        assert done.returncode == 0
        assert ("Q holds" in done.stderr) is loaded


def test_it_ends_when_its_parent_does():
    command = [sys.executable, "-m", "sandbox", "--students", "0", "--exit-with-parent"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(60) == 0


def test_it_ends_cleanly_when_told_to():
    with running_sandbox("--students", "0") as sandbox:
        sandbox.process.terminate()
        assert sandbox.process.wait(60) == 0


def test_an_unknown_rule_is_wrong_usage_and_the_rules_are_listed():
    code, said = said_on_the_way_out("--without", "q.no-such-rule")
    assert code == 64
    assert "q.page-clamp" in said


@pytest.mark.parametrize("wrong", [["--student"], ["--seed", "x"], ["--students", "-1"]])
def test_wrong_usage_exits_64(wrong):
    assert said_on_the_way_out(*wrong)[0] == 64


def test_a_bundle_that_is_none_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "manifest.csv").write_text("propertyName,wert\n")
    code, said = said_on_the_way_out("--data", str(tmp_path))
    assert code == 1
    assert "manifest.csv, line 1, column 2: expected value, found wert" in said


def test_a_port_that_is_taken_is_told(sandbox):
    port = sandbox.q.pages.rsplit(":", 1)[1].strip("/")
    with (
        pytest.raises(SandboxDidNotStart, match="could not start"),
        running_sandbox("--q-port", port),
    ):
        pass


def test_the_home_of_a_sandbox_without_one_is_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running_sandbox("--students", "0"):
        homes = list(Path(tmp_path).glob("sandbox-*"))
        assert len(homes) == 1
    assert not homes[0].exists()
