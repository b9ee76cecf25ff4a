"""Many submissions side by side: the only place that knows of parallelism.

An `Executor` runs jobs wherever it runs them; the first one, in processes of this machine.
"""

from grader.batch.cohort import Cohort, OnStart, gather_all, grade_batch
from grader.batch.executor import Executor, run_jobs
from grader.batch.jobs import Job
from grader.batch.known import Known
from grader.batch.processes import LocalProcesses

__all__ = ["Cohort", "Executor", "Job", "Known", "LocalProcesses", "OnStart", "gather_all", "grade_batch", "run_jobs"]
