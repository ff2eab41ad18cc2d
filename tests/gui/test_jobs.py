"""Jobs end exactly once, stale ones are silent, errors are not swallowed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from asl_inspector.errors import DataError
from asl_inspector.gui.jobs import Jobs, Publish
from asl_inspector.progress import CancelToken, Progress, Step
from asl_inspector.report.contents import Problem


class Heard:
    """Everything that `Jobs` said, in order."""

    def __init__(self, jobs: Jobs) -> None:
        self.events: list[tuple[object, ...]] = []
        for name in ("progressed", "published", "succeeded", "failed", "cancelled"):
            getattr(jobs, name).connect(lambda *values, name=name: self.events.append((name, *values)))

    def names(self) -> list[object]:
        return [event[0] for event in self.events]


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.cancel_all()
    qtbot.waitUntil(lambda: jobs.is_idle, timeout=5_000)


def test_a_result_arrives_once_with_progress_before_it(jobs: Jobs, qtbot: QtBot) -> None:
    heard = Heard(jobs)

    def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
        assert threading.current_thread() is not threading.main_thread()
        progress(Step("working", 1, 2))
        publish("first")
        return 42

    with qtbot.waitSignal(jobs.idle):
        jobs.start("lane", work)
    assert heard.events == [
        ("progressed", "lane", Step("working", 1, 2)),
        ("published", "lane", "first"),
        ("succeeded", "lane", 42),
    ]


@pytest.mark.parametrize("error", [RuntimeError("CUDA out of memory"), ValueError("shape"), KeyError("x")])
def test_any_error_of_a_library_fails_the_job_and_never_hangs_it(
    jobs: Jobs, qtbot: QtBot, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard(jobs)

    def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
        raise error

    with qtbot.waitSignal(jobs.idle):
        jobs.start("lane", work)
    ((name, lane, problem),) = heard.events
    assert (name, lane) == ("failed", "lane")
    assert isinstance(problem, Problem)
    assert type(error).__name__ in problem.detail
    assert "a job failed" in caplog.text
    caplog.clear()


def test_an_error_of_ours_keeps_its_sentence(jobs: Jobs, qtbot: QtBot) -> None:
    heard = Heard(jobs)

    def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
        raise DataError("It is empty.", advice="Fetch it again.")

    with qtbot.waitSignal(jobs.idle):
        jobs.start("lane", work)
    assert heard.events == [("failed", "lane", Problem("It is empty.", "Fetch it again."))]


def waits(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
    while not cancel.is_cancelled:
        threading.Event().wait(0.005)
    cancel.raise_if_cancelled()
    return None


def test_cancelling_is_an_outcome(jobs: Jobs, qtbot: QtBot) -> None:
    heard = Heard(jobs)
    with qtbot.waitSignal(jobs.idle):
        jobs.start("lane", waits)
        assert jobs.is_running("lane")
        jobs.cancel("lane")
    assert heard.names() == ["cancelled"]
    assert not jobs.is_running("lane")


def test_a_newer_job_of_the_lane_silences_the_older(jobs: Jobs, qtbot: QtBot) -> None:
    heard = Heard(jobs)
    with qtbot.waitSignal(jobs.idle):
        jobs.start("lane", waits)
        jobs.start("lane", lambda progress, cancel, publish: "new")
    assert heard.events == [("succeeded", "lane", "new")]


def test_a_job_that_ignores_its_cancellation_is_still_silenced(jobs: Jobs, qtbot: QtBot) -> None:
    heard = Heard(jobs)
    release = threading.Event()

    def stubborn(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
        release.wait(5)
        return "old"

    with qtbot.waitSignal(jobs.idle):
        jobs.start("lane", stubborn)
        jobs.start("lane", lambda progress, cancel, publish: "new")
        release.set()
    assert heard.events == [("succeeded", "lane", "new")]


def test_lanes_do_not_disturb_each_other(jobs: Jobs, qtbot: QtBot) -> None:
    heard = Heard(jobs)
    with qtbot.waitSignal(jobs.idle):
        jobs.start("one", lambda progress, cancel, publish: 1)
        jobs.start("two", lambda progress, cancel, publish: 2)
    assert sorted(heard.events) == [("succeeded", "one", 1), ("succeeded", "two", 2)]  # type: ignore[type-var]


def test_progress_is_thinned_to_twenty_a_second(jobs: Jobs, qtbot: QtBot) -> None:
    heard = Heard(jobs)

    def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
        for done in range(10_000):
            progress(Step("x", done, 10_000))
        return None

    with qtbot.waitSignal(jobs.idle):
        jobs.start("lane", work)
    assert heard.names().count("progressed") < 20
