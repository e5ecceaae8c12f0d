"""Server time of the teacher's pages: a course of 150 students and 40 assignments.

python -m tests.bench.screens
"""

from __future__ import annotations

import sys

from tests.bench.pages import Figures, by_itself, measured, measured_by

STUDENTS, ASSIGNMENTS, ROUNDS, AIM = 150, 40, 20, 200


def measure() -> Figures:
    print(f"Screens: {STUDENTS} students, {ASSIGNMENTS} assignments", flush=True)
    return measured_by(__name__, ("home", "preview", "result"), rounds=ROUNDS, aim=AIM)


def _figures() -> Figures:
    from tests.gradesync.screens.conftest import district
    from tests.gradesync.screens.stage import room

    stage = district("bench")
    run = stage.plan(room(ASSIGNMENTS, STUDENTS))
    visit = stage.visit()

    def page(name: str, path: str) -> Figures:
        return measured(name, lambda: visit.get(path), rounds=ROUNDS)

    figures = page("home", "") | page("preview", f"previews/{run.pk}/")
    stage.carry_out(run)
    return figures | page("result", f"runs/{run.pk}/")


if __name__ == "__main__":
    sys.exit(by_itself(_figures))
