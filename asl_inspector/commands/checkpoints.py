"""`keys` and `compare`: what is in checkpoints, without running them. Torch and NumPy are not needed."""

from __future__ import annotations

import argparse
import gc
import sys
import threading

from asl_inspector.commands.terminal import HEALTHY, Terminal, check_there
from asl_inspector.errors import InspectorError
from asl_inspector.progress import CancelToken


def keys(options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> int:
    """Everything in one checkpoint; returns the exit status."""
    from asl_inspector.workers.starting import start_reader

    started = start_reader(once=True)  # it loads what it needs while this process does
    from asl_inspector.workers.calling import open_checkpoint

    threading.Thread(target=_import_reports, name="imports", daemon=True).start()
    gc.disable()  # a process that ends soon makes many records, and none of them is garbage
    try:
        check_there([options.file])
        file, checkpoint = open_checkpoint(options.file, cancel=cancel, started=started)
    except InspectorError as error:
        if options.json:
            from asl_inspector.report.json_text import to_json
            from asl_inspector.report.keys_json import refused_json

            size = options.file.stat().st_size if options.file.is_file() else 0
            sys.stdout.write(to_json(refused_json(options.file, size, error)))
        raise
    from asl_inspector.report.keys_json import keys_json, matching_tensors, measured_rows

    document = keys_json(
        checkpoint,
        file.view,
        statistics=options.stats,
        values=max(0, options.values),
        match=options.match,
        progress=terminal.show,
        cancel=cancel,
    )
    terminal.clear()
    tensors = matching_tensors(checkpoint, options.match)
    if options.csv is not None:
        from asl_inspector.report.keys_csv import keys_csv
        from asl_inspector.report.writing import write_atomically

        write_atomically(options.csv, keys_csv(tensors, measured_rows(document)).encode())
    if options.json:
        from asl_inspector.report.json_text import to_json

        sys.stdout.write(to_json(document))
    else:
        from asl_inspector.report.keys_text import keys_text

        bar = "█" if (sys.stdout.encoding or "").lower().startswith("utf") else "#"
        sys.stdout.write(keys_text(document, tensors, folded=not options.match, bar=bar))
    return HEALTHY


def _import_reports() -> None:
    """Import what writes the keys, while another process reads them."""
    import asl_inspector.report.keys_json
    import asl_inspector.report.keys_text  # noqa: F401


def compare(options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> int:
    """Two checkpoints compared; returns the exit status."""
    from asl_inspector.workers.starting import start_reader

    readers = [start_reader(once=True) for _ in "ab"]  # they load what they need while this process does
    from asl_inspector.checkpoints.comparing_checkpoints import compare_checkpoints
    from asl_inspector.report.compare_json import compare_json
    from asl_inspector.report.compare_text import compare_text
    from asl_inspector.report.json_text import to_json
    from asl_inspector.workers.calling import open_checkpoint

    try:
        check_there([options.a, options.b])
        (file_a, first), (file_b, second) = (
            open_checkpoint(path, cancel=cancel, started=readers.pop()) for path in (options.a, options.b)
        )
    finally:
        for reader in readers:
            reader.end()
    compared = compare_checkpoints(
        first,
        file_a.view,
        second,
        file_b.view,
        part_a=options.a_part,
        part_b=options.b_part,
        cancel=cancel,
        progress=terminal.show,
    )
    terminal.clear()
    document = compare_json(first.path, second.path, compared)
    sys.stdout.write(to_json(document) if options.json else compare_text(document))
    return HEALTHY
