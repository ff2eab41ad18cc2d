"""Clips a second through the notebook's network: this program, the seed's own loop, and the best plain PyTorch loop.

The rivals compute frame winners, blank posteriors and the CTC loss of the true gloss; ours the exact scores of all
glosses besides. Each plain loop is tried with one thread and with one a core and with several sizes of batch, and its
quickest setting counts.
"""

from __future__ import annotations

import math
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.inference.running import run_network
from asl_inspector.inference.sources import ClipSource
from asl_inspector.inference.workers import cores
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks.building import build_network
from benchmarks.measuring import Result, median, timed

RUNS = 5
HOPELESS = 2
THREADS = tuple(dict.fromkeys((1, cores())))
CLIPS, FEATURES, HIDDEN, CLASSES = 1_600, 36, 128, 101


@dataclass(frozen=True)
class Rival:
    """A loop with its settings; of several with one name the quickest counts."""

    name: str
    words: str
    run: Callable[[int], None]
    size: int
    threads: int


def make(folder: Path) -> tuple[Path, nn.LSTM, nn.Linear]:
    """A checkpoint in the notebook's layout, and its parts."""
    torch.manual_seed(0)
    lstm = nn.LSTM(FEATURES, HIDDEN, 2, batch_first=True, bidirectional=True).eval()
    head = nn.Linear(2 * HIDDEN, CLASSES)
    state = {f"encoder.lstm.{key}": value for key, value in lstm.state_dict().items()}
    state |= {f"classifier.{key}": value for key, value in head.state_dict().items()}
    torch.save({"model_state_dict": state}, folder / "a.pt")
    return folder / "a.pt", lstm, head


def reduced(logits: torch.Tensor, lengths: torch.Tensor, labels: torch.Tensor) -> None:
    """What a plain loop computes from a batch."""
    log_probs = logits.log_softmax(-1)
    logits.argmax(-1)
    log_probs[..., 0].exp()
    ones = torch.ones(len(labels), dtype=torch.long)
    nn.functional.ctc_loss(log_probs.transpose(0, 1), labels[:, None], lengths, ones, reduction="none")


def measure() -> list[Result]:
    """Throughputs, each rival in the same run."""
    random = np.random.default_rng(0)
    clips = [random.normal(size=(int(20 + random.exponential(9)), FEATURES)).astype(np.float32) for _ in range(CLIPS)]
    lengths, labels = np.array([len(clip) for clip in clips]), random.integers(1, CLASSES, CLIPS)
    tensors = [torch.from_numpy(clip) for clip in clips]
    truth, sizes = torch.from_numpy(labels), torch.from_numpy(lengths)
    with tempfile.TemporaryDirectory() as name:
        path, lstm, head = make(Path(name))
        file = MappedFile(path)
        network = build_network(open_checkpoint(file), file.view)
    source = ClipSource("clips", lengths, labels, FEATURES, lambda index: clips[index])

    def seed(size: int) -> None:
        for start in range(0, CLIPS, size):
            part = slice(start, min(start + size, CLIPS))
            packed = nn.utils.rnn.pack_sequence(tensors[part], enforce_sorted=False)
            encoded, _ = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
            reduced(head(encoded), sizes[part], truth[part])

    def exact(size: int) -> None:
        groups: dict[int, list[int]] = defaultdict(list)
        for index, length in enumerate(lengths.tolist()):
            groups[length].append(index)
        for members in groups.values():
            for start in range(0, len(members), size):
                part = members[start : start + size]
                reduced(head(lstm(torch.stack([tensors[i] for i in part]))[0]), sizes[part], truth[part])

    def buckets(size: int) -> None:
        order = np.argsort(lengths, kind="stable").tolist()
        for start in range(0, CLIPS, size):
            part = order[start : start + size]
            packed = nn.utils.rnn.pack_sequence([tensors[i] for i in part], enforce_sorted=False)
            encoded, _ = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
            reduced(head(encoded), sizes[part], truth[part])

    rivals = [
        Rival("seed", "the seed's loop: batches of 16 in file order, packed", seed, 16, threads) for threads in THREADS
    ]
    for threads in THREADS:
        rivals += [Rival("best", "exact-length groups in plain PyTorch", exact, size, threads) for size in (64, 256)]
        rivals += [Rival("best", "packed buckets in plain PyTorch", buckets, size, threads) for size in (64, 256)]
    ours, speeds = side_by_side(lambda: run_network(network, source, device="cpu"), rivals)
    what = f"Clips a second on the CPU, BiLSTM 2 x {HIDDEN}, {CLIPS:,} clips, from features to all columns."
    found = []
    for name, factor in (("seed", 1.5), ("best", 0.95)):
        rival = max((one for one in speeds if one.name == name), key=lambda one: speeds[one])
        told = f"{rival.words}, {rival.size} clips a batch, {rival.threads} threads"
        found.append(
            Result(
                f"inference_against_{name}",
                what,
                ours,
                "clips/s",
                told,
                speeds[rival],
                f"at least {factor} times",
                ours >= factor * speeds[rival],
                RUNS,
            )
        )
    return found


@torch.inference_mode()
def side_by_side(ours: Callable[[], object], rivals: list[Rival]) -> tuple[float, dict[Rival, float]]:
    """Clips a second of ours and of every rival, medians of rounds in which each runs once.

    A rival that takes more than twice as long as the quickest of its name in the first round is not run again.
    """
    times: dict[Rival | None, list[float]] = {one: [] for one in (None, *rivals)}
    before = torch.get_num_threads()
    ours()
    for number in range(RUNS):
        times[None].append(timed(ours))
        for rival in rivals:
            quickest = min(sum(times[one][:1], 0.0) or math.inf for one in rivals if one.name == rival.name)
            if number and times[rival][0] > HOPELESS * quickest:
                continue
            torch.set_num_threads(rival.threads)
            times[rival].append(timed(partial(rival.run, rival.size)))
        torch.set_num_threads(before)
    speed = {one: CLIPS / median(held) for one, held in times.items()}
    return speed.pop(None), {one: held for one, held in speed.items() if one is not None}
