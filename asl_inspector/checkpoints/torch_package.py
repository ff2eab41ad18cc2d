"""torch.package: an archive of pickled objects together with the source of their classes, which a load imports.

The pickles are read as data; the code is listed and never imported.

Source: torch 2.13, torch/package/package_exporter.py (`_persistent_id`) and package_importer.py.
"""

from __future__ import annotations

from asl_inspector.checkpoints.reading import Reading, below, together
from asl_inspector.checkpoints.stream_reading import read_stream
from asl_inspector.checkpoints.torch_zip import archive_region, zip_stream
from asl_inspector.checkpoints.zip_directory import ZipDirectory
from asl_inspector.errors import InspectorError
from asl_inspector.progress import CancelToken

MARK = ".data/extern_modules"
MOST_PICKLES = 1_000


def is_torch_package(directory: ZipDirectory) -> bool:
    """True where the archive lists the modules that its code expects to find outside."""
    return _prefix(directory) is not None


def _prefix(directory: ZipDirectory) -> str | None:
    for name in directory.members:
        if name == MARK or name.endswith("/" + MARK):
            return name.removesuffix(MARK)
    return None


def read_torch_package(directory: ZipDirectory, cancel: CancelToken) -> Reading:
    """Every pickled object of the package; a path starts with the name of its member.

    Raises:
        UnreadableCheckpoint: If the archive is damaged.
    """
    prefix = _prefix(directory) or ""
    names = [name for name in directory.members if name.startswith(prefix) and name.endswith(".pkl")]
    code = [name for name in directory.members if name.startswith(prefix) and name.endswith(".py")]
    notes = [
        f"The file is a torch.package: {len(names)} pickled objects with {len(code)} files of Python code. An ordinary "
        "load would import the code; here it is listed and never run.",
        *directory.notes,
    ]
    if len(names) > MOST_PICKLES:
        notes.append(f"Only the first {MOST_PICKLES:,} of {len(names):,} pickled objects were read.")
    readings = []
    for name in names[:MOST_PICKLES]:
        try:
            stream = zip_stream(
                directory,
                archive_region(directory),
                cancel,
                pickle_name=name,
                storage_name=lambda key: f"{prefix}.data/{key}.storage",
                byte_order=prefix + "byteorder",
            )
        except InspectorError as error:
            notes.append(f"“{name}” cannot be read: {error.sentence}")
            continue
        reading = read_stream("torch.package", stream, memoryview(directory.content), cancel)
        readings.append(below((name.removeprefix(prefix),), reading))
    return together("torch.package", readings, notes)
