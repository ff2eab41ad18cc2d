"""Sign models that are right on all clips only with their own preprocessing, which nothing in the file tells.

They are really trained here, on landmarks prepared in plain NumPy; the program is given the raw clips and the stored
accuracy, finds the preprocessing by trying, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from makers import write_cache
from torch import nn

from asl_inspector.inference.records import Settings
from asl_inspector.inspection import Inspector
from asl_inspector.networks.records import Choice
from asl_inspector.report.contents import Inspected
from asl_inspector.report.summary_text import summary_text

Prepare = Callable[[np.ndarray], np.ndarray]
GLOSSES, CLIPS_A_GLOSS, HIDDEN = 6, 25, 24
LANDMARKS, BODY = 75, 33  # two hands of 21 follow
SHOULDERS = (11, 12)
FRAMES = 32


def movements(seed: int) -> list[tuple[np.ndarray, int]]:
    """Clips of nine numbers; each has a scale and an offset of its own in every clip."""
    shapes = np.random.default_rng(11)
    speeds, phases = shapes.uniform(3, 12, size=(GLOSSES, 9)), shapes.uniform(0, 6, size=(GLOSSES, 9))
    random = np.random.default_rng(seed)
    found = []
    for number in range(GLOSSES * CLIPS_A_GLOSS):
        gloss, frames = number % GLOSSES, int(random.integers(12, 60))
        clip = np.sin(speeds[gloss] * np.linspace(0, 1, frames)[:, None] + phases[gloss])
        clip = clip + 0.02 * random.normal(size=clip.shape)
        clip = random.uniform(2, 50, size=9) * clip + random.uniform(-90, 90, size=9)
        found.append((clip.astype(np.float32), gloss))
    return found


def signs(seed: int) -> list[tuple[np.ndarray, int]]:
    """Clips of landmarks; where the signer stands, how large, and how fast differs from clip to clip.

    A gloss is a place of the body's landmarks beside the shoulders, and how often they go to and fro in the clip.
    """
    places = np.random.default_rng(12).normal(size=(3, BODY, 2))
    random = np.random.default_rng(seed)
    found = []
    for number in range(GLOSSES * CLIPS_A_GLOSS):
        gloss, frames = number % GLOSSES, int(random.integers(12, 60))
        place, often = gloss % 3, (1, 4)[gloss // 3]
        points = 0.02 * random.normal(size=(frames, LANDMARKS, 2))
        swing = 0.5 * np.cos(2 * np.pi * often * np.linspace(0, 1, frames))
        points[:, :BODY] += places[place] + swing[:, None, None]
        points[:, SHOULDERS[0]], points[:, SHOULDERS[1]] = (-1, 0), (1, 0)
        points = random.uniform(5, 60) * points + random.uniform(50, 400, size=2)
        found.append((points.reshape(frames, -1).astype(np.float32), gloss))
    return found


def each_clip_to_unit_range(clip: np.ndarray) -> np.ndarray:
    return ((clip - clip.min(0)) / (clip.max(0) - clip.min(0))).astype(np.float32)


def from_the_shoulders_resampled(clip: np.ndarray) -> np.ndarray:
    points = clip.reshape(len(clip), LANDMARKS, 2)
    left, right = (points[:, one] for one in SHOULDERS)
    centred = (points - ((left + right) / 2)[:, None]) / np.linalg.norm(left - right, axis=1)[:, None, None]
    flat = centred.reshape(len(clip), -1)
    places = np.linspace(0, len(clip) - 1, FRAMES)
    columns = [np.interp(places, np.arange(len(clip)), column) for column in flat.T]
    return np.stack(columns, axis=1).astype(np.float32)


class Recogniser(nn.Module):
    """Linear, GRU, linear on the last frame."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.embed = nn.Linear(inputs, HIDDEN)
        self.gru = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.fc = nn.Linear(HIDDEN, GLOSSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.gru(torch.relu(self.embed(x)))[0][:, -1])


def right(network: nn.Module, clips: list[tuple[np.ndarray, int]], prepare: Prepare) -> int:
    with torch.inference_mode():
        return sum(int(network(torch.from_numpy(prepare(clip))[None]).argmax()) == gloss for clip, gloss in clips)


