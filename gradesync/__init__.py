"""Grade passback, Canvas to Q, and the instructor's screens."""
