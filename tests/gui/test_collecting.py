"""Garbage is collected where widgets live."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from asl_inspector.gui.collecting import Collector


@pytest.fixture
def collector() -> Iterator[Collector]:
    parent = QObject()
    yield Collector(parent)
    parent.deleteLater()


class Cycle:
    """Garbage that only the collector finds, and that notes the thread in which it goes."""

    def __init__(self, seen: list[threading.Thread]) -> None:
        self.me = self
        self.seen = seen

    def __del__(self) -> None:
        self.seen.append(threading.current_thread())


def test_garbage_of_a_worker_is_collected_by_the_thread_of_the_window(qtbot: QtBot, collector: Collector) -> None:
    seen: list[threading.Thread] = []
    kept: list[list[object]] = []

    def work() -> None:
        for _ in range(20):
            Cycle(seen)
        kept.extend([] for _ in range(5_000))  # as many as would have made the collector run here

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert not gc.isenabled()
    assert not seen
    qtbot.waitUntil(lambda: len(seen) == 20, timeout=5_000)
    assert set(seen) == {threading.main_thread()}


def test_nothing_is_collected_where_nothing_is_due(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(gc, "collect", asked.append)
        patched.setattr(gc, "get_count", lambda: (0, 0, 0))
        collector.collect_due()
        assert asked == []
        patched.setattr(gc, "get_count", lambda: (10_000, 50, 0))
        collector.collect_due()
        assert asked == [1]
