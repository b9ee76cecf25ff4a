"""Jobs on the workers of a Dask cluster, which need no folder of ours: what they read and write travels as bytes.

Each thread of a worker is given one job at a time, by its worker's address. Where Dask chooses, jobs queue up behind
others on one worker while another has none, and whoever kills it takes innocent ones along.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import Any

import dask
from distributed import Client, KilledWorker, Security

from grader.batch.dask_work import Wanted, prepare, release, work
from grader.batch.executor import Scheduler
from grader.batch.jobs import Job
from grader.batch.orders import Order, Orders
from grader.batch.parcels import data_of, keep_result, pack
from grader.errors import MachineError, UnwritableError, UsageError
from grader.limits import CLUSTER_TIMEOUT_SECONDS
from grader.task import OnProgress, Progress, Settings

_POLL_SECONDS = 1.0
_INTERRUPTED = "The batch was interrupted."
_DISCONNECTED = "The connection to the scheduler was lost, and could not be made again."


@contextmanager
def dask_cluster(scheduler: Scheduler, settings: Settings) -> Iterator[DaskCluster]:
    """A cluster whose workers are ready, for as long as the context lasts.

    Args:
        scheduler: Of the cluster.
        settings: Of the jobs that it will get.

    Raises:
        UsageError: There are no certificates for an encrypted connection.
        MachineError: The scheduler cannot be reached, or has no worker that can be used.
    """
    # Notebooks and data sets are what Dask calls a large graph, and are sent on purpose.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 PB"}), _connected(scheduler) as client:
        cluster = DaskCluster(client, settings, scheduler=scheduler)
        try:
            cluster.await_workers()
            yield cluster
        finally:
            cluster.close()


class DaskCluster:
    """An `Executor` on the workers of a cluster; see `dask_cluster`."""

    def __init__(self, client: Any, settings: Settings, *, scheduler: Scheduler) -> None:
        self._client, self._scheduler = client, scheduler
        own_checks = [spec.name for spec in settings.rubric.course_checks]
        self._wanted, self._data_paths = Wanted.of(settings.sandbox, own_checks), data_of(settings)
        self._data: dict[str, Any] = {}
        self._topic = f"grader-{uuid.uuid4().hex}"
        self._listeners: dict[str, OnProgress] = {}
        client.subscribe_topic(self._topic, self._told)
        self._orders = Orders()
        self._changed = threading.Condition()
        self._asked: dict[str, Any] = {}
        self._threads: dict[str, int] = {}
        self._unused: dict[str, str] = {}
        self._is_over = False
        self._closed = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="cluster", daemon=True)

    @property
    def threads(self) -> int:
        """How many jobs the workers can do at a time."""
        with self._changed:
            return sum(self._threads.values())

    def submit(self, job: Job, *, on_progress: OnProgress) -> Future[str]:
        """Queues a job; see `Executor`."""
        order = Order(job=job)
        self._listeners[job.task.id] = on_progress
        self._orders.add(order)
        return order.outcome

    def cancel(self) -> None:
        """Starts no further job; workers end those that run as soon as they hear of it."""
        self._take_back(order.sent for order in self._orders.end(_INTERRUPTED))

    def close(self) -> None:
        """Lets the workers go."""
        self._closed.set()
        self.cancel()
        if self._watching.is_alive():
            self._watching.join()
        if self._client.status == "running":
            self._client.run(release, self._topic, on_error="ignore")

    def await_workers(self) -> None:
        """Waits until each worker that is there has said whether it can be used.

        Raises:
            MachineError: There is none that can be.
        """
        self._watching.start()
        with self._changed:
            # Again where the only one was lost meanwhile: a nanny starts another.
            while self._changed.wait_for(lambda: self._asked, timeout=CLUSTER_TIMEOUT_SECONDS):
                self._changed.wait_for(self._have_all_told)
                if self._asked:
                    break
            if self._threads:
                return
            told = [f"{address}: {why}" for address, why in self._unused.items()]
        raise MachineError(
            f"--scheduler {self._scheduler.address}: it has no worker that can be used. {' '.join(told)}".strip(),
            expected="Workers with a sandbox; there and on the scheduler the packages and the grader of this machine.",
            fix="Start them so, see docs/scale.md.",
        )

    def _have_all_told(self) -> bool:
        return self._is_over or self._asked.keys() <= self._threads.keys() | self._unused.keys()

    def _told(self, event: tuple[float, Mapping[str, Any]]) -> None:
        # Beside what was said stands which worker said it.
        progress = Progress(**event[1]["progress"])
        listener = self._listeners.get(progress.task_id)
        if listener is not None:
            listener(progress)

    def _sent(self, function: Callable[..., Any], *arguments: object, place: str | None = None) -> Any:
        """A task of its own, for one worker where that is named."""
        workers = None if place is None else [place]
        return self._client.submit(function, *arguments, workers=workers, pure=False, retries=0)

    def _take_back(self, sent: Iterable[Any]) -> None:
        """Cancels tasks; who waits for them hears of it."""
        tasks = [task for task in sent if task is not None]
        if tasks and self._client.status == "running":
            self._client.cancel(tasks, force=True)

    # Workers come and go ----------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        try:
            while not self._closed.wait(_POLL_SECONDS if self._asked else 0.1):
                try:
                    present = self._client.nthreads()
                except Exception:  # noqa: BLE001 - whatever there was, the client itself tries to connect again
                    present = None
                if self._client.status in {"closing", "closed"}:
                    return
                if present is not None:
                    self._compare(present)
        finally:
            # Nobody would hear of a worker that is lost from here on.
            self._orders.end(_DISCONNECTED)
            with self._changed:
                self._is_over = True
                self._changed.notify_all()

    def _compare(self, present: Mapping[str, int]) -> None:
        """Gets workers ready that are new, and has others do what lost ones had."""
        with self._changed:
            gone = self._asked.keys() - present.keys()
            new = {address: self._asked_of(address) for address in present if address not in self._asked}
            self._asked |= new
            self._changed.notify_all()
        self._lose(gone)
        for address, asked in new.items():
            threading.Thread(target=self._open, args=(address, present[address], asked), daemon=True).start()

    def _lose(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            with self._changed:
                asked = self._asked.pop(address, None)
                was_used = self._threads.pop(address, None) is not None
                self._unused.pop(address, None)
                is_none_left = not self._threads
                self._changed.notify_all()
            self._take_back([asked, *(order.sent for order in self._orders.close(address))])
            if was_used:
                more = "none is left, and the batch waits for one" if is_none_left else "others do what it was doing"
                self._scheduler.on_notice(f"The worker {address} was lost; {more}.")

    def _asked_of(self, address: str) -> Any:
        """The task that gets a worker ready; it has the data sets from another that has them already."""
        for name, path in self._data_paths.items():
            if name not in self._data or self._data[name].cancelled():
                # As what a task comes to: where the worker that holds it ends, it is there again at once.
                self._data[name] = self._sent(bytes, path.read_bytes())
        return self._sent(prepare, self._topic, self._wanted, self._data, place=address)

    def _open(self, address: str, count: int, asked: Any) -> None:
        """Uses a worker once it is ready, if it can be used."""
        try:
            why = str(asked.result())
        except (CancelledError, KilledWorker):
            self._lose([address])
            return
        except Exception as error:  # noqa: BLE001 - such as of a worker without grader
            why = f"it cannot get ready: {type(error).__name__}: {' '.join(str(error).split())}"[:1000]
        with self._changed:
            if self._asked.get(address) is not asked:
                return
            if why:
                self._unused[address] = why
            else:
                self._threads[address] = count
                self._orders.open(address)
            self._changed.notify_all()
        if why:
            self._scheduler.on_notice(f"The worker {address} is not used: {why}")
            return
        for number in range(count):
            threading.Thread(target=self._serve, args=(address,), name=f"{address} {number}", daemon=True).start()

    # Jobs -------------------------------------------------------------------------------------------------------------

    def _serve(self, address: str) -> None:
        """Gives one job after another to a thread of a worker."""
        while (order := self._orders.next(address)) is not None:
            why: str | UnwritableError | None
            try:
                why = self._attempt(order, address)
            except (CancelledError, KilledWorker):
                why = None
            except UnwritableError as error:
                why = error
            except Exception as error:  # noqa: BLE001 - whatever fails is one submission's reason
                is_connected = self._client.status == "running"
                why = f"The cluster failed on this submission: {error!r}"[:1000] if is_connected else None
            if why is not None:
                self._listeners.pop(order.job.task.id, None)
            self._orders.settle(order, why)
            if why is None:
                self._closed.wait(_POLL_SECONDS)

    def _attempt(self, order: Order, address: str) -> str | None:
        """Why a job failed, empty where it did not; None where it was lost with its worker.

        Raises:
            CancelledError: Likewise.
            UnwritableError: What it left cannot be kept.
        """
        task = order.sent = self._sent(work, pack(order.job), self._topic, place=address)
        try:
            if not self._orders.is_at(address):
                return None
            answer = task.result()
        finally:
            order.sent = None
            task.release()
        if answer is None:
            # It was started again meanwhile, at the same address.
            self._lose([address])
            return None
        why, result = answer
        if result:
            keep_result(result, order.job.task.folder)
        return str(why)


@contextmanager
def _connected(scheduler: Scheduler) -> Iterator[Any]:
    security = _security(scheduler)
    try:
        client = Client(scheduler.address, security=security, set_as_default=False, timeout=CLUSTER_TIMEOUT_SECONDS)
    except (OSError, TimeoutError, ValueError, RuntimeError, TypeError) as error:
        raise MachineError(
            f"--scheduler {scheduler.address}: it cannot be reached ({error}).",
            expected="The address of a running Dask scheduler, such as tcp://host:8786 or tls://host:8786.",
            fix="Start it, see docs/scale.md, or check the address and the certificates.",
        ) from error
    with client:
        yield client


def _security(scheduler: Scheduler) -> Any:
    """With the certificates that were given, else those of Dask's own configuration."""
    security = (
        Security()
        if scheduler.ca is None
        else Security(
            tls_ca_file=str(scheduler.ca),
            tls_client_cert=str(scheduler.cert),
            tls_client_key=str(scheduler.key),
            require_encryption=True,
        )
    )
    if scheduler.address.startswith("tls://") and security.tls_ca_file is None:
        raise UsageError(
            f"--scheduler {scheduler.address}: there are no certificates.",
            expected="--tls-ca, --tls-cert and --tls-key, or distributed.comm.tls in Dask's own configuration.",
            fix="Give them.",
        )
    return security
