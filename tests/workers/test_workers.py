"""Files are read in processes that can do nothing else."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import typing
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from workers.standing_in import stand_in

from asl_inspector.bundled_files import demo_files
from asl_inspector.case import recognising
from asl_inspector.case.records import Opened
from asl_inspector.checkpoints.opening import open_checkpoint as open_here
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.tensor_numbers import first_numbers
from asl_inspector.errors import InspectorError
from asl_inspector.mapped_file import MappedFile, MappedParts
from asl_inspector.progress import Cancelled, CancelToken
from asl_inspector.samples.records import Clips
from asl_inspector.workers import reading_process
from asl_inspector.workers.calling import Readers, open_checkpoint, open_file, request_for
from asl_inspector.workers.codecs import file_codec

POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and resource limits")


@pytest.fixture
def readers() -> Iterator[Readers]:
    found = Readers()
    yield found
    found.close()


@pytest.mark.parametrize("path", demo_files(), ids=lambda path: path.name)
def test_a_file_read_elsewhere_is_what_it_is_read_here(path: Path, readers: Readers) -> None:
    there, here = open_file(path, readers=readers), recognising.open_file(path)
    assert there.row == here.row
    assert not there.row.problem
    if isinstance(here.opened, Clips):
        assert isinstance(there.opened, Clips)
        assert there.opened.ids == here.opened.ids
        np.testing.assert_array_equal(there.opened.places.starts, here.opened.places.starts)
        assert there.opened.mapping == here.opened.mapping
        np.testing.assert_array_equal(there.opened.features(3), here.opened.features(3))
    else:
        assert there.opened == here.opened


def test_one_checkpoint_is_read_by_a_process_that_does_not_fork() -> None:
    path = next(path for path in demo_files() if path.suffix == ".pt")
    assert open_checkpoint(path)[1] == open_here(MappedFile(path))


def test_a_problem_comes_back_with_its_advice(tmp_path: Path, readers: Readers) -> None:
    page = tmp_path / "model.pt"
    page.write_text("<!DOCTYPE html><html><body>404</body></html>")
    row = open_file(page, readers=readers).row
    assert "web page" in row.problem
    assert row.advice == "Download the file itself."
    with pytest.raises(InspectorError, match="web page"):
        open_checkpoint(page)


def test_the_reader_survives_a_bad_file(tmp_path: Path, readers: Readers) -> None:
    bad = tmp_path / "bad.pkl"
    bad.write_bytes(pickle.dumps({"a": 1})[:-3])
    good = next(path for path in demo_files() if path.suffix == ".pt")
    assert open_file(bad, readers=readers).row.problem
    assert isinstance(open_file(good, readers=readers).opened, Checkpoint)


def test_odd_names_travel(tmp_path: Path, readers: Readers) -> None:
    odd = tmp_path / "weights “é” 'x' \udcff\n.json"
    try:
        odd.write_text('{"HELLO": 1, "BYE": 2}')
    except OSError:
        pytest.skip("the file system has no such names")
    assert open_file(odd, readers=readers).row.summary == "2 glosses"


def _run_armed(code: str) -> subprocess.CompletedProcess[str]:
    """Run code as a reader would be made to: limits set and tripwire armed."""
    start = "import json, os, socket, sys; from asl_inspector.workers import limits, tripwire; "
    armed = f"{start}limits.limit_this_process(); tripwire.arm(); {code}"
    return subprocess.run([sys.executable, "-c", armed], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("import colorsys", "import"),
        ("open('/etc/hostname')", "open"),
        ("os.open('/etc/hostname', os.O_RDONLY)", "open"),
        ("os.system('true')", "os.system"),
        ("os.listdir('/')", "os.listdir"),
        ("os.remove('nothing-here')", "os.remove"),
        ("os.fork()", "os.fork"),
        ("os.posix_spawn('/bin/true', ['true'], {})", "os.posix_spawn"),
        ("eval('1')", "exec"),
        ("exec('1')", "exec"),
        ("socket.socket()", "socket.__new__"),
        ("sys.addaudithook(print)", "sys.addaudithook"),
    ],
)
def test_the_tripwire_ends_the_process(code: str, event: str) -> None:
    ended = _run_armed(code)
    assert ended.returncode == 97
    assert ended.stderr.startswith(event)


@POSIX
def test_the_tripwire_ends_a_process_whose_errors_go_to_a_file(tmp_path: Path) -> None:
    code = "from asl_inspector.workers import limits, tripwire; limits.limit_this_process(); tripwire.arm()\n"
    code += "try:\n    import colorsys\nexcept OSError:\n    pass\n"
    with open(tmp_path / "errors", "wb") as errors:
        ended = subprocess.run([sys.executable, "-c", code], stderr=errors, timeout=60, check=False)
    assert ended.returncode == 97


def test_the_tripwire_lets_a_reader_work() -> None:
    ended = _run_armed("print(len(json.loads(json.dumps(list(range(9))))), id(sys) > 0)")
    assert (ended.returncode, ended.stdout) == (0, "9 True\n")


@POSIX
def test_without_the_tripwire_the_limits_still_hold(tmp_path: Path) -> None:
    code = (
        "import os, sys; from asl_inspector.workers import limits; limits.limit_this_process()\n"
        "try:\n    open('/etc/hostname')\nexcept OSError as error:\n    print(error.errno)\n"
        "try:\n    bytearray(2 << 30)\nexcept MemoryError:\n    print('no memory')\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout.split("\n")[:2] == ["24", "no memory"], ended.stderr


@POSIX
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("os.kill(os.getpid(), 11)", "ended unexpectedly (signal 11)"),
        ("os._exit(3)", "ended unexpectedly (exit status 3)"),
        ("os._exit(0)", "ended unexpectedly"),
        ("os._exit(97)", "reach for something outside"),
        ("os.kill(os.getpid(), 24)", "took more than"),
        ("raise MemoryError", "more than fits into the memory"),
        ("raise KeyError('x')", "an error of the program itself"),
    ],
)
@pytest.mark.parametrize("once", [True, False])
def test_whatever_ends_a_reader_becomes_a_sentence(
    body: str, words: str, once: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, body)
    path = tmp_path / "model.pt"
    path.write_bytes(b"x")
    readers = Readers(once=once)
    with pytest.raises(InspectorError) as caught:
        readers.open(request_for("checkpoint", MappedFile(path)), MappedFile(path), CancelToken())
    readers.close()
    assert words in str(caught.value)


@POSIX
def test_endless_reading_is_stopped_and_can_be_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "time.sleep(60)")
    path = tmp_path / "model.pt"
    path.write_bytes(b"x")
    cancel = CancelToken()
    threading.Timer(0.5, cancel.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        Readers().open(request_for("file", MappedFile(path)), MappedFile(path), cancel)
    assert time.monotonic() - started < 1.5
    monkeypatch.setattr(reading_process, "SECONDS_TO_READ", 0.3)
    with pytest.raises(InspectorError, match="was stopped"):
        Readers().open(request_for("file", MappedFile(path)), MappedFile(path), CancelToken())


@POSIX
def test_a_file_that_is_replaced_meanwhile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"A": 1}')
    file = MappedFile(path)
    (tmp_path / "b.json").write_text('{"B": 1}')
    (tmp_path / "b.json").rename(path)
    readers = Readers()
    with pytest.raises(InspectorError, match="was replaced"):
        readers.open(request_for("file", file), file, CancelToken())
    readers.close()


@POSIX
def test_closed_readers_leave_no_process(readers: Readers) -> None:
    open_file(demo_files()[0], readers=readers)
    (waiting,) = readers._waiting
    readers.close()
    with pytest.raises(ProcessLookupError):
        os.kill(waiting.process.pid, signal.SIGCONT)


def test_shards_are_opened_by_the_program_and_read_with_their_index(tmp_path: Path, readers: Readers) -> None:
    for number in (1, 2):
        save_file({f"layer.{number}.weight": np.full((2, 2), number, "f4")}, tmp_path / f"part-{number}.safetensors")
    homes = {"layer.1.weight": "part-1.safetensors", "layer.2.weight": "part-2.safetensors"}
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": homes | {"layer.3.weight": "../secret", "layer.4.weight": "gone"}}))
    for found, opened in (
        open_checkpoint(index),
        open_checkpoint(tmp_path),
        (lambda one: (one.file, one.opened))(open_file(index, readers=readers)),
    ):
        assert isinstance(found, MappedParts)
        assert isinstance(opened, Checkpoint)
        assert opened.path == found.path
        assert opened.status == "partly"
        assert opened.format == "sharded safetensors"
        second = next(one for one in opened.tensors if one.name == "layer.2.weight")
        assert first_numbers(second, found.view, 1) == [2.0]
        notes = " ".join(opened.notes)
        assert "“../secret” is no plain file name" in notes
        assert "“gone” is not here" in notes


def test_all_that_a_reader_can_find_may_travel() -> None:
    known = set(file_codec().types)
    for opened in typing.get_args(Opened):
        todo, seen = [opened], set()
        while todo:
            hint = todo.pop()
            todo += typing.get_args(hint)
            if isinstance(hint, type) and dataclasses.is_dataclass(hint) and hint not in seen:
                seen.add(hint)
                assert hint.__name__ in known
                todo += typing.get_type_hints(hint).values()
        assert seen
