"""Where the guest's programs work."""

from __future__ import annotations

from grader.machine_paths import JOB_FOLDER_PREFIX
from grader.verification.guest_job import JOB, job_workspace


def test_a_folder_of_ones_own_is_not_taken_for_an_abandoned_job() -> None:
    """It holds no lock, which not every system has, and another grader on the machine would remove it."""
    with job_workspace(None) as place:
        assert (place / JOB).is_dir()
        assert not place.name.startswith(JOB_FOLDER_PREFIX)
    assert not place.exists()
