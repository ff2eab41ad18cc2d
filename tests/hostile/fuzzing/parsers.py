"""The parsers that are fuzzed: how their files are changed, and the sound files that the changes start from."""

from __future__ import annotations

import io
import json
import pickle
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hostile.corpus.containers import joblib, nested, torch_legacy, torch_tar, zip_archive
from hostile.corpus.damaged import sound
from hostile.corpus.lures import field, onnx_model
from hostile.corpus.tensors import archive, storage, tensor, with_good
from hostile.fuzzing import clip_seeds
from hostile.fuzzing.archive_changes import change_tar, change_zip
from hostile.fuzzing.byte_changes import change_bytes
from hostile.fuzzing.case_changes import change_kept_case, kept_case
from hostile.fuzzing.pickle_changes import change_pickle
from hostile.fuzzing.protobuf_changes import change_message
from hostile.fuzzing.text_changes import change_json, change_log, change_npy, change_safetensors

LARGEST_SEED = 20_000  # bytes: small files are changed where it matters, and read fast


@dataclass(frozen=True, slots=True)
class Parser:
    """One parser under test.

    Attributes:
        name: Its name in reports.
        change: Makes a sound file unsound.
        seeds: Sound files.
    """

    name: str
    change: Callable[[bytes, random.Random], bytes]
    seeds: tuple[bytes, ...]


