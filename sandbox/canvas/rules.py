"""The rules of the local Canvas, by name: one sentence each."""

RULES: dict[str, str] = {}
