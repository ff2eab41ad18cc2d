"""Sound files of clips and histories, small enough to be changed where it matters."""

from __future__ import annotations

import io
import json
import random
import struct

import numpy as np
import torch
from safetensors.torch import save

from asl_inspector.history.tensorboard_events import masked_crc, records
from hostile.fuzzing.byte_changes import change_bytes
from hostile.fuzzing.protobuf_changes import BYTES, FIXED32, VARINT, build, change_message

NUMBERS = np.random.default_rng(0).random((3, 4, 6)).astype("f4")


def pose_file() -> bytes:
    """A `.pose` file of two parts, as pose-format writes it."""
    from pose_format import Pose
    from pose_format.numpy import NumPyPoseBody
    from pose_format.pose_header import PoseHeader, PoseHeaderComponent, PoseHeaderDimensions

    parts = [
        PoseHeaderComponent(name, [f"P{index}" for index in range(3)], [(0, 1)], [(255, 0, 0)], "XYZC")
        for name in ("POSE_LANDMARKS", "LEFT_HAND_LANDMARKS")
    ]
    body = NumPyPoseBody(25.0, NUMBERS.reshape(4, 1, 6, 3), np.ones((4, 1, 6), "f4"))
    out = io.BytesIO()
    Pose(PoseHeader(0.2, PoseHeaderDimensions(64, 48, 0), parts), body).write(out)
    return out.getvalue()


def spoter_table() -> bytes:
    """Two clips of three joints in SPOTER's CSV."""
    names = [f"{joint}_{axis}" for joint in ("nose", "neck", "wrist_left") for axis in "XY"]
    quoted = [f'"{NUMBERS[0, :, column].round(3).tolist()}"' for column in range(6)]
    row = ",".join(quoted)
    return "\n".join([",".join(["labels", "video_fps", *names]), f"1,25.0,{row}", f"2,25.0,{row}", ""]).encode()


def openpose_frame() -> bytes:
    """One frame of OpenPose's JSON."""
    sizes = {"pose": 25, "hand_left": 21, "hand_right": 21}
    person = {f"{name}_keypoints_2d": [0.5] * (3 * count) for name, count in sizes.items()}
    return json.dumps({"version": 1.3, "people": [{"person_id": [-1], **person}]}).encode()


def npz_of_clips() -> bytes:
    """Padded clips with their lengths and labels."""
    out = io.BytesIO()
    names = np.array(["a", "b", "a"])
    np.savez(out, features=NUMBERS, lengths=np.array([4, 2, 3]), labels=np.array([1, 2, 1]), gloss=names)
    return out.getvalue()


def npz_of_objects() -> bytes:
    """Clips of several lengths in an array of objects."""
    held = np.empty(3, object)
    held[:] = [NUMBERS[0], NUMBERS[1, :2], NUMBERS[2, :3]]
    out = io.BytesIO()
    np.savez(out, X=held, y=np.array(["a", "b", "a"], object))
    return out.getvalue()


def safetensors_of_clips() -> bytes:
    """Padded clips with their lengths and labels."""
    return save(
        {"features": torch.tensor(NUMBERS), "lengths": torch.tensor([4, 2, 3]), "labels": torch.tensor([1, 2, 1])}
    )


def torch_clips() -> bytes:
    """A list of clips as torch.save writes it."""
    out = io.BytesIO()
    torch.save([{"features": torch.tensor(one), "gloss": name} for one, name in zip(NUMBERS, "aba", strict=True)], out)
    return out.getvalue()


def saved_case() -> bytes:
    """A case file."""
    files = [
        {"path": "a.pt", "bytes": 10, "sha256": "0" * 64, "role": "checkpoint"},
        {"path": "../b.pkl", "absolute": "/tmp/b.pkl", "layout": {"features": "x", "time_axis": 1, "padding": "keep"}},  # noqa: S108
    ]
    result = {"headline": "x", "causes": [["overfitting", 0.5]], "correct": 3, "clips": 9}
    settings = {"decoder": "score", "blank": 0, "choices": {"pooling": "mean"}, "mixed": False}
    kind = "ASL Inspector case"
    return json.dumps({"kind": kind, "schema": 1, "files": files, "settings": settings, "result": result}).encode()


def event_file() -> bytes:
    """TensorBoard events of three epochs."""
    out = [_record(build([(1, 1, struct.pack("<d", 1.0)), (3, BYTES, b"brain.Event:2")]))]
    for step in range(3):
        for tag in (b"loss/train", b"loss/val", b"epoch"):
            value = build([(1, BYTES, tag), (2, FIXED32, struct.pack("<f", 1.0 / (step + 1)))])
            out.append(_record(build([(2, VARINT, step), (5, BYTES, build([(1, BYTES, value)]))])))
    return b"".join(out)


def _record(data: bytes) -> bytes:
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", masked_crc(head)) + data + struct.pack("<I", masked_crc(data))


def change_events(content: bytes, chance: random.Random) -> bytes:
    """A record's message changed under a right checksum, records moved about, or bytes."""
    kind = chance.randrange(5)
    try:
        held = [record or b"" for record in records(content)]
    except (EOFError, ValueError):
        held = []
    if kind == 0 or not held:
        return change_bytes(content, chance)
    at = chance.randrange(len(held))
    if kind == 1:
        held.insert(at, held[chance.randrange(len(held))] * chance.choice((1, 1, 2, 9)))
    else:
        held[at] = change_message(held[at], chance)
    return b"".join(_record(record) for record in held)
