"""Event files, written by TensorBoard's own writer and read by the program's own reader."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from asl_inspector.errors import DataError
from asl_inspector.history.opening import open_history
from asl_inspector.history.records import History
from asl_inspector.history.tensorboard_events import fields, masked_crc, read_events, records
from asl_inspector.mapped_file import MappedFile
from asl_inspector.sniffing import Kind, sniff

tensorboard = pytest.importorskip("torch.utils.tensorboard")


def written(folder: Path, write: Callable[[object], None]) -> Path:
    """The one event file that a writer makes."""
    with tensorboard.SummaryWriter(str(folder)) as writer:
        write(writer)
    (path,) = folder.glob("events.out.tfevents.*")
    return path


def by_epoch(writer) -> None:  # type: ignore[no-untyped-def]
    for epoch in (1, 2, 3):
        writer.add_scalar("Loss/train", 3.0 / epoch, epoch)
        writer.add_scalar("Loss/val", 4.0 / epoch, epoch)
        writer.add_scalar("Accuracy/val", 0.25 * epoch, epoch, new_style=epoch == 2)
        writer.add_histogram("weights", np.arange(500.0), epoch)
        writer.add_image("clip", np.zeros((3, 200, 200), np.uint8), epoch)
        writer.add_text("note", "hello")
    writer.add_scalar("lr", 1e-3, 1)


def opened(path: Path) -> History:
    return open_history(MappedFile(path))


def test_scalars_by_epoch(tmp_path: Path) -> None:
    path = written(tmp_path, by_epoch)
    assert sniff(path.read_bytes()) is Kind.EVENTS
    history = opened(path)
    assert history.kind == "events"
    assert history.axis == "epoch"
    assert history.epochs == (1, 2, 3)
    assert history.train_loss == pytest.approx((3.0, 1.5, 1.0))
    assert history.val_loss == pytest.approx((4.0, 2.0, 4 / 3))
    assert history.val_acc == (0.25, 0.5, 0.75)
    assert history.notes == ()


def test_steps_become_epochs_where_the_run_logged_them(tmp_path: Path) -> None:
    def write(writer) -> None:  # type: ignore[no-untyped-def]
        for step in range(0, 100, 10):
            writer.add_scalar("train_loss_step", 10 - step / 10, step)
            writer.add_scalar("epoch", step // 50, step)
        for epoch, step in ((0, 49), (1, 99)):
            writer.add_scalar("train_loss_epoch", 5 - epoch, step)
            writer.add_scalar("val_loss", 6 - epoch, step)
            writer.add_scalar("epoch", epoch, step)

    history = opened(written(tmp_path, write))
    assert history.epochs == (0, 1)
    assert history.train_loss == (5.0, 4.0)
    assert history.val_loss == (6.0, 5.0)


def test_one_point_a_validation_where_only_steps_are_known(tmp_path: Path) -> None:
    def write(writer) -> None:  # type: ignore[no-untyped-def]
        for step in range(1, 101):
            writer.add_scalar("train/loss", float(step), step)
        for step in (50, 100):
            writer.add_scalar("val/loss", step / 10, step)

    history = opened(written(tmp_path, write))
    assert history.axis == "step"
    assert history.epochs == (50, 100)
    assert history.train_loss == pytest.approx((25.5, 75.5))
    assert history.val_loss == (5.0, 10.0)


def test_the_folder_tells_the_side_of_keras_files(tmp_path: Path) -> None:
    (tmp_path / "validation").mkdir()

    def write(writer) -> None:  # type: ignore[no-untyped-def]
        for epoch in (0, 1):
            writer.add_scalar("epoch_loss", 1.0 - epoch / 4, epoch)

    history = opened(written(tmp_path / "validation", write))
    assert history.val_loss == (1.0, 0.75)
    assert history.train_loss == ()


def test_a_file_that_is_cut_short_is_read_up_to_the_cut(tmp_path: Path) -> None:
    def write(writer) -> None:  # type: ignore[no-untyped-def]
        for epoch in range(1, 6):
            writer.add_scalar("val_loss", float(epoch), epoch)

    whole = written(tmp_path, write).read_bytes()
    ends = [0]
    while ends[-1] < len(whole):
        ends.append(ends[-1] + 16 + struct.unpack_from("<Q", whole, ends[-1])[0])
    for size in range(1, len(whole)):
        left = sum(end <= size for end in ends) - 1
        reader = records(whole[:size])
        assert len([next(reader) for _ in range(left)]) == left
        with pytest.raises(StopIteration if size in ends else EOFError):
            next(reader)
    history = read_events("x", whole[:-10])
    assert history.epochs == (1, 2, 3, 4)
    assert "cut short" in history.notes[0]


def test_a_wrong_checksum_ends_the_reading(tmp_path: Path) -> None:
    content = bytearray(written(tmp_path, by_epoch).read_bytes())
    first = 16 + struct.unpack_from("<Q", content, 0)[0]
    content[first + 14] ^= 1
    history = read_events("x", bytes(content))
    assert history.epochs == ()
    assert "damaged after 1" in history.notes[0]
    content[3] ^= 1
    with pytest.raises(DataError, match="damaged"):
        read_events("x", bytes(content))


def test_no_garbage_makes_it_fail_otherwise() -> None:
    random = np.random.default_rng(3)
    for _ in range(300):
        data = random.integers(0, 256, int(random.integers(1, 80)), dtype=np.uint8).tobytes()
        head = struct.pack("<Q", len(data))
        framed = head + struct.pack("<I", masked_crc(head)) + data + struct.pack("<I", masked_crc(data))
        try:
            assert read_events("x", framed).epochs == ()
        except DataError as error:
            assert "damaged" in error.sentence  # noqa: PT017 - either way is right


def test_the_checksum_is_castagnolis() -> None:
    """Check value of CRC-32C for "123456789" is 0xE3069283 (RFC 3720), then masked as the format does."""
    crc = 0xE3069283
    assert masked_crc(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.parametrize("data", [b"\x80", b"\x0a\x05ab", b"\x0b", b"\x09\0\0", b"\xff" * 11])
def test_broken_messages_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"wire|breaks off|ten bytes"):
        list(fields(data))
