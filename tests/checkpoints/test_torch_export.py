"""Files of torch.export in both layouts, against torch.export itself."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
import torch
from old_torch import Call
from tensors_alike import DTYPES, assert_equal_to_torch, opened, seeded
from torch import nn

from asl_inspector.checkpoints.records import parameter_count
from asl_inspector.errors import UnreadableCheckpoint

pytestmark = pytest.mark.usefixtures("torch_may_warn")


class Signer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.tied = self.embed
        self.register_buffer("scratch", torch.arange(4.0), persistent=False)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.norm(self.embed(features) + self.tied(features) + self.scratch) + torch.tensor([1.0, 2.0, 3.0, 4.0])


def exported(path: Path) -> Signer:
    torch.manual_seed(0)
    network = Signer().eval()
    torch.export.save(torch.export.export(network, (torch.randn(5, 3),)), path)
    return network


def test_weights_are_those_of_the_state_dict(tmp_path: Path) -> None:
    network = exported(tmp_path / "a.pt2")
    checkpoint, file = opened(tmp_path / "a.pt2")
    assert (checkpoint.format, checkpoint.status, checkpoint.would_run) == ("torch.export", "opened", ())
    assert sorted(checkpoint.weights) == sorted(network.state_dict())
    for name, tensor in network.state_dict().items():
        assert_equal_to_torch(checkpoint.weights[name], file.view, tensor)
    assert parameter_count(checkpoint.tensors) == sum(p.numel() for p in network.parameters())
    paths = {record.path for record in checkpoint.tensors}
    assert ("model", "constants", "scratch") in paths
    assert ("model", "sample_inputs", "0", "0") in paths
    assert any("exported program" in note for note in checkpoint.notes)


SCALAR_TYPES = {
    "uint8": 1, "int8": 2, "int16": 3, "int32": 4, "int64": 5, "float16": 6, "float32": 7, "float64": 8, "complex32": 9,
    "complex64": 10, "complex128": 11, "bool": 12, "bfloat16": 13, "uint16": 28, "float8_e4m3fn": 29, "float8_e5m2": 30,
    "float8_e4m3fnuz": 31, "float8_e5m2fnuz": 32, "float8_e8m0fnu": 33, "uint32": 34, "uint64": 35,
}  # fmt: skip


def packed(path: Path, entries: dict[str, dict[str, object]], members: dict[str, bytes]) -> Path:
    """An archive of one program with these weights."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/archive_format", "pt2")
        archive.writestr("a/archive_version", "0")
        archive.writestr("a/byteorder", "little")
        archive.writestr("a/data/weights/model_weights_config.json", json.dumps({"config": entries}))
        for name, content in members.items():
            archive.writestr(f"a/{name}", content)
    return path