def trained(clips: list[tuple[np.ndarray, int]], prepare: Prepare) -> nn.Module:
    """Trained until every clip is right."""
    torch.manual_seed(5)
    network = Recogniser(clips[0][0].shape[1])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    held = [(torch.from_numpy(prepare(clip)), gloss) for clip, gloss in clips]
    lengths = torch.tensor([len(clip) for clip, _ in held])
    padded = nn.utils.rnn.pad_sequence([clip for clip, _ in held], batch_first=True)
    truth = torch.tensor([gloss for _, gloss in held])
    for _ in range(300):
        encoded = network.gru(torch.relu(network.embed(padded)))[0]
        loss = nn.functional.cross_entropy(network.fc(encoded[torch.arange(len(held)), lengths - 1]), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.02:
            break
    return network.eval()


@pytest.fixture(autouse=True)
def _one_thread() -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def inspected(folder: Path, network: nn.Module, clips: list[tuple[np.ndarray, int]], **settings: object) -> Inspected:
    torch.save({"model_state_dict": network.state_dict(), "val_acc": 100.0, **settings}, folder / "best.pt")
    entries = {
        f"clip{number}": {"features": clip, "gloss": f"g{gloss}", "gloss_id": gloss}
        for number, (clip, gloss) in enumerate(clips)
    }
    inspector = Inspector(Settings(device="cpu"))
    inspector.add([folder / "best.pt", write_cache(folder / "features_val.pkl", entries)])
    return inspector.inspect()


def choice(found: Inspected, name: str) -> Choice:
    assert found.architecture is not None
    return next(one for one in found.architecture.choices if one.name == name)


def check_reproduced(found: Inspected, count: int) -> None:
    assert found.diagnosis.reproduction.val_acc is True
    assert found.validation is not None
    assert int((found.validation.majority == found.validation.clips.gloss_ids).sum()) == count


@pytest.mark.slow
def test_the_range_of_each_clip_is_found(tmp_path: Path) -> None:
    clips = movements(1)
    network = trained(clips, each_clip_to_unit_range)
    assert right(network, clips, each_clip_to_unit_range) == len(clips)
    assert right(network, clips, lambda clip: clip) < len(clips) / 2
    found = inspected(tmp_path, network, clips)
    check_reproduced(found, len(clips))
    told = choice(found, "preprocessing")
    assert (told.value, told.settled_by) == ("each clip to 0..1", "measured")
    assert told.sentence.startswith("Preprocessing: each clip to 0..1 reproduces the stored 100.00 %; ")
    assert told.sentence in " ".join(summary_text(found).split())


@pytest.mark.slow
@pytest.mark.parametrize("stated", [True, False], ids=["length stated", "length not stated"])
def test_landmarks_from_the_shoulders_at_one_length_are_found(tmp_path: Path, stated: bool) -> None:
    clips = signs(2)
    network = trained(clips, from_the_shoulders_resampled)
    assert right(network, clips, from_the_shoulders_resampled) == len(clips)
    assert right(network, clips, lambda clip: clip) < len(clips) / 2
    settings = {"config": {"max_frames": FRAMES}} if stated else {}
    found = inspected(tmp_path, network, clips, **settings)
    check_reproduced(found, len(clips))
    told = choice(found, "preprocessing")
    assert (told.value, told.settled_by) == ("centred on the shoulders", "measured")
    length = choice(found, "length")
    if stated:
        assert length.value == f"resampled to {FRAMES}"
    assert length.value.startswith("resampled to ")


@pytest.mark.slow
def test_what_reproduces_the_figure_in_several_ways_stays_assumed(tmp_path: Path) -> None:
    """Clips of one length: it does not matter whether they are resampled to it, padded, or left alone."""
    clips = [(clip[:12], gloss) for clip, gloss in movements(3)]
    network = trained(clips, each_clip_to_unit_range)
    assert right(network, clips, each_clip_to_unit_range) == len(clips)
    found = inspected(tmp_path, network, clips, config={"max_frames": 12})
    check_reproduced(found, len(clips))
    assert choice(found, "preprocessing").settled_by == "measured"
    length = choice(found, "length")
    assert (length.value, length.settled_by) == ("padded or cut to 12", "assumed")
    assert length.sentence == "Length: padded or cut to 12, assumed: others reproduce the stored 100.00 % as well."
    assert found.architecture is not None
    assert length.sentence in found.architecture.assumptions
