"""Jobs: long work that outlives requests, processes and crashes.

Answers   who asked for what, how far it is, what came of it; which worker runs it
Inputs    forms (what may be asked for) and kinds (what carries it out), both given by the faces
Promises  an accepted job is not lost; one worker runs it at a time; a killed worker's job begins
          again elsewhere from what it remembered; a worker that lost a job changes nothing
Tables    jobs, job_files, job_workers; the queue itself is kept by DBOS beside them
Workers   `assay.kit.jobs.worker` and `engine` load DBOS; nothing else here does before it must
"""

from assay.kit.jobs.queue import Jobs, delete_old, describe_job, erase_account, list_for_export
from assay.kit.jobs.types import (
    Interruption,
    JobContext,
    JobFile,
    JobFiles,
    JobForm,
    JobKind,
    JobQuery,
    JobRecord,
    JobState,
    JobTotals,
)

__all__ = [
    "Interruption",
    "JobContext",
    "JobFile",
    "JobFiles",
    "JobForm",
    "JobKind",
    "JobQuery",
    "JobRecord",
    "JobState",
    "JobTotals",
    "Jobs",
    "delete_old",
    "describe_job",
    "erase_account",
    "list_for_export",
]
