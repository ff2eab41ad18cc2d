"""A saved case that keeps its result, and changes of it that go inside what is packed."""

from __future__ import annotations

import base64
import io
import json
import random
import zlib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from makers import make_run

from hostile.fuzzing.byte_changes import change_bytes
from hostile.fuzzing.text_changes import change_json


@cache
def kept_case() -> bytes:
    """A case of a small run, with its result."""
    from asl_inspector.engine.saved_cases import save
    from asl_inspector.inspection import Inspector

    with TemporaryDirectory() as folder:
        run = make_run(Path(folder))
        inspector = Inspector()
        inspector.add(run.files)
        inspector.hash_files()
        path = Path(folder) / "a.aslcase"
        save(path, inspector.case, run.files, settings=inspector.settings, inspected=inspector.inspect())
        return path.read_bytes()


def change_view(view: str, chance: random.Random) -> str:
    """A packed view with its tree changed, packed again; now and then its bytes."""
    from asl_inspector.wire import BrokenPipe, read_frame, write_frame

    layout, _, packed = view.partition(":")
    try:
        parts = read_frame(io.BytesIO(zlib.decompress(base64.b64decode(packed))))
    except (ValueError, zlib.error, BrokenPipe):
        parts = None
    if not parts:
        return change_bytes(view.encode(), chance).decode("latin-1")
    if chance.randrange(8) == 0 and len(parts) > 1:
        index = chance.randrange(1, len(parts))
        parts[index] = change_bytes(parts[index], chance)
    else:
        parts[0] = change_json(parts[0], chance)
    stream = io.BytesIO()
    write_frame(stream, list(parts))
    return f"{layout}:{base64.b64encode(zlib.compress(stream.getvalue(), 1)).decode()}"


def change_kept_case(content: bytes, chance: random.Random) -> bytes:
    """Mostly the packed view; else the report beside it, any other value, or bytes."""
    kind = chance.randrange(10)
    try:
        held = json.loads(content)
        cached = held["cached"]
        if kind < 6:
            cached["view"] = change_view(cached["view"], chance)
        elif kind < 8:
            cached["report"] = json.loads(change_json(json.dumps(cached["report"]).encode(), chance))
        else:
            return change_json(content, chance)
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return change_bytes(content, chance)
    return json.dumps(held).encode()
