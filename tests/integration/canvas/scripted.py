"""A scripted Canvas on loopback, and a time that only passes when somebody sleeps."""

import json
import re
import socket
import threading
from collections import defaultdict

from werkzeug import Response


class Time:
    """A clock that stands still until somebody sleeps; threads share it."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []
        self._lock = threading.Lock()

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


class ScriptedCanvas:
    """Answers each path with what was scripted for it, in turn; the last answer stays."""

    def __init__(self, server):
        self.url = server.url_for("").rstrip("/")
        self.host = f"{server.host}:{server.port}"
        self.requests = []
        self._scripts = defaultdict(list)
        self._lock = threading.Lock()
        server.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    def on(self, path, *answers, method="GET"):
        """`path` with a query answers only that query, and comes before the one without."""
        self._scripts[method, path].extend(answers)

    def json(self, data, status=200, **headers):
        return self.bytes(json.dumps(data).encode(), status, "application/json", **headers)

    def bytes(self, body, status=200, kind="text/plain", **headers):
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda request: Response(body, status, spelled, content_type=kind)

    def error(self, status, message, **headers):
        return self.json({"errors": [{"message": message}]}, status, **headers)

    def expired(self):
        realm = 'Bearer realm="canvas-lms"'
        return self.error(401, "Invalid access token.", WWW_Authenticate=realm)

    def too_fast(self, **headers):
        return self.bytes(b"403 Forbidden (Rate Limit Exceeded)\n", 403, **headers)

    def hang_up(self):
        """The connection ends where the answer should begin."""

        def answer(request):
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return Response()

        return answer

    def page(self, records, following=None):
        link = {"Link": f'<{self.url}{following}>; rel="next"'} if following else {}
        return self.json(records, **link)

    def asked(self, path):
        return [request for request in self.requests if request.path == path]

    def _answer(self, request):
        request.get_data()
        with self._lock:
            self.requests.append(request)
            full = f"{request.path}?{request.query_string.decode()}"
            script = self._scripts.get((request.method, full))
            script = script or self._scripts.get((request.method, request.path))
            if not script:
                return self.error(404, "The specified resource does not exist.")(request)
            answer = script.pop(0) if len(script) > 1 else script[0]
        return answer(request)