def meta(dtype: int, sizes: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> dict[str, object]:
    def symbolic(numbers: tuple[int, ...]) -> list[dict[str, int]]:
        return [{"as_int": number} for number in numbers]

    return {
        "dtype": dtype,
        "sizes": symbolic(sizes),
        "strides": symbolic(strides),
        "storage_offset": {"as_int": offset},
        "layout": 7,
    }


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_number_type_of_the_schema_is_known(dtype: torch.dtype, tmp_path: Path) -> None:
    from torch._export.serde.serialize import _TORCH_TO_SERIALIZE_DTYPE

    tensor = seeded(dtype)
    number = SCALAR_TYPES[str(dtype).removeprefix("torch.")]
    assert _TORCH_TO_SERIALIZE_DTYPE[dtype].value == number
    entry = {
        "path_name": "weight_0",
        "is_param": True,
        "use_pickle": False,
        "tensor_meta": meta(number, (5, 3), (1, 5)),
    }
    path = packed(tmp_path / "a.pt2", {"w": entry}, {"data/weights/weight_0": bytes(tensor.untyped_storage().tolist())})
    checkpoint, file = opened(path)
    assert_equal_to_torch(checkpoint.weights["w"], file.view, tensor.t())


def test_pickled_weights_are_read_as_data(tmp_path: Path) -> None:
    import os

    tensor = torch.randn(2, 3)
    buffer = io.BytesIO()
    torch.save(nn.Parameter(tensor), buffer)
    evil = io.BytesIO()
    torch.save({"w": torch.ones(2), "x": Call(os.system, "true")}, evil)
    entries = {
        name: {"path_name": name, "is_param": True, "use_pickle": True, "tensor_meta": None}
        for name in ("good", "evil")
    }
    path = packed(
        tmp_path / "a.pt2", entries, {"data/weights/good": buffer.getvalue(), "data/weights/evil": evil.getvalue()}
    )
    checkpoint, file = opened(path)
    assert list(checkpoint.weights) == ["good"]
    assert_equal_to_torch(checkpoint.weights["good"], file.view, tensor)
    assert [run.call.rpartition(".")[2] for run in checkpoint.would_run] == ["system"]


def test_compiled_libraries_are_noted(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.pt2", {}, {"data/aotinductor/model/model.wrapper.so": b"\x7fELF"})
    checkpoint, _ = opened(path)
    assert any("compiled code" in note and "model.wrapper.so" in note for note in checkpoint.notes)


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {"path_name": "weight_0", "tensor_meta": None},
        {"path_name": "weight_0", "tensor_meta": {"dtype": 99, "sizes": [], "strides": []}},
        {"path_name": "weight_0", "tensor_meta": {"dtype": 7, "sizes": [{"as_int": -1}], "strides": [{"as_int": 1}]}},
        {"path_name": "../weight_0"},
    ],
)
def test_odd_descriptions_become_notes(entry: object, tmp_path: Path) -> None:
    checkpoint, _ = opened(packed(tmp_path / "a.pt2", {"w": entry}, {"data/weights/weight_0": bytes(16)}))
    assert checkpoint.tensors == ()
    assert any("“w”" in note for note in checkpoint.notes)


def test_a_window_beyond_the_member_is_trouble(tmp_path: Path) -> None:
    entry = {"path_name": "weight_0", "is_param": True, "tensor_meta": meta(7, (2**40,), (1,))}
    checkpoint, _ = opened(packed(tmp_path / "a.pt2", {"w": entry}, {"data/weights/weight_0": bytes(16)}))
    assert "beyond the memory block" in checkpoint.tensors[0].trouble


def test_a_config_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/archive_format", "pt2")
        archive.writestr("a/data/weights/model_weights_config.json", "[" * 200_000)
    with pytest.raises(UnreadableCheckpoint, match="no valid JSON"):
        opened(path)


@pytest.mark.parametrize("ending", [".pt", ".json"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_the_layout_before_2_8_nests_files_of_torch_save(ending: str, method: int, tmp_path: Path) -> None:
    """Made of the parts that torch still serialises so, in the archive that `torch.export.save` wrote in version 2.7."""
    from torch._export.serde.serialize import serialize

    network = Signer().eval()
    parts = serialize(torch.export.export(network, (torch.randn(5, 3),)))
    path = tmp_path / "old.pt2"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("serialized_exported_program.json", parts.exported_program)
        archive.writestr(f"serialized_state_dict{ending}", parts.state_dict)
        archive.writestr(f"serialized_constants{ending}", parts.constants)
        archive.writestr("serialized_example_inputs.pt", parts.example_inputs)
        archive.writestr("version", "8.8")
    checkpoint, file = opened(path)
    assert checkpoint.format == "torch.export"
    assert sorted(checkpoint.weights) == sorted(network.state_dict())
    for name, tensor in network.state_dict().items():
        assert_equal_to_torch(checkpoint.weights[name], file.view, tensor)
    if method == zipfile.ZIP_STORED:
        assert all(record.file_offset is not None for record in checkpoint.weights.values())
    assert ("constants", "scratch") in {record.path for record in checkpoint.tensors}
