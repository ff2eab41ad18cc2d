"""Opens files as the program does, each in a process of its own, and tells what happened.

Run as a program: reads one path a line, and writes one line of JSON for each. The one process has the program imported
already. A forked child reads the file itself, as a reader does, and carries out `keys` on it: it has a time limit and a
limit of address space, and every file that it opens, every process and every connection that it starts is written down.
Then the file goes the way that it goes in the program, through a reader with its own limits and its tripwire.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asl_inspector.checkpoints.records import Checkpoint
    from asl_inspector.progress import CancelToken
    from asl_inspector.workers.calling import Readers

SECONDS = 40  # of processor time; of a clock ten times as much, so that a busy machine does not count against a file
LARGEST = 6 << 30
WATCHED = ("subprocess.", "os.exec", "os.fork", "os.system", "os.posix_spawn", "os.spawn", "socket.", "ctypes.", "pty.")
CHANGING = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.link", "os.truncate", "shutil.")


def _library_folders() -> tuple[str, ...]:
    here = Path(__file__).resolve().parents[2]
    return (sys.prefix, sys.base_prefix, str(here / "asl_inspector"), *(str(Path(p).resolve()) for p in sys.path if p))


class Watch:
    """What the child did beyond reading the one file."""

    def __init__(self, path: Path) -> None:
        self.beside = str(path.parent)
        self.done: list[str] = []
        self.libraries = _library_folders()
        self.active = True
        sys.addaudithook(self.heard)

    def heard(self, event: str, arguments: tuple[object, ...]) -> None:
        """One audit event."""
        if not self.active:
            return
        if event == "open":
            name = os.fspath(arguments[0]) if isinstance(arguments[0], str | bytes | os.PathLike) else ""
            text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
            writes = isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if text == tempfile.gettempdir():
                return  # a spool, which has no name
            if text and (writes or not text.startswith((self.beside, *self.libraries))):
                self.done.append(f"open {text}")
        elif event.startswith((*WATCHED, *CHANGING)):
            self.done.append(event)


def _tensor(record: object, content: object) -> dict[str, object]:
    from asl_inspector.checkpoints.records import TensorRecord
    from asl_inspector.checkpoints.tensor_numbers import first_numbers
    from asl_inspector.errors import UnreadableCheckpoint

    assert isinstance(record, TensorRecord)
    held: dict[str, object] = {
        "path": list(record.path),
        "dtype": record.dtype,
        "shape": list(record.shape),
        "trouble": record.trouble,
    }
    try:
        held["first"] = [repr(number) for number in first_numbers(record, content, 64)]  # type: ignore[arg-type]
    except UnreadableCheckpoint as error:
        held["trouble"] = error.sentence
    return held


MOST_TOLD = 1_200


def _start_nothing(*, once: bool) -> None:
    """In place of `workers.starting.start_reader`."""
    assert once


def _open_here(path: Path, *, cancel: CancelToken | None = None, started: None = None) -> tuple[Any, Checkpoint]:
    """As `workers.calling.open_checkpoint`, without the other process: this one is watched."""
    from asl_inspector.checkpoints.folders import index_of_folder
    from asl_inspector.checkpoints.opening import open_with_parts
    from asl_inspector.mapped_file import MappedFile

    is_folder = path.is_dir()
    return open_with_parts(MappedFile(index_of_folder(path) if is_folder else path), path=path if is_folder else None)


def open_by_reader(path: Path, readers: Readers) -> dict[str, object]:
    """What a reader tells of the file."""
    from asl_inspector.workers.calling import open_file

    opened = open_file(path, readers=readers)
    return {
        "problem": opened.row.problem,
        "kind": type(opened.opened).__name__,
        "calls": [run.call for run in opened.row.would_run],
    }


def _open(path: Path) -> dict[str, object]:
    """Through the program's two doors: a case, and the command line."""
    from asl_inspector import cli
    from asl_inspector.case.recognising import open_file
    from asl_inspector.checkpoints.records import Checkpoint
    from asl_inspector.errors import InspectorError
    from asl_inspector.workers import calling, starting

    started = time.process_time()
    opened = open_file(path)
    told: dict[str, object] = {
        "seconds": time.process_time() - started,
        "problem": opened.row.problem,
        "would_run": [[run.call, run.arguments[:500], run.offset] for run in opened.row.would_run],
        "kind": type(opened.opened).__name__,
    }
    file, checkpoint = opened.file, opened.opened
    if checkpoint is not None and not isinstance(checkpoint, Checkpoint):
        with contextlib.suppress(InspectorError):  # clips and vocabularies have keys as well, if they are asked for
            file, checkpoint = _open_here(path)
    if isinstance(checkpoint, Checkpoint) and file is not None:
        told["format"] = checkpoint.format
        told["status"] = checkpoint.status
        told["notes"] = list(checkpoint.notes)
        told["tensors"] = [_tensor(one, file.view) for one in checkpoint.tensors[:MOST_TOLD]]
        told["values"] = [
            [list(value.path), value.text] for value in checkpoint.values[:MOST_TOLD] if len(value.text) < 5_000
        ]
    del opened, file, checkpoint
    out, err = io.StringIO(), io.StringIO()
    started = time.process_time()
    calling.open_checkpoint = _open_here  # type: ignore[assignment]
    starting.start_reader = _start_nothing  # type: ignore[assignment]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        told["exit"] = cli.main(["keys", str(path), "--json", "--values", "3"])
    told["keys_seconds"] = time.process_time() - started
    text = out.getvalue()
    told["output_bytes"] = len(text)
    document = json.loads(text)
    told["keys_status"] = document["status"]
    told["keys_calls"] = [run["call"] for run in document["would_run"]]
    told["leak"] = "corpus-secret-7f3a" in text.replace(str(path), "") + err.getvalue()
    return told


def _child(path: Path, pipe: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    signal.alarm(10 * SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST, LARGEST))
    watch = Watch(path)
    try:
        told = _open(path)
    except BaseException as error:
        told = {"crash": f"{type(error).__name__}: {str(error)[:300]}", "where": traceback.format_exc()[-1_500:]}
    watch.active = False
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told["did"] = watch.done[:20]
    with os.fdopen(pipe, "w", encoding="utf-8", errors="surrogatepass") as out:
        json.dump(told, out)


def open_in_child(path: Path) -> dict[str, object]:
    """What happened when the file was opened; `crash` where the process did not end in good order."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(path, writing)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="surrogatepass") as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return {"crash": f"killed by {signal.Signals(os.WTERMSIG(status)).name}", "did": []}
    held: dict[str, object] = json.loads(text)
    return held


if __name__ == "__main__":
    import asl_inspector.case.recognising
    import asl_inspector.checkpoints.tensor_numbers
    import asl_inspector.cli
    import asl_inspector.report.keys_json
    import asl_inspector.report.keys_text  # noqa: F401
    from asl_inspector.workers.calling import Readers
    from asl_inspector.workers.serving import _load

    _load(["hdf5", "arrow"])  # as a reader does before it opens a file that needs them
    tempfile.gettempdir()  # which tries whether it can write there, once
    every = Readers()
    for line in sys.stdin:
        asked = Path(json.loads(line))
        print(json.dumps({**open_in_child(asked), "reader": open_by_reader(asked, every)}), flush=True)
    every.close()
