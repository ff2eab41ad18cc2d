"""Zip archives that are odd or hostile, beside what PyTorch itself makes of them."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array
from asl_inspector.checkpoints.zip_directory import DEFLATED, MOST_ENTRIES, STORED, read_directory
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile

VALUES = [1.5, -2.0, 3.25]


def saved(values: Iterable[float] = VALUES) -> bytes:
    out = io.BytesIO()
    torch.save({"w": torch.tensor(list(values))}, out)
    return out.getvalue()


def opened(tmp_path: Path, content: bytes) -> tuple[Checkpoint, MappedFile]:
    (tmp_path / "a.pt").write_bytes(content)
    file = MappedFile(tmp_path / "a.pt")
    return open_checkpoint(file), file


def values_in(tmp_path: Path, content: bytes) -> list[float]:
    checkpoint, file = opened(tmp_path, content)
    (record,) = checkpoint.tensors
    assert first_numbers(record, file.view, 9) == read_array(record, file.view).tolist()
    return [float(number) for number in read_array(record, file.view)]


def torch_reads(content: bytes) -> list[float]:
    held: list[float] = torch.load(io.BytesIO(content))["w"].tolist()
    return held


def members(content: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def packed(held: Iterable[tuple[str | zipfile.ZipInfo, bytes]], method: int = STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in held:
            archive.writestr(name, content)
    return out.getvalue()


def entries(content: bytes | bytearray) -> list[int]:
    """Places of the central directory's entries."""
    (count, _, start) = struct.unpack("<HLL", content[content.rindex(b"PK\x05\x06") + 10 :][:10])
    places = []
    for _ in range(count):
        places.append(start)
        start += 46 + sum(struct.unpack("<HHH", content[start + 28 : start + 34]))
    return places


def entry_of(content: bytes | bytearray, ending: str) -> int:
    """The place of one entry by the end of its name."""
    for place in entries(content):
        (size,) = struct.unpack("<H", content[place + 28 : place + 30])
        if bytes(content[place + 46 : place + 46 + size]).decode().endswith(ending):
            return place
    raise AssertionError(ending)


def local_of(content: bytes | bytearray, entry: int) -> int:
    (header,) = struct.unpack("<L", content[entry + 42 : entry + 46])
    return int(header)


# -- oddities that must open --------------------------------------------------------------------------------------


def test_checksums_of_zero_open(tmp_path: Path) -> None:
    content = bytearray(saved())
    for entry in entries(content):
        local = local_of(content, entry)
        content[entry + 16 : entry + 20] = content[local + 14 : local + 18] = bytes(4)
    assert values_in(tmp_path, bytes(content)) == VALUES


