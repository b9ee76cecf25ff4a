"""Faults and equivalents derived from a reference: a rubric's checks must catch the ones and leave the others alone."""

from grader.reference.mutation.changes import Mutant
from grader.reference.mutation.deriving import Derived, derive
from grader.reference.mutation.scoring import MutationResult, run_mutants
from grader.reference.mutation.showing import mutation_markdown, mutation_table, mutation_text

__all__ = [
    "Derived",
    "Mutant",
    "MutationResult",
    "derive",
    "mutation_markdown",
    "mutation_table",
    "mutation_text",
    "run_mutants",
]
