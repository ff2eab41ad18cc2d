"""Exports killed at random moments: `python killed_exports.py FOLDER KILLS SEED`. Prints what it found as JSON.

A process that has an inspection ready forks; the child writes the same files over and over, the parent kills it after
a random time and looks at every file. An even kill goes through the whole export, an odd one through the writing of
known bytes and of a case alone, so that many fall into the short moment of writing.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from makers import make_run

from asl_inspector.case_files.reading import read_case
from asl_inspector.engine.saved_cases import kept_view, save
from asl_inspector.inspection import Inspector
from asl_inspector.report.exporting import KINDS, content_of, export
from asl_inspector.report.writing import write_atomically

LONGEST_S = 0.25  # of the writing alone
LONGEST_OF_ALL_S = 2.5  # of all kinds, among them the PDF, which a new process takes longest for
FIRST, SECOND = b"a" * 3_000_000, b"b" * 2_000_000


def main(folder: Path, kills: int, seed: int) -> None:
    """Kill `kills` times and print how many files were looked at and which were damaged."""
    chance = random.Random(seed)
    inspector = Inspector()
    files = make_run(folder / "run").files
    inspector.add(files)
    inspector.hash_files()
    inspected = inspector.inspect()
    known = {kind: content_of(inspected, kind) for kind in KINDS if kind != "pdf"}
    out = folder / "out"
    out.mkdir()
    for kind, content in known.items():
        (out / f"r.{kind}").write_bytes(content)
    (out / "r.pdf").write_bytes(b"%PDF-old\n%%EOF\n")  # the first PDF is typeset by a child: its threads do not fork
    (out / "r.bytes").write_bytes(FIRST)
    saved = out / "r.aslcase"
    save(saved, inspector.case, files, settings=inspector.settings, inspected=inspected)
    damaged: list[str] = []
    looked, interrupted = 0, 0
    for number in range(kills):
        child = os.fork()
        if child == 0:
            while True:
                if number % 2:
                    write_atomically(out / "r.bytes", SECOND)
                    write_atomically(out / "r.bytes", FIRST)
                    save(saved, inspector.case, files, settings=inspector.settings, inspected=inspected)
                else:
                    for kind in KINDS:
                        export(inspected, out / f"r.{kind}", kind)
        time.sleep(chance.uniform(0, LONGEST_S if number % 2 else LONGEST_OF_ALL_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        parts = [path for path in out.iterdir() if path.name.endswith(".part")]
        interrupted += len(parts)
        for path in parts:
            path.unlink()
        for path in out.iterdir():
            looked += 1
            kind, content = path.suffix[1:], path.read_bytes()
            if kind == "pdf":
                whole = content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
            elif kind == "bytes":
                whole = content in (FIRST, SECOND)
            elif kind == "aslcase":
                whole = content.endswith(b"}\n") and kept_view(read_case(path)) is not None
            else:
                whole = content == known[kind]
            if not whole:
                damaged.append(f"kill {number}: {path.name}, {len(content)} bytes")
    typeset = (out / "r.pdf").stat().st_size > 1000
    print(json.dumps({"looked": looked, "interrupted": interrupted, "typeset": typeset, "damaged": damaged}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
