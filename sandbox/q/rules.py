"""The rules of the local Q, by name: one sentence each."""

RULES: dict[str, str] = {}
