"""A client for any OneRoster 1.1 provider: a pure core (parse, paging) and a thin transport."""