def _rich_stream() -> bytes:
    w = tensor(storage("1", None, 4))
    optimizer = {"state": {0: {"step": 3, "exp_avg": w}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    return with_good(
        model_state_dict={"a.weight": w, "b": tensor(None, 1, (3,))},
        optimizer_state_dict=optimizer,
        gloss_to_id={"a": 0, "b": 1},
        config={"lr": 0.1, "deep": {"x": [1, 2]}},
        train_losses=[3.0, 2.0],
        val_acc=0.5,
    )


def _legacy() -> bytes:
    import struct

    return (
        torch_legacy(_rich_stream())[: -len(pickle.dumps([], protocol=2))]
        + pickle.dumps(["0", "1"], 2)
        + b"".join(struct.pack("<q4f", 4, 1, 2, 3, 4) for _ in range(2))
    )


def _onnx() -> bytes:
    """A model with an initializer in each of the ways that there are."""
    packed = field(1, 2) + field(1, 2) + field(2, 1) + field(8, "w") + field(9, bytes(16))
    floats = field(1, 2) + field(2, 1) + field(8, "f") + field(4, bytes(8))
    wide = field(1, 2) + field(2, 7) + field(8, "i") + field(7, b"\x01\x02")
    node = field(1, "x") + field(2, "y") + field(4, "Gemm") + field(5, field(1, "t") + field(5, packed))
    graph = field(1, node) + field(2, "g") + field(5, packed) + field(5, floats) + field(5, wide)
    return field(1, 8) + field(2, "corpus") + field(7, graph) + field(8, field(1, "") + field(2, 17))


def _small_npz() -> bytes:
    held = sound()["npy"][1]
    return zip_archive({"a.npy": held, "b.npy": _npy_numbers()})


def _npy_numbers() -> bytes:
    import numpy as np

    out = io.BytesIO()
    np.save(out, np.arange(6, dtype="<f4").reshape(2, 3))
    return out.getvalue()


def _script_archive() -> bytes:
    stream = _rich_stream()
    return zip_archive(
        {
            "m/data.pkl": stream,
            "m/code/__torch__.py": b"class M(Module):\n  pass\n",
            "m/constants.pkl": b"\x80\x02).",
            "m/version": b"3\n",
            "m/data/0": bytes(16),
        }
    )


def _index() -> bytes:
    where = {"a.weight": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    return json.dumps({"metadata": {"total_size": 100}, "weight_map": where}).encode()


LOG = b"""Using pre-trained encoder
Epoch 1/50:
  Train Loss: 3.4767 (CTC: 2.2048, Blank Penalty: 1.2719) | Val Loss: 3.1
  Val Accuracy: 3.57%
Epoch 2/50: train_loss=2.5 val_loss=2.4 val_acc=0.07 lr=1e-3
could not load pretrained weights
"""


TABLE = b"clip,0,1,2,label\na,0.5,-1.25,3.0,2\nb,1.5,nan,0.25,0\nc,-1,2,3e2,1\n"


def _scores() -> object:
    import numpy as np

    return {f"clip{index}": np.arange(4, dtype=np.float32) + index for index in range(9)}


def _npz_of_scores() -> bytes:
    import numpy as np

    out = io.BytesIO()
    random_numbers = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    names = np.array(["a", "b", "c"], dtype=object)
    np.savez(out, logits=random_numbers, lengths=np.array([4, 2, 3]), labels=np.arange(3), clip_ids=names)
    return out.getvalue()


@cache
def small_parsers() -> tuple[Parser, ...]:
    """Every parser with seeds that are made at once."""
    held = {name: content for name, (_, content) in sound().items()}
    streams = tuple(content for name, content in held.items() if name.startswith("pickle"))
    return (
        Parser(
            "pickle",
            change_pickle,
            (
                *streams,
                pickle.dumps(_plain(), 2),
                pickle.dumps(_plain(), 4),
                nested(_rich_stream()),
                joblib(streams[1]),
            ),
        ),
        Parser("torch zip", change_zip, (held["torch zip"], archive(_rich_stream(), **{"1": bytes(16)}))),
        Parser("torch legacy", change_pickle, (held["torch legacy"], _legacy())),
        Parser("torch tar", change_tar, (held["torch tar"], torch_tar(_rich_stream()))),
        Parser("TorchScript", change_zip, (_script_archive(),)),
        Parser("safetensors", change_safetensors, (held["safetensors"],)),
        Parser("npy", change_npy, (held["npy"], _npy_numbers())),
        Parser("npz", change_zip, (held["npz"], _small_npz())),
        Parser("ONNX", change_message, (onnx_model("weights.bin"), _onnx())),
        Parser("index", change_json, (_index(),)),
        Parser("vocabulary", change_json, (held["vocabulary"], b'["a", "b"]', b'{"0": "a", "1": "b"}')),
        Parser("notebook", change_json, (held["notebook"],)),
        Parser("log", change_log, (LOG,)),
        Parser("saved outputs in a pickle", change_pickle, (pickle.dumps(_scores(), 2), pickle.dumps(_scores(), 4))),
        Parser("saved outputs in an npz", change_zip, (_npz_of_scores(),)),
        Parser("saved outputs in a table", change_log, (TABLE, b"clip0,3\nclip1,3\nclip2,3\nclip3,0\n")),
        Parser("pose", change_bytes, (clip_seeds.pose_file(),)),
        Parser("SPOTER", change_log, (clip_seeds.spoter_table(),)),
        Parser("OpenPose", change_json, (clip_seeds.openpose_frame(),)),
        Parser("clips in an npz", change_zip, (clip_seeds.npz_of_clips(), clip_seeds.npz_of_objects())),
        Parser("clips in safetensors", change_safetensors, (clip_seeds.safetensors_of_clips(),)),
        Parser("clips of torch.save", change_zip, (clip_seeds.torch_clips(),)),
        Parser("events", clip_seeds.change_events, (clip_seeds.event_file(),)),
        Parser("saved case", change_json, (clip_seeds.saved_case(),)),
        Parser("result kept in a case", change_kept_case, (kept_case(),)),
        Parser("any bytes", change_bytes, (*held.values(), LOG, _onnx())),
    )


def _plain() -> object:
    import numpy as np

    array = np.arange(8, dtype=np.float32).reshape(4, 2)
    clip = {"features": array, "gloss": "a", "gloss_id": np.int64(3), "split": "train"}
    return {"clip 1": clip, "clip 2": {**clip, "features": array[:0]}}


@cache
def parsers() -> tuple[Parser, ...]:
    """Every parser with the benign files of the corpus as seeds too."""
    from hostile.corpus.benign_cases import benign_cases

    by_format: dict[str, list[bytes]] = {}
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, case in enumerate(benign_cases()):
            place = Path(folder) / str(number)
            place.mkdir()
            content = case.make(place).path.read_bytes()
            if len(content) <= LARGEST_SEED:
                by_format.setdefault(case.format, []).append(content)
    return tuple(
        Parser(parser.name, parser.change, (*parser.seeds, *by_format.get(parser.name, ())))
        for parser in small_parsers()
    )
