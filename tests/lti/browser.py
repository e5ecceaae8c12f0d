"""A browser without scripts, over real HTTP: it keeps cookies and follows nothing by itself."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.lti.platform import Platform


@dataclass
class Page:
    """An answer as it came."""

    status: int
    headers: list[tuple[str, str]]
    text: str
    url: str

    def header(self, name: str) -> str:
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())

    @property
    def set_cookies(self) -> list[str]:
        return [value for key, value in self.headers if key.lower() == "set-cookie"]

    @property
    def location(self) -> str:
        return self.header("location")

    @property
    def query(self) -> dict[str, str]:
        """Of where it sends us."""
        found = parse_qs(urlsplit(self.location).query, keep_blank_values=True)
        return {name: values[0] for name, values in found.items()}

    @property
    def fields(self) -> dict[str, str]:
        """The hidden fields of its forms."""
        found = {}
        for tag in re.findall(r"<input[^>]*>", self.text):
            pairs = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
            if "name" in pairs:
                found[pairs["name"]] = html.unescape(pairs.get("value", ""))
        return found

    @property
    def heading(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        return html.unescape(found[1]).strip() if found else ""


@dataclass
class Browser:
    """`url`: where the tool is."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)
    keeps_cookies: bool = True
    # What it put into the platform's storage.
    storage: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Page:
        return self.request("GET", path, headers=headers)

    def post(
        self,
        path: str,
        fields: Mapping[str, str] | list[tuple[str, str]],
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        return self.request("POST", path, urlencode(fields), headers)

    def request(
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        parts = urlsplit(self.url)
        sent: dict[str, Any] = {"Host": parts.netloc}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        sent |= dict(headers or {})
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            connection.request(method, _path(path), body=body, headers=sent)
            answer = connection.getresponse()
            page = Page(answer.status, answer.getheaders(), answer.read().decode(), path)
        finally:
            connection.close()
        if self.keeps_cookies:
            self._keep(page)
        return page

    def get_login(self, platform: Platform, **changes: str | None) -> dict[str, str]:
        """Begin a sign-in; gives what the tool asks the platform for."""
        page = self.post("/lti/login/", platform.login(**changes))
        assert page.status == 302, page.text
        return page.query

    def follow(self, page: Page) -> Page:
        """Go where it sends us."""
        while page.status in (301, 302, 303):
            page = self.get(page.location)
        return page

    def _keep(self, page: Page) -> None:
        for line in page.set_cookies:
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0]
            if "max-age=0" in rest.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
