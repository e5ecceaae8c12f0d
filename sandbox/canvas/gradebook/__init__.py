"""The gradebook of the local Canvas: assignments, submissions, grades, periods."""
