"""Whole files of torch.save and of pickle: zip, legacy, tar, and bare streams with torch files inside."""

from __future__ import annotations

from dataclasses import replace

from asl_inspector.checkpoints.kinds import library_sentence
from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.regions import Region
from asl_inspector.checkpoints.stream_reading import read_stream
from asl_inspector.checkpoints.streams import Stream
from asl_inspector.checkpoints.torch_legacy import legacy_stream
from asl_inspector.checkpoints.torch_tar import tar_stream
from asl_inspector.checkpoints.torch_zip import archive_region, torch_zip_stream
from asl_inspector.checkpoints.zip_directory import ZipDirectory
from asl_inspector.inert_pickle.joblib_arrays import read_pickle_file
from asl_inspector.inert_pickle.records import Pickle
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken


def read_torch_zip(directory: ZipDirectory, cancel: CancelToken) -> Reading:
    """Everything in an archive of torch.save, tensors as places in the file.

    Raises:
        UnreadableCheckpoint: If the archive is damaged.
        MalformedPickle: If its pickle stream is.
    """
    stream = torch_zip_stream(directory, archive_region(directory), cancel)
    return read_stream("torch zip", stream, memoryview(directory.content), cancel)


def read_torch_legacy(file: MappedFile, cancel: CancelToken) -> Reading:
    """A file of PyTorch 0.1.10 to 1.5, or of a later one told to write so.

    Raises:
        UnreadableCheckpoint: If the file is of an unknown version.
        MalformedPickle: If it breaks off before the object ends.
    """
    stream = legacy_stream(Region(file.view, 0), cancel)
    return read_stream("torch legacy", stream, file.view, cancel)


def read_torch_tar(file: MappedFile, cancel: CancelToken) -> Reading:
    """A file of PyTorch before 0.1.10.

    Raises:
        UnreadableCheckpoint: If it is another tar archive, or damaged.
        MalformedPickle: If a stream in it is.
    """
    return read_stream("torch tar", tar_stream(Region(file.view, 0), cancel), file.view, cancel)


def read_pickled(file: MappedFile, cancel: CancelToken, pickle: Pickle | None = None) -> Reading:
    """What a pickle stream without torch's container describes; arrays and torch files lie in the stream itself.

    Args:
        file: The file.
        cancel: Asked now and then.
        pickle: Its stream, where it was read already.

    Raises:
        MalformedPickle: If the stream is damaged.
    """
    pickle = pickle or read_pickle_file(file.view, cancel=cancel, salvage=True)
    reading = read_stream("pickle", Stream(pickle, Region(file.view, 0), lambda _: None), file.view, cancel)
    return replace(reading, kind=library_sentence(pickle))
