"""The instructor's screens: what they show is read from our own tables, never asked for."""
