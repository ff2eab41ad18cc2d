"""A Ray cluster, an existing one or one on this machine: every job is a Ray task, and scheduling and retries are Ray's.

A task runs in a worker process of Ray that keeps the data open from one task to the next, so a process opens the data
once. Checkpoints and data are read from paths that every node sees. A task asks for one CPU, and for a share of a GPU
where the cluster has any. Ray runs a task again elsewhere when its process or its node dies.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from asl_inspector.errors import DataError, InferenceError, InspectorError
from asl_inspector.inference.cores import limit_cores
from asl_inspector.progress import CancelToken
from asl_inspector.sweep.engines.lines import Failure, Opened, line_of, record_of
from asl_inspector.sweep.inspecting import Workbench
from asl_inspector.sweep.records import DataFacts, Job, Part, Setup

RETRIES = 3  # of a task whose process or node died
SECONDS_TO_HEAR = 0.2
SECONDS_TO_REACH = 5.0
MOST_WAITING = 1_000  # tasks that are handed over at a time, so that a cancelled sweep leaves few behind
GPU_SHARE = 0.25  # small networks use little of a GPU, and a job computes on the CPU for most of its time

_benches: dict[Setup, Workbench] = {}  # of this process of Ray


def _bench(setup: Setup) -> Workbench:
    if setup not in _benches:
        _benches.clear()
        limit_cores(setup.threads)
        _benches[setup] = Workbench(setup)
    return _benches[setup]


def _open(setup: Setup) -> bytes:
    """The data, seen from a worker; lines rather than records, so that Ray carries plain bytes."""
    try:
        return line_of(Opened(_bench(setup).facts()))
    except InspectorError as error:
        return line_of(Opened(failure=Failure(error.sentence, error.advice)))


def _inspect(setup: Setup, job: Job) -> bytes:
    try:
        bench = _bench(setup)
    except InspectorError as error:
        return line_of(Part(job.key, f"A node cannot open the data. {error.sentence}", error.advice, again=True))
    return line_of(bench.inspect(job))


class RayEngine:
    """Tasks of Ray.

    Args:
        address: Of the cluster ("auto", "ray://host:10001"), or None for the one that the environment names, else a new
            one on this machine.
        workers: Most tasks at a time, or None for what the cluster has.
        gpu_share: Of a GPU, for each task, where the cluster has GPUs and the device is not the CPU.

    Raises:
        InferenceError: If Ray is not installed.
    """

    def __init__(self, address: str | None = None, workers: int | None = None, gpu_share: float = GPU_SHARE) -> None:
        try:
            import ray
        except ImportError:
            raise InferenceError(
                "Ray is not installed here.", advice="pip install 'asl-inspector[cluster]', or use --engine local."
            ) from None
        self._ray: Any = ray
        self._address, self._workers, self._gpu_share = address, workers, gpu_share
        self._setup: Setup | None = None
        self._started = False
        self.resources: dict[str, float] = {}

    @property
    def described(self) -> str:
        """ "Ray: 64 CPUs, 8 GPUs"."""
        cpus, gpus = (int(self.resources.get(name, 0)) for name in ("CPU", "GPU"))
        return f"Ray: {cpus} CPU{'s' if cpus != 1 else ''}" + (
            f", {gpus} GPU{'s' if gpus != 1 else ''}" if gpus else ""
        )

    def open(self, setup: Setup, cancel: CancelToken) -> DataFacts:
        """Connect, and have a worker open the data.

        Raises:
            InspectorError: If there is no cluster at the address, or the data cannot be opened.
            Cancelled: If `cancel` was set.
        """
        self._connect()
        self._setup = setup if setup.threads else replace(setup, threads=1)
        asked = self._task(_open).remote(self._setup)
        while not self._ray.wait([asked], timeout=SECONDS_TO_HEAR)[0]:
            cancel.raise_if_cancelled()
        try:
            opened = record_of(Opened, self._ray.get(asked))
        except self._ray.exceptions.RayError as error:
            raise InferenceError("The cluster could not run the first task.", detail=str(error)) from None
        if opened.failure is not None or opened.data is None:
            told = opened.failure or Failure("The data cannot be opened.")
            raise DataError(told.sentence, advice=told.advice or "Every node must see the data under the same path.")
        return opened.data

    def _connect(self) -> None:
        ray = self._ray
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else a cluster begun here tells Ray's makers of itself
        if not ray.is_initialized():
            check_reachable(self._address)
            limit = {"num_cpus": self._workers} if self._workers and self._address is None else {}
            try:
                ray.init(address=self._address, log_to_driver=False, logging_level="error", **limit)
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise _no_cluster(self._address, error) from None
            self._started = True
        self.resources = ray.cluster_resources()

    def _task(self, function: Any) -> Any:
        assert self._setup is not None  # noqa: S101 - set before any task is made
        gpus = self._gpu_share if self.resources.get("GPU") and self._setup.device != "cpu" else 0
        return self._ray.remote(num_cpus=self._setup.threads or 1, num_gpus=gpus, max_retries=RETRIES)(function)

    def run(self, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Part]:
        """What each job found, as soon as it is known.

        Raises:
            Cancelled: If `cancel` was set; tasks under way are told to stop.
        """
        ray, task, shared = self._ray, self._task(_inspect), self._ray.put(self._setup)
        most = min(MOST_WAITING, self._workers or MOST_WAITING)
        waiting, under_way = iter(jobs), {}
        try:
            while True:
                for job in waiting:
                    under_way[task.remote(shared, job)] = job
                    if len(under_way) >= most:
                        break
                if not under_way:
                    return
                cancel.raise_if_cancelled()
                ended, _ = ray.wait(list(under_way), timeout=SECONDS_TO_HEAR)
                for reference in ended:
                    yield self._part(reference, under_way.pop(reference))
        finally:
            for reference in under_way:
                ray.cancel(reference, force=False)

    def _part(self, reference: Any, job: Job) -> Part:
        errors = self._ray.exceptions
        try:
            return replace(record_of(Part, self._ray.get(reference)), key=job.key)
        except errors.OutOfMemoryError:
            sentence = f"Memory ran out on the node that inspected “{job.path.name}”, {RETRIES + 1} times."
            return Part(job.key, sentence, "Use nodes with more memory.", again=True)
        except errors.RayError as error:
            kind = type(error).__name__
            sentence = f"The process or the node that inspected “{job.path.name}” died, {RETRIES + 1} times ({kind})."
            return Part(job.key, sentence, "The next sweep tries it again.", again=True)

    def close(self) -> None:
        """Leave the cluster; one that was started here ends with it."""
        if self._started:
            with contextlib.suppress(RuntimeError):
                self._ray.shutdown()
            self._started = False


def check_reachable(address: str | None) -> None:
    """Raise at once where nothing listens at a "host:port"; Ray itself would try for minutes.

    Raises:
        InferenceError: If nothing does.
    """
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), SECONDS_TO_REACH).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, error) from None


def _no_cluster(address: str | None, error: Exception) -> InferenceError:
    where = f"at “{address}”" if address else "on this machine"
    advice = "Check the address, or start a cluster with `ray start --head`."
    return InferenceError(f"There is no Ray cluster {where}.", advice=advice, detail=str(error))
