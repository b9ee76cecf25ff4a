"""Runs other people's programs so that nothing else notices."""

from grader.execution.sandbox.choice import SandboxChoice
from grader.execution.sandbox.detection import Detection, Property, detect
from grader.execution.sandbox.interpreter import Interpreter, interpreter_of, own_interpreter
from grader.execution.sandbox.job import Ending, Excess, Job, Limits, SandboxError, Usage
from grader.execution.sandbox.mechanism import Sandbox, unprotected
from grader.execution.sandbox.process import Sandboxed

__all__ = [
    "Detection",
    "Ending",
    "Excess",
    "Interpreter",
    "Job",
    "Limits",
    "Property",
    "Sandbox",
    "SandboxChoice",
    "SandboxError",
    "Sandboxed",
    "Usage",
    "detect",
    "interpreter_of",
    "own_interpreter",
    "unprotected",
]
