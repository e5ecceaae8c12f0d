"""The administrator's screens, one module for each."""
