"""Many submissions side by side: the only place that knows of parallelism.

An `Executor` runs jobs wherever it runs them: in processes of this machine, or on the workers of a Dask cluster.
"""

from grader.batch.capacity import Capacity, capacity, processors_allowed
from grader.batch.cohort import Cohort, gather_all, grade_batch
from grader.batch.executor import Executor, Scheduler, run_jobs
from grader.batch.jobs import Job
from grader.batch.known import Known
from grader.batch.merge import Merged, merge
from grader.batch.plan import OnStart, Plan
from grader.batch.processes import LocalProcesses
from grader.batch.shards import Shard
from grader.batch.stored import Freed, Kept, forget, list_kept, prune

__all__ = [
    "Capacity",
    "Cohort",
    "Executor",
    "Freed",
    "Job",
    "Kept",
    "Known",
    "LocalProcesses",
    "Merged",
    "OnStart",
    "Plan",
    "Scheduler",
    "Shard",
    "capacity",
    "forget",
    "gather_all",
    "grade_batch",
    "list_kept",
    "merge",
    "processors_allowed",
    "prune",
    "run_jobs",
]
