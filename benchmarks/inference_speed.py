"""Clips a second through the notebook's network: this program, the seed's own loop, and the best plain PyTorch loop.

All of them compute what the panels need: frame winners, blank posteriors and the CTC loss of the true gloss.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from torch import nn

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.inference.running import run_network
from asl_inspector.inference.sources import ClipSource
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks.building import build_network
from benchmarks.measuring import Result, median, timed

RUNS = 5
CLIPS, FEATURES, HIDDEN, CLASSES = 1_600, 36, 128, 101


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

    def ours() -> None:
        run_network(network, source, device="cpu")

    @torch.inference_mode()
    def seed() -> None:
        for start in range(0, CLIPS, 16):
            part = slice(start, min(start + 16, CLIPS))
            packed = nn.utils.rnn.pack_sequence(tensors[part], enforce_sorted=False)
            encoded, _ = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
            reduced(head(encoded), sizes[part], truth[part])

    @torch.inference_mode()
    def exact(size: int = 256) -> None:
        groups: dict[int, list[int]] = defaultdict(list)
        for index, length in enumerate(lengths.tolist()):
            groups[length].append(index)
        for members in groups.values():
            for start in range(0, len(members), size):
                part = members[start : start + size]
                reduced(head(lstm(torch.stack([tensors[i] for i in part]))[0]), sizes[part], truth[part])

    @torch.inference_mode()
    def buckets(size: int = 64) -> None:
        order = np.argsort(lengths, kind="stable").tolist()
        for start in range(0, CLIPS, size):
            part = order[start : start + size]
            packed = nn.utils.rnn.pack_sequence([tensors[i] for i in part], enforce_sorted=False)
            encoded, _ = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
            reduced(head(encoded), sizes[part], truth[part])

    rivals = {"seed": seed, "exact": exact, "buckets": buckets}
    ours()
    times: dict[str, list[float]] = {name: [] for name in ("ours", *rivals)}
    threads = torch.get_num_threads()
    for _ in range(RUNS):
        times["ours"].append(timed(ours))
        torch.set_num_threads(threads)
        for rival, work in rivals.items():
            times[rival].append(timed(work))
    speed = {name: CLIPS / median(values) for name, values in times.items()}
    best = max(("exact", "buckets"), key=lambda name: speed[name])
    words = {"exact": "exact-length groups in plain PyTorch", "buckets": "packed buckets in plain PyTorch"}
    what = f"Clips a second on the CPU, BiLSTM 2 x {HIDDEN}, {CLIPS:,} clips, from features to all columns."
    against = (
        ("inference_against_seed", "the seed's loop: batches of 16 in file order, packed", speed["seed"], 1.5),
        ("inference_against_best", words[best], speed[best], 0.95),
    )
    return [
        Result(
            name,
            what,
            speed["ours"],
            "clips/s",
            rival,
            value,
            f"at least {factor} times",
            speed["ours"] >= factor * value,
            RUNS,
        )
        for name, rival, value, factor in against
    ]
