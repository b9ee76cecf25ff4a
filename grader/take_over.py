"""Takes over what a run left for another submission with the same notebook and the same files beside it.

The two differ in whose they are, which is no part of what a run depends on.
"""

from __future__ import annotations

from dataclasses import replace

from grader.stage_keys import StageKeys
from grader.store import write_atomically


def take_over(keys: StageKeys) -> bool:
    """Takes over evidence and measurements of a submission with the same notebook, where they hold.

    Args:
        keys: Of the submission that is to be executed.

    Returns:
        Whether it is executed by that.

    Raises:
        UnwritableError: The submission's folder cannot be written.
    """
    task, source = keys.task, keys.task.equal_run
    if source is None:
        return False
    of_source = replace(keys, task=replace(task, folder=source, equal_run=None))
    stored, evidence = source.read_key("execution"), source.read_evidence()
    if stored is None or evidence is None or of_source.execution_is_due():
        return False
    folder = task.folder
    folder.arrays.take(stored.get("arrays", {}), source.arrays)
    write_atomically(folder.executed_notebook, source.executed_notebook.read_bytes())
    own = evidence.model_copy(update={"submission": task.id, "file_name": task.file_name})
    folder.write(own)
    keys.keep_execution(own, ran_at_full_size=stored.get("full_size") is not None)
    measured, measurements = source.read_key("verification"), source.read_measurements()
    if measured is not None and measurements is not None and not of_source.verification_is_due():
        folder.arrays.take(measured.get("arrays", {}), source.arrays)
        measurements = measurements.model_copy(update={"submission": task.id})
        folder.write(measurements)
        keys.keep_verification(measurements)
        if not of_source.replay_is_due():
            keys.keep_replays(measurements.replays)
    return True
