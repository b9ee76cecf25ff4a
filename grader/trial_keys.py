"""What trainings that were repeated with edits depend on, and whether all that hints ask for were.

They are kept as long as the evidence, the data sets, the environment and the code that repeats them are the same: other
rubrics read the same trials, and have those that they ask for besides made once.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.judging.registry import checks_digest
from grader.records import Trials, digest
from grader.stage_keys import StageKeys


@dataclass(frozen=True)
class TrialKeys:
    """The trials of one submission under given settings."""

    keys: StageKeys

    def stored(self) -> Trials:
        """The trials of this evidence that this code made; others do not count."""
        stored, of = self.keys.task.folder.read_trials(), self._of
        return stored if stored is not None and stored.of == of else Trials(of=of)

    def are_due(self) -> bool:
        """Whether hints are asked for, and it is not known that every edit was tried that could fix something."""
        return self.keys.settings.gives_hints and self.stored().settled != self._settled

    def keep(self, trials: Trials, *, settled: bool) -> None:
        """Writes trials.

        Args:
            trials: All of this evidence.
            settled: Whether nothing is left to try.
        """
        self.keys.task.folder.write(trials.model_copy(update={"settled": self._settled if settled else ""}))

    @property
    def _of(self) -> str:
        settings, judged = self.keys.settings, self.keys.judged
        return digest(
            [
                judged["schema_version"],
                judged["evidence"],
                {file.name: file.fingerprint for file in settings.data_sets.files},
                settings.environment.digest,
                self.keys.code.trials,
            ]
        )

    @property
    def _settled(self) -> str:
        """What decides which edits are tried."""
        settings = self.keys.settings
        return digest([self.keys.judged, settings.rubric_digest, checks_digest(settings.rubric.course_checks)])
