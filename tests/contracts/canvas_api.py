"""Plain HTTP to a Canvas, for the contract tests: no client of ours in between."""

import io
import time
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import requests

from tests.sandbox_process import Canvas

TIMEOUT = 60
PATIENCE_SECONDS = 600
RUNNING = {"initializing", "created", "importing", "cleanup_batch"}

Json = dict[str, Any]


class Api:
    """A Canvas with a token in hand. In what is sent, `@` is a word no other test uses.

    An at sign is written `(at)`.
    """

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.root = f"{canvas.url}/api/v1"
        self.account = f"accounts/{canvas.account_id}"
        self.word = f"ct{uuid.uuid4().hex[:10]}"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {canvas.token}"

    def id(self, text: str) -> str:
        return text.replace("@", self.word).replace("(at)", "@")

    def ask(self, method: str, path: str, **values: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.root}/{self.id(path)}"
        return self.session.request(method, url, timeout=TIMEOUT, **values)

    def get(self, path: str, **parameters: object) -> Any:
        answer = self.ask("GET", path, params=parameters)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def put(self, path: str, **form: object) -> Any:
        answer = self.ask("PUT", path, data=form)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def post(self, path: str, **form: object) -> Any:
        answer = self.ask("POST", path, data=form)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def all(self, path: str, **parameters: object) -> list[Json]:
        """A list to its end, following the links."""
        return [item for page in self.pages(path, **parameters) for item in page.json()]

    def pages(self, path: str, **parameters: object) -> Iterator[requests.Response]:
        answer = self.ask("GET", path, params=parameters)
        while True:
            assert answer.status_code == 200, answer.text[:300]
            yield answer
            if "next" not in answer.links:
                return
            answer = self.ask("GET", answer.links["next"]["url"])

    def begin(self, *files: str | tuple[str, str], **options: object) -> Json:
        """Start an import of these files (their text, or name and text), zipped."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for number, file in enumerate(files):
                name, text = file if isinstance(file, tuple) else (f"file{number}.csv", file)
                archive.writestr(name, self.id(text))
        form = {name: str(value).lower() for name, value in options.items()}
        attachment = {"attachment": (f"{self.word}.zip", packed.getvalue(), "application/zip")}
        answer = self.ask("POST", f"{self.account}/sis_imports", data=form, files=attachment)
        assert answer.status_code == 200, answer.text[:300]
        return dict(answer.json())

    def send(self, *files: str | tuple[str, str], **options: object) -> Json:
        """Import these files and wait for the end of it."""
        return self.finished(self.begin(*files, **options))

    def sent_well(self, *files: str | tuple[str, str], **options: object) -> Json:
        """The same, and nothing was complained of."""
        done = self.send(*files, **options)
        assert done["workflow_state"] == "imported", done.get("processing_warnings", done)
        return done

    def finished(self, begun: Json) -> Json:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            found = self.get(f"{self.account}/sis_imports/{begun['id']}")
            if found["workflow_state"] not in RUNNING:
                return dict(found)
            time.sleep(0.03)
        raise AssertionError(f"import {begun['id']} did not end")

    def school(self) -> None:
        """A course C with a section S, a student U and a teacher T."""
        self.sent_well(
            course("@C"), section("@S"), users("@U", "@T"), enrollments("@S,@U,student,active")
        )

    def users(self, name: str = "@U") -> Json:
        return dict(self.get(f"users/sis_user_id:{name}"))

    def login(self, name: str = "@U") -> Json:
        """The login of the user with this SIS id."""
        (found,) = self.get(f"users/sis_user_id:{name}/logins")
        return dict(found)

    def course(self, name: str = "@C") -> Json:
        return dict(self.get(f"courses/sis_course_id:{name}"))

    def section(self, name: str = "@S") -> Json:
        return dict(self.get(f"sections/sis_section_id:{name}"))

    def enrolled(self, where: str = "sections/sis_section_id:@S", **filters: object) -> list[Json]:
        return self.all(f"{where}/enrollments", **filters)

    def report(self, kind: str, **parameters: object) -> requests.Response:
        """The download of a report."""
        asked = {f"parameters[{name}]": str(value) for name, value in parameters.items()}
        path = f"{self.account}/reports/{kind}"
        begun = self.post(path, **asked)
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            found = self.get(f"{path}/{begun['id']}")
            if found["status"] == "complete":
                return requests.get(found["attachment"]["url"], timeout=TIMEOUT)
            assert found["status"] in {"created", "running", "compiling"}, found
            time.sleep(0.03)
        raise AssertionError("the report did not end")


def messages(done: Json) -> list[str]:
    """What an import complained of in rows."""
    return [text for _, text in done.get("processing_warnings", [])]


def course(sis_id: str, columns: str = "", values: str = "", status: str = "active") -> str:
    """courses.csv with one course and further columns."""
    return (
        f"course_id,short_name,long_name,status{columns and ',' + columns}\n"
        f"{sis_id},{sis_id},Course {sis_id},{status}{columns and ',' + values}"
    )


def section(sis_id: str, columns: str = "", values: str = "", of: str = "@C") -> str:
    """sections.csv with one section and further columns."""
    return (
        f"section_id,course_id,name,status{columns and ',' + columns}\n"
        f"{sis_id},{of},Section {sis_id},active{columns and ',' + values}"
    )


def user(sis_id: str, columns: str = "", values: str = "", login: str = "") -> str:
    """users.csv with one person and further columns."""
    return (
        f"user_id,login_id,full_name,status{columns and ',' + columns}\n"
        f"{sis_id},{login or sis_id},Ada {sis_id},active{columns and ',' + values}"
    )


def users(*sis_ids: str) -> str:
    rows = "\n".join(f"{each},{each},Ada {each},active" for each in sis_ids)
    return f"user_id,login_id,full_name,status\n{rows}"


def enrollments(*rows: str) -> str:
    return "\n".join(["section_id,user_id,role,status", *rows])
