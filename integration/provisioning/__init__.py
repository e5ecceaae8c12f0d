"""Q becomes Canvas: pull, parse, map, diff, plan, apply, verify."""
