"""What a probe found of Q."""

from __future__ import annotations

from gradesync.profile import Profile


def test_a_stored_probe_is_read_and_what_it_does_not_name_stays_careful():
    read = Profile.read({"title_limit": 30, "deletes_results": True, "tls": "1.3"})
    assert read == Profile(title_limit=30, deletes_results=True)
    assert not Profile.read({}).takes_not_submitted_without_score
