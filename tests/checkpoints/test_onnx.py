"""ONNX models, against the onnx package."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from asl_inspector.checkpoints import onnx_tensors
from asl_inspector.checkpoints.opening import open_checkpoint, open_path
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord
from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile, MappedParts
from asl_inspector.sniffing import Kind, sniff

NUMPY_TYPES = ["f4", "f8", "f2", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "c8", "c16"]
OTHER_TYPES = ["BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "FLOAT8E8M0"]


def model_of(
    initializers: list[TensorProto] | None = None, nodes: list[Any] | None = None, **more: Any
) -> onnx.ModelProto:
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", None, 36])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 101])
    nodes = [helper.make_node("Identity", ["features"], ["logits"])] if nodes is None else nodes
    graph = helper.make_graph(nodes, "recogniser", [features], [logits], initializers or [], **more)
    return helper.make_model(graph, producer_name="pytorch", opset_imports=[helper.make_opsetid("", 17)])


def opened(tmp_path: Path, model: onnx.ModelProto) -> tuple[Checkpoint, MappedFile]:
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    file = MappedFile(tmp_path / "m.onnx")
    return open_checkpoint(file), file


def tensor_in(tmp_path: Path, tensor: TensorProto) -> tuple[TensorRecord, memoryview]:
    checkpoint, file = opened(tmp_path, model_of([tensor]))
    (record,) = checkpoint.tensors
    return record, file.view


def example(dtype: str) -> np.ndarray[Any, Any]:
    array = np.abs(np.random.default_rng(0).normal(size=(3, 4)) * 9)
    return (array.astype("f8") + 1j * array if dtype.startswith("c") else array).astype(dtype)


@pytest.mark.parametrize("dtype", NUMPY_TYPES)
def test_raw_numbers_of_every_type_lie_in_the_file(tmp_path: Path, dtype: str) -> None:
    array = example(dtype)
    record, view = tensor_in(tmp_path, numpy_helper.from_array(array, "encoder.weight"))
    assert (record.path, record.shape, record.nbytes) == (("encoder.weight",), (3, 4), array.nbytes)
    assert record.file_offset is not None
    assert bytes(view[record.file_offset : record.file_offset + array.nbytes]) == array.tobytes()
    np.testing.assert_array_equal(read_array(record, view), array)
    assert first_numbers(record, view, 5) == array.flatten()[:5].tolist()


@pytest.mark.parametrize("dtype", NUMPY_TYPES)
def test_numbers_in_fields_of_their_own_type_are_read(tmp_path: Path, dtype: str) -> None:
    array = example(dtype)
    if dtype[0] == "i":
        array = -array
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    tensor = helper.make_tensor("w", kind, array.shape, array.flatten())
    assert not tensor.HasField("raw_data")
    record, view = tensor_in(tmp_path, tensor)
    np.testing.assert_array_equal(read_array(record, view), numpy_helper.to_array(tensor))
    assert first_numbers(record, view, 5) == numpy_helper.to_array(tensor).flatten()[:5].tolist()


@pytest.mark.parametrize("raw", [True, False], ids=["raw", "typed"])
@pytest.mark.parametrize("name", OTHER_TYPES)
def test_short_floats_equal_the_packages(tmp_path: Path, name: str, raw: bool) -> None:
    kind = getattr(TensorProto, name)
    held = example("f4").astype(helper.tensor_dtype_to_np_dtype(kind))
    tensor = (
        helper.make_tensor("w", kind, held.shape, held.tobytes(), raw=True)
        if raw
        else helper.make_tensor("w", kind, held.shape, held.astype("f4").flatten())
    )
    record, view = tensor_in(tmp_path, tensor)
    wanted = numpy_helper.to_array(tensor).astype(np.float32)
    np.testing.assert_array_equal(read_array(record, view), wanted)
    assert first_numbers(record, view, 12) == wanted.flatten().tolist()


@pytest.mark.parametrize("name", ["INT4", "UINT4", "FLOAT4E2M1"])
def test_numbers_that_share_bytes_are_listed_and_not_read(tmp_path: Path, name: str) -> None:
    record, _ = tensor_in(tmp_path, helper.make_tensor("w", getattr(TensorProto, name), (3, 3), [1] * 9))
    assert "4 bits each, and are not read" in record.trouble
    assert (record.shape, record.nbytes) == ((3, 3), 5)


def test_text_and_unknown_types_are_listed_with_the_reason(tmp_path: Path) -> None:
    record, _ = tensor_in(tmp_path, helper.make_tensor("w", TensorProto.STRING, (1,), [b"x"]))
    assert record.trouble == "it holds text"
    tensor = numpy_helper.from_array(np.ones(2, "f4"), "w")
    tensor.data_type = 999
    assert "onnx type 999 are not known" in tensor_in(tmp_path, tensor)[0].trouble


def test_what_the_model_says_of_itself_becomes_values(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MatMul", ["features", "w"], ["x"]),
        helper.make_node("Relu", ["x"], ["y"]),
        helper.make_node("MatMul", ["y", "w"], ["logits"]),
    ]
    model = model_of([numpy_helper.from_array(np.ones((2, 2), "f4"), "w")], nodes)
    helper.set_model_props(model, {"gloss_to_id": json.dumps({"a": 1, "b": 2}), "task": "isolated"})
    checkpoint, _ = opened(tmp_path, model)
    values = {value.path: value.text for value in checkpoint.values}
    assert values["graph", "inputs", "features"] == "float32 [batch, ?, 36]"
    assert values["graph", "outputs", "logits"] == "float32 [batch, 101]"
    assert (values["graph", "operators", "MatMul"], values["graph", "operators", "Relu"]) == ("2", "1")
    assert (values["opset_import", "ai.onnx"], values["producer_name",]) == ("17", "'pytorch'")
    assert values["metadata_props", "task"] == "'isolated'"
    assert values["ir_version",] == str(model.ir_version)
    assert checkpoint.contents.gloss_to_id == {"a": 1, "b": 2}
    assert (checkpoint.format, checkpoint.status, checkpoint.notes) == ("onnx", "opened", ())
    assert checkpoint.would_run == ()


def test_constants_and_subgraphs_are_found(tmp_path: Path) -> None:
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.full(2, 7, "f4")))],
        "inner",
        [],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, [2])],
        [numpy_helper.from_array(np.full(3, 5, "i8"), "hidden")],
    )
    nodes = [
        helper.make_node("Constant", [], ["shape"], value=numpy_helper.from_array(np.arange(3))),
        helper.make_node("Constant", [], ["eps"], value_float=0.5),
        helper.make_node("If", ["features"], ["logits"], name="choice", then_branch=inner, else_branch=inner),
    ]
    checkpoint, file = opened(tmp_path, model_of([numpy_helper.from_array(np.ones(2, "f4"), "w")], nodes))
    found = {record.path: read_array(record, file.view).tolist() for record in checkpoint.tensors}
    assert found == {
        ("w",): [1, 1],
        ("constants", "shape"): [0, 1, 2],
        ("choice", "then_branch", "hidden"): [5, 5, 5],
        ("choice", "then_branch", "constants", "c"): [7, 7],
        ("choice", "else_branch", "hidden"): [5, 5, 5],
        ("choice", "else_branch", "constants", "c"): [7, 7],
    }
    assert ("constants", "eps") in {value.path for value in checkpoint.values}
    assert list(checkpoint.weights) == ["w"]


@pytest.mark.parametrize("linear", [True, False])
def test_sparse_initializers_keep_their_parts(tmp_path: Path, linear: bool) -> None:
    values = numpy_helper.from_array(np.array([1.5, 2.5], "f4"), "sparse")
    places = np.array([1, 3]) if linear else np.array([[0, 1], [1, 0]])
    sparse = helper.make_sparse_tensor(values, numpy_helper.from_array(places, "i"), [4] if linear else [2, 3])
    checkpoint, file = opened(tmp_path, model_of(sparse_initializer=[sparse]))
    (record,) = checkpoint.tensors
    assert (record.name, record.layout) == ("sparse", "sparse_coo")
    wanted = [0, 1.5, 0, 2.5] if linear else [0, 1.5, 0, 2.5, 0, 0]
    assert first_numbers(record, file.view, 9) == wanted


# -- numbers in other files -----------------------------------------------------------------------------------------


def external(name: str, array: np.ndarray[Any, Any], location: str, **entries: object) -> TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=array.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def test_numbers_beside_the_model_are_read_as_the_package_reads_them(tmp_path: Path) -> None:
    held = {f"w{index}": np.random.default_rng(index).normal(size=(20, 20)).astype("f4") for index in range(3)}
    model = model_of([numpy_helper.from_array(array, name) for name, array in held.items()])
    path = tmp_path / "m.onnx"
    onnx.save_model(model, path, save_as_external_data=True, location="m.onnx.data", size_threshold=100)
    file, checkpoint = open_path(path)
    assert isinstance(file, MappedParts)
    assert {record.part for record in checkpoint.tensors} == {"m.onnx.data"}
    for record in checkpoint.tensors:
        np.testing.assert_array_equal(read_array(record, file.view), held[record.name])
    assert checkpoint.bytes == path.stat().st_size + (tmp_path / "m.onnx.data").stat().st_size
    alone = MappedFile(path)
    with pytest.raises(UnreadableCheckpoint, match="was not opened"):
        read_array(open_checkpoint(alone).tensors[0], alone.view)


def test_tensors_inside_the_model_and_beside_it_go_together(tmp_path: Path) -> None:
    array = np.arange(6, dtype="f4")
    (tmp_path / "data.bin").write_bytes(bytes(8) + array.tobytes())
    model = model_of([numpy_helper.from_array(array * 2, "inside"), external("beside", array, "data.bin", offset=8)])
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    file, checkpoint = open_path(tmp_path / "m.onnx")
    assert [read_array(record, file.view).tolist() for record in checkpoint.tensors] == [
        (array * 2).tolist(),
        array.tolist(),
    ]


@pytest.mark.parametrize(
    ("location", "entries", "trouble"),
    [
        ("../secret.bin", {}, "no plain file name"),
        ("{folder}/secret.bin", {}, "no plain file name"),
        ("sub/data.bin", {}, "no plain file name"),
        ("", {}, "no plain file name"),
        ("gone.bin", {}, "“gone.bin” is not here"),
        ("link.bin", {}, "a link that leaves the folder"),
        ("data.bin", {"offset": 8}, "ends before it"),
        ("data.bin", {"offset": -8}, "is no number"),
        ("data.bin", {"offset": "9" * 30}, "is no number"),
        ("data.bin", {"length": 4}, "it has 4 of 8 bytes"),
    ],
)
def test_what_lies_elsewhere_is_refused_tensor_by_tensor(
    tmp_path: Path, location: str, entries: dict[str, object], trouble: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(b"secret!!")
    (folder / "data.bin").write_bytes(bytes(8))
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    good = numpy_helper.from_array(np.ones(2, "f4"), "good")
    bad = external("bad", np.ones(2, "f4"), location.format(folder=tmp_path), **entries)
    (folder / "m.onnx").write_bytes(model_of([good, bad]).SerializeToString())
    file, checkpoint = open_path(folder / "m.onnx")
    assert checkpoint.status == "partly"
    assert trouble in checkpoint.tensors[1].trouble
    assert read_array(checkpoint.tensors[0], file.view).tolist() == [1, 1]


# -- damaged and hostile models -------------------------------------------------------------------------------------


def test_sizes_that_contradict_the_numbers_are_told(tmp_path: Path) -> None:
    tensor = numpy_helper.from_array(np.ones(4, "f4"), "w")
    tensor.dims[0] = 1 << 40
    assert "16 of 4,398,046,511,104 bytes" in tensor_in(tmp_path, tensor)[0].trouble
    tensor.dims[0] = -4
    assert "sizes make no sense" in tensor_in(tmp_path, tensor)[0].trouble
    tensor.dims[:] = [2] * 100
    assert "sizes make no sense" in tensor_in(tmp_path, tensor)[0].trouble


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95, 0.999])
def test_a_model_cut_short_says_so(tmp_path: Path, share: float) -> None:
    whole = model_of([numpy_helper.from_array(np.random.default_rng(0).normal(size=5000), "w")]).SerializeToString()
    (tmp_path / "m.onnx").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UnreadableCheckpoint, match="cut short"):
        open_path(tmp_path / "m.onnx")


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def test_graphs_inside_graphs_are_followed_without_recursion_to_a_limit(tmp_path: Path) -> None:
    graph = message(5, numpy_helper.from_array(np.ones(1, "f4"), "deep").SerializeToString())
    for _ in range(3_000):
        graph = message(1, message(4, b"If") + message(5, message(1, b"g") + message(6, graph)))
    (tmp_path / "m.onnx").write_bytes(b"\x08\x08" + message(7, graph) + message(8, b"\x10\x11"))
    _, checkpoint = open_path(tmp_path / "m.onnx")
    assert checkpoint.tensors == ()
    assert "64 levels deep" in checkpoint.notes[0]


def test_a_flood_of_tiny_fields_ends_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asl_inspector.checkpoints.onnx.FieldBudget", lambda cancel: onnx_tensors.FieldBudget(10_000))
    (tmp_path / "m.onnx").write_bytes(b"\x08\x08" + message(7, message(1, b"\x12\x00" * 20_000)))
    with pytest.raises(UnreadableCheckpoint, match="more than 10,000 fields"):
        open_path(tmp_path / "m.onnx")


def test_a_flood_of_varints_is_not_decoded_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_tensors, "MOST_DECODED", 1_000)
    tensors = [helper.make_tensor(name, TensorProto.INT64, (600,), range(600)) for name in ("one", "two", "three")]
    checkpoint, file = opened(tmp_path, model_of(tensors))
    assert [bool(record.trouble) for record in checkpoint.tensors] == [False, True, True]
    assert read_array(checkpoint.tensors[0], file.view)[-1] == 599


def test_many_initializers_cost_a_moment(tmp_path: Path) -> None:
    count = 20_000
    tensors = [numpy_helper.from_array(np.ones(2, "f4"), f"layers.{index}.weight") for index in range(count)]
    content = model_of(tensors).SerializeToString()
    (tmp_path / "m.onnx").write_bytes(content)
    start = time.process_time()
    _, checkpoint = open_path(tmp_path / "m.onnx")
    taken = time.process_time() - start
    start = time.process_time()
    for tensor in onnx.load_from_string(content).graph.initializer:
        numpy_helper.to_array(tensor)
    assert len(checkpoint.tensors) == count
    assert taken < 20 * (time.process_time() - start)


@pytest.mark.parametrize(
    "content",
    [
        b"\x08\x01\x12\x04serve",
        b"\x08\x08\x12\x03abc",
        b"\x08\x08" + message(7, b"plain text in place of a graph"),
        b"\x08\xff\xff\xff\x7f" + message(7, message(2, b"g")),
        message(7, message(2, b"graph without a version")),
        b"\x08\x08\x3a\x00",
        b"23:59 Epoch 1\nloss 0.5\n",
    ],
)
def test_what_only_resembles_a_model_is_none(content: bytes) -> None:
    assert sniff(content) is not Kind.ONNX


def test_fields_in_any_order_are_a_model() -> None:
    assert sniff(message(7, message(2, b"g")) + message(8, b"\x10\x11") + b"\x08\x08") is Kind.ONNX
