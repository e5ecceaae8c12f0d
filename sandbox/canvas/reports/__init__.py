"""Account reports: everything Canvas holds, as CSV."""
