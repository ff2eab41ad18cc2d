"""Archives and tensors as the libraries that define them read them, on seeded content."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from safetensors import SafetensorError

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.tensor_numbers import first_numbers
from asl_inspector.checkpoints.zip_directory import read_directory
from asl_inspector.mapped_file import MappedFile
from hostile.corpus.benign_torch import DTYPES, OLD_DTYPES, numbers
from hostile.corpus.truth import torch_truth


def random_archive(chance: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(chance.randint(0, 12)):
            name = chance.choice((f"m{number}", f"a/b/{number}", f"手{number}", "n" * 300 + str(number)))
            information = zipfile.ZipInfo(name)
            information.extra = chance.choice((b"", b"FB\x04\x00abcd"))
            information.comment = chance.choice((b"", b"note"))
            information.compress_type = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
            content = chance.randbytes(chance.choice((0, 1, 100, 5_000)))
            with archive.open(information, "w", force_zip64=chance.random() < 0.3) as file:
                file.write(content)
        archive.comment = chance.choice((b"", b"comment", b"c" * 1_000))
    return out.getvalue()


def test_archives_read_as_zipfile_reads_them() -> None:
    for seed in range(120):
        content = random_archive(random.Random(seed))
        directory = read_directory(content)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert list(directory.members) == archive.namelist()
            for information in archive.infolist():
                member = directory.members[information.filename]
                assert (member.size, member.packed_size) == (information.file_size, information.compress_size)
                assert member.header == information.header_offset
                assert bytes(directory.read(member)) == archive.read(information)


def random_tensors(chance: random.Random) -> dict[str, torch.Tensor]:
    dtypes = [
        "float64",
        "float32",
        "float16",
        "bfloat16",
        "int64",
        "int32",
        "int16",
        "int8",
        "uint8",
        "bool",
        "float8_e4m3fn",
        "float8_e5m2",
    ]
    return {
        f"t{number}": numbers(chance.choice(dtypes), *(chance.randrange(4) for _ in range(chance.randrange(4))))
        for number in range(chance.randrange(8))
    }


def test_safetensors_read_as_the_package_reads_them(tmp_path: Path) -> None:
    from hostile.fuzzing.text_changes import change_safetensors

    read_by_both = refused_by_the_package = 0
    for seed in range(400):
        chance = random.Random(seed)
        content = safetensors.torch.save(random_tensors(chance), {"epoch": "3"} if seed % 2 else None)
        if seed >= 100:
            content = change_safetensors(content, chance)
        try:
            wanted = safetensors.torch.load(content)
        except (SafetensorError, KeyError, ValueError, OverflowError, RuntimeError, TypeError):
            refused_by_the_package += 1
            continue
        (tmp_path / "a.safetensors").write_bytes(content)
        file = MappedFile(tmp_path / "a.safetensors")
        checkpoint = open_checkpoint(file)
        found = {record.path[0]: record for record in checkpoint.tensors}
        assert set(found) == set(wanted), seed
        for name, tensor in wanted.items():
            truth = torch_truth(tensor)
            record = found[name]
            assert (record.dtype, record.shape) == (truth.dtype, truth.shape), (seed, name)
            assert list(map(repr, first_numbers(record, file.view, 64))) == list(map(repr, truth.first)), (seed, name)
        read_by_both += 1
    assert read_by_both > 120
    assert refused_by_the_package > 50


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_random_windows_into_storages_read_as_torch_reads_them(dtype: str, new: bool, tmp_path: Path) -> None:
    if not new and dtype not in OLD_DTYPES:
        pytest.skip("files of before 1.6 have no such storages")
    chance = random.Random(dtype)
    block = numbers(dtype, 60)
    views = {}
    for number in range(12):
        sizes = [chance.randrange(1, 4) for _ in range(chance.randrange(4))]
        strides = [chance.randrange(5) for _ in sizes]
        reach = sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
        views[f"v{number}"] = block.as_strided(sizes, strides, chance.randrange(60 - reach))
    torch.save(views, tmp_path / "a.pt", _use_new_zipfile_serialization=new)
    file = MappedFile(tmp_path / "a.pt")
    records = {record.path[0]: record for record in open_checkpoint(file).tensors}
    assert set(records) == set(views)
    for name, view in views.items():
        truth = torch_truth(view)
        assert (records[name].dtype, records[name].shape) == (truth.dtype, truth.shape)
        assert list(map(repr, first_numbers(records[name], file.view, 64))) == list(map(repr, truth.first))
