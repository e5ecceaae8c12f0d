"""The local Q: a OneRoster 1.1 provider."""