def test_local_sizes_of_zero_with_data_descriptors_open_without_a_note(tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    out = Pipe()
    with zipfile.ZipFile(out, "w") as archive:
        for name, held in members(saved()):
            archive.writestr(name, held)
    content = out.getvalue()
    assert struct.unpack("<L", content[18:22]) == (0,)
    assert values_in(tmp_path, content) == VALUES == torch_reads(content)
    assert opened(tmp_path, content)[0].notes == ()


def test_a_date_of_zero_and_deflated_repacks_open(tmp_path: Path) -> None:
    content = bytearray(packed(members(saved()), DEFLATED))
    for entry in entries(content):
        local = local_of(content, entry)
        content[entry + 12 : entry + 16] = content[local + 10 : local + 14] = bytes(4)
    assert values_in(tmp_path, bytes(content)) == VALUES == torch_reads(bytes(content))
    assert opened(tmp_path, bytes(content))[0].status == "opened"


def test_torchs_own_archives_have_no_notes_and_are_padded(tmp_path: Path) -> None:
    content = saved()
    assert b"FB" in content
    assert opened(tmp_path, content)[0].notes == ()


def test_a_64_bit_archive_opens(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, held in members(saved()):
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(held)
    content = out.getvalue()
    end = content.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack("<HLL", content[end + 10 : end + 20])
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    unsaid = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    wide = content[:end] + record + locator + unsaid
    assert values_in(tmp_path, wide) == VALUES == torch_reads(wide)
    assert opened(tmp_path, wide)[0].notes == ()


def test_bytes_after_the_archive_and_a_comment_open(tmp_path: Path) -> None:
    assert values_in(tmp_path, saved() + b"abc") == VALUES == torch_reads(saved() + b"abc")


def test_an_archive_inside_the_archive_is_no_second_end_record(tmp_path: Path) -> None:
    content = packed([*members(saved()), ("archive/extra/inner.zip", saved([9]))])
    assert values_in(tmp_path, content) == VALUES
    assert opened(tmp_path, content)[0].notes == ()


# -- archives that can be read in two ways --------------------------------------------------------------------------


def test_a_member_twice_with_equal_content_is_noted(tmp_path: Path) -> None:
    held = members(saved())
    with pytest.warns(UserWarning, match="Duplicate"):
        content = packed([*held, held[0]])
    assert values_in(tmp_path, content) == VALUES
    assert any("data.pkl” twice, with equal content" in note for note in opened(tmp_path, content)[0].notes)


def test_a_storage_twice_with_different_content_is_not_read(tmp_path: Path) -> None:
    """torch takes the first, the last or a middle one, depending on how many there are and what else is there."""
    held = members(saved())
    name = next(name for name, _ in held if name.endswith("data/0"))
    with pytest.warns(UserWarning, match="Duplicate"):
        content = packed([*held, (name, np.array([7, 7, 7], "<f4").tobytes())])
    checkpoint, file = opened(tmp_path, content)
    assert checkpoint.status == "partly"
    assert "there twice, with different content" in checkpoint.tensors[0].trouble
    with pytest.raises(UnreadableCheckpoint, match="different content"):
        read_array(checkpoint.tensors[0], file.view)


def test_two_different_pickle_streams_are_refused(tmp_path: Path) -> None:
    held = members(saved())
    with pytest.warns(UserWarning, match="Duplicate"):
        content = packed([*held, (held[0][0], b"\x80\x02}.")])
    with pytest.raises(UnreadableCheckpoint, match=r"data\.pkl” is there twice"):
        opened(tmp_path, content)


def test_names_that_differ_in_case_are_noted(tmp_path: Path) -> None:
    content = packed([*members(saved()), ("ARCHIVE/data.pkl", b"\x80\x02}.")])
    assert any("upper and lower case" in note for note in opened(tmp_path, content)[0].notes)


def test_a_local_name_that_differs_costs_only_that_member(tmp_path: Path) -> None:
    content = bytearray(saved())
    local = local_of(content, entry_of(content, "data/0"))
    content[local + 30 : local + 31] = b"X"
    checkpoint, _ = opened(tmp_path, bytes(content))
    assert "calls one member" in checkpoint.tensors[0].trouble
    assert any("differently in the member itself" in note for note in checkpoint.notes)


def test_local_sizes_that_differ_are_noted_and_the_directorys_count_as_in_torch(tmp_path: Path) -> None:
    content = bytearray(packed(members(saved())))
    local = local_of(content, entry_of(content, "data/0"))
    content[local + 18 : local + 26] = struct.pack("<LL", 4, 4)
    assert values_in(tmp_path, bytes(content)) == VALUES == torch_reads(bytes(content))
    assert any("two different sizes" in note for note in opened(tmp_path, bytes(content))[0].notes)


def test_of_two_archives_in_a_row_the_directory_that_torch_takes_is_taken(tmp_path: Path) -> None:
    content = saved([1, 2, 3]) + saved([4, 5, 6])
    assert values_in(tmp_path, content) == torch_reads(content) == [1, 2, 3]
    notes = " ".join(opened(tmp_path, content)[0].notes)
    assert "does not list" in notes
    assert "second end record" in notes


def test_a_member_that_the_directory_does_not_list_is_noted(tmp_path: Path) -> None:
    content = bytearray(packed([("archive/hidden", b"payload"), *members(saved())]))
    end = content.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack("<HLL", content[end + 10 : end + 20])
    first = 46 + len("archive/hidden")
    content[end + 8 : end + 20] = struct.pack("<HHLL", count - 1, count - 1, size - first, start + first)
    assert values_in(tmp_path, bytes(content)) == VALUES
    assert any("does not list, “archive/hidden”" in note for note in opened(tmp_path, bytes(content))[0].notes)


def test_overlapping_members_are_noted(tmp_path: Path) -> None:
    content = bytearray(packed([*members(saved()), ("archive/other", b"x" * 300)]))
    other, weights = entry_of(content, "other"), entry_of(content, "data/0")
    content[other + 42 : other + 46] = content[weights + 42 : weights + 46]
    notes = " ".join(opened(tmp_path, bytes(content))[0].notes)
    assert "lies over another one" in notes


def test_a_link_is_noted_and_read_as_a_file(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("archive/passwords")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    content = packed([*members(saved()), (link, b"/etc/passwd")])
    assert any("“archive/passwords” is a link" in note for note in opened(tmp_path, content)[0].notes)
    directory = read_directory(content)
    assert bytes(directory.read(directory.members["archive/passwords"])) == b"/etc/passwd"


# -- archives that cannot be read -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bit", [0x1, 0x40, 0x2000])
def test_an_encrypted_storage_costs_only_its_tensor(tmp_path: Path, bit: int) -> None:
    content = bytearray(saved())
    entry = entry_of(content, "data/0")
    flags = struct.unpack("<H", content[entry + 8 : entry + 10])[0] | bit
    content[entry + 8 : entry + 10] = struct.pack("<H", flags)
    checkpoint, _ = opened(tmp_path, bytes(content))
    assert "is encrypted" in checkpoint.tensors[0].trouble
    assert checkpoint.status == "partly"


def test_a_mark_of_encryption_in_the_member_only_is_noted_and_read_as_in_torch(tmp_path: Path) -> None:
    content = bytearray(saved())
    local = local_of(content, entry_of(content, "data/0"))
    content[local + 6] |= 1
    assert values_in(tmp_path, bytes(content)) == VALUES == torch_reads(bytes(content))
    assert any("in one of its two headers only" in note for note in opened(tmp_path, bytes(content))[0].notes)


def test_a_stored_member_of_two_sizes_is_not_read(tmp_path: Path) -> None:
    content = bytearray(saved())
    entry = entry_of(content, "data/0")
    content[entry + 24 : entry + 28] = struct.pack("<L", 1 << 31)
    checkpoint, _ = opened(tmp_path, bytes(content))
    assert "not compressed" in checkpoint.tensors[0].trouble


def test_a_packed_size_beyond_the_file_costs_only_its_tensor(tmp_path: Path) -> None:
    content = bytearray(saved())
    entry = entry_of(content, "data/0")
    content[entry + 20 : entry + 28] = struct.pack("<LL", 1 << 31, 1 << 31)
    checkpoint, _ = opened(tmp_path, bytes(content))
    assert "cut short" in checkpoint.tensors[0].trouble


def test_a_deflated_stream_that_inflates_to_more_than_it_says_is_refused() -> None:
    content = bytearray(packed([("a", bytes(1 << 20))], DEFLATED))
    (entry,) = entries(content)
    content[entry + 24 : entry + 28] = struct.pack("<L", 100)
    directory = read_directory(bytes(content))
    with pytest.raises(UnreadableCheckpoint, match="size it announces"):
        directory.read(directory.members["a"])
    with pytest.raises(UnreadableCheckpoint, match="inflates to"):
        content[entry + 24 : entry + 28] = struct.pack("<L", 0xFFFF_FFF0)
        directory = read_directory(bytes(content))
        directory.read(directory.members["a"])


def test_something_in_front_of_the_archive_is_noted(tmp_path: Path) -> None:
    content = b"\x00\x01prefix\xff" * 3 + saved()
    assert values_in(tmp_path, content) == VALUES
    assert any("starts 27 bytes into the file" in note for note in opened(tmp_path, content)[0].notes)


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        (10, struct.pack("<H", 500), "directory is damaged"),
        (16, struct.pack("<L", 1 << 30), "does not fit the file"),
        (12, struct.pack("<L", 1 << 30), "does not fit the file"),
    ],
)
def test_an_end_record_that_lies_is_refused(tmp_path: Path, place: int, value: bytes, why: str) -> None:
    content = bytearray(packed(members(saved())))
    end = content.rindex(b"PK\x05\x06")
    content[end + place : end + place + len(value)] = value
    with pytest.raises(UnreadableCheckpoint, match=why):
        opened(tmp_path, bytes(content))


def test_more_members_than_any_checkpoint_has_are_refused_at_once() -> None:
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 1 << 50, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 4, 1)
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    with pytest.raises(UnreadableCheckpoint, match="1,099,511,627,776 members"):
        read_directory(b"PK\x03\x04" + record + locator + end)


def crowded(count: int) -> bytes:
    """An archive whose directory lists one member again and again, as overlap bombs do."""
    local = struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 4, 4, 1, 0) + b"a" + b"data"
    rows = []
    for index in range(count):
        name = b"a" if index % 2 else b"n%06d" % index
        rows.append(
            struct.pack("<4sHHHHHHLLLHHHHHLL", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 4, 4, len(name), 0, 0, 0, 0, 0, 0)
            + name
        )
    directory = b"".join(rows)
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(directory), len(local))
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(local) + len(directory), 1)
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return local + directory + record + locator + end


@pytest.mark.slow
def test_the_cost_of_a_crowded_archive_is_linear_and_its_notes_are_few() -> None:
    def seconds(count: int) -> float:
        content = crowded(count)
        start = time.process_time()
        assert len(read_directory(content).notes) <= 8
        return time.process_time() - start

    seconds(1_000)
    small, large = min(seconds(20_000) for _ in range(3)), seconds(MOST_ENTRIES)
    assert large < 30 * small
