"""As much of GraphQL's syntax as clients of Canvas write: operations, fields, arguments. Pure."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

_TOKEN: Final = re.compile(
    r'[\s,\ufeff]*(?:#[^\n]*\n[\s,]*)*(\.\.\.|"(?:[^"\\]|\\.)*"|[{}()\[\]:!=@$]'
    r"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z_]\w*)"
)
_DEEPEST: Final = 15


class Unreadable(Exception):
    """It is no GraphQL, or more of it than is understood here."""


@dataclass
class Field:
    """One field that is asked for: `name(arguments) { fields }`, shown as `alias`."""

    name: str
    alias: str
    arguments: dict[str, Any] = field(default_factory=dict)
    fields: list["Field"] = field(default_factory=list)


def read(query: str, variables: dict[str, Any]) -> tuple[str, list[Field]]:
    """The kind of the operation (query, mutation) and its fields. Raises Unreadable."""
    reader = _Reader(query, variables)
    kind = "query"
    if reader.next_is("query", "mutation"):
        kind = reader.take()
        if reader.peek() not in ("{", "("):
            reader.take()
        if reader.peek() == "(":
            reader.skip_definitions()
    return kind, reader.selection(0)


class _Reader:
    def __init__(self, query: str, variables: dict[str, Any]) -> None:
        self.tokens: list[str] = []
        self.variables = variables
        self.place = 0
        position, text = 0, query.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise Unreadable(f'Parse error on "{text[position : position + 10]}"')
            self.tokens.append(match[1])
            position = match.end()

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        if not token:
            raise Unreadable("Unexpected end of document")
        self.place += 1
        return token

    def next_is(self, *wanted: str) -> bool:
        return self.peek() in wanted

    def expect(self, wanted: str) -> None:
        if (token := self.take()) != wanted:
            raise Unreadable(f'Expected "{wanted}", actual: "{token}"')

    def skip_definitions(self) -> None:
        """`($id: ID! = 1)`: default values count where no variable was sent."""
        self.expect("(")
        while not self.next_is(")"):
            name = ""
            if self.take() == "$":
                name = self.take()
            while self.peek() not in ("$", ")", "="):
                self.take()
            if self.next_is("="):
                self.take()
                self.variables.setdefault(name, self.value())
        self.expect(")")

    def selection(self, depth: int) -> list[Field]:
        if depth > _DEEPEST:
            raise Unreadable(f"Query has depth of more than {_DEEPEST}")
        self.expect("{")
        found = []
        while not self.next_is("}"):
            found += self._field(depth)
        self.expect("}")
        return found

    def _field(self, depth: int) -> list[Field]:
        name = self.take()
        if name == "...":
            # Of an inline fragment the fields count, whatever its type.
            if self.next_is("on"):
                self.take()
                self.take()
            return self.selection(depth + 1)
        alias = name
        if self.next_is(":"):
            self.take()
            name = self.take()
        made = Field(name, alias)
        if self.next_is("("):
            self.take()
            while not self.next_is(")"):
                key = self.take()
                self.expect(":")
                made.arguments[key] = self.value()
            self.take()
        if self.next_is("{"):
            made.fields = self.selection(depth + 1)
        return [made]

    def value(self) -> Any:
        token = self.take()
        if token == "$":
            return self.variables.get(self.take())
        if token == "[":
            return self._list()
        if token == "{":
            return self._object()
        if token in ("true", "false", "null") or token[0] in '"-0123456789':
            return json.loads(token)
        return token

    def _list(self) -> list[Any]:
        items = []
        while not self.next_is("]"):
            items.append(self.value())
        self.take()
        return items

    def _object(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while not self.next_is("}"):
            key = self.take()
            self.expect(":")
            made[key] = self.value()
        self.take()
        return made
