"""An invented district of any size: believable, streamed, and the same for the same seed.

First what all schools share, then school by school whatever its enrollments refer to, so that
references lead backwards and no more than a school is held in memory. References are shared
between records; treat them as read-only.
"""

from sandbox.invented.district import YEAR, District


def district(students: int, seed: int, year: int = YEAR) -> District:
    """Yield (collection, record) of a district with exactly `students` students.

    `year` is the calendar year in which its school year begins.
    """
    return District(students, seed, year)
