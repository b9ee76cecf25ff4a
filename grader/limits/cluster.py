"""Caps on what a batch waits for, and tries, on a cluster."""

from __future__ import annotations

CLUSTER_TIMEOUT_SECONDS = 30.0
"""How long the scheduler of a cluster, and then the first of its workers, is waited for."""

LOST_WORKERS = 3
"""So many workers may end while they have the same job, before it is tried alone and then blamed. Machines that are
taken back by chance rarely hit one job so often, and one that brings down its machine costs no more than four."""
