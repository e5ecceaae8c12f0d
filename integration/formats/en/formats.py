"""How days and times are written for people."""

DATE_FORMAT = "M j, Y"
TIME_FORMAT = "g:i A"
DATETIME_FORMAT = "D, M j, g:i A"
