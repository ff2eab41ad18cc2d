"""Train two small recognisers on real sequences and see whether the program reports what training measured.

    pip install --no-deps -c packaging/constraints.txt aeon
    python scripts/train_real_sequences.py OUT               train, write the files of both runs
    python scripts/train_real_sequences.py OUT --diagnose    and diagnose each

The sequences are JapaneseVowels: 640 utterances of nine speakers, 7 to 29 frames of 12 cepstral coefficients, 270 for
training and 370 for validation. They are bundled with the package aeon, of which nothing is imported: its requirements
conflict with the versions that are pinned here, and only two data files are read. Another folder with them is `--data`.

One run is the notebook's layout (BiLSTM, blank at 0, majority of frames), the other a GRU with mean pooling and
cross-entropy. Each folder gets a checkpoint, both caches, the vocabulary, a log, and `measured.json` with what the code
here measured, one clip at a time, independently of the program.

Source: Kudo, Toyama and Shimbo 1999, Multidimensional curve classification using passing-through regions.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import pickle
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

SET = "JapaneseVowels"
FEATURES, SPEAKERS = 12, 9
BATCH = 16
EPOCHS = 20
SEED = 5
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance: (T, 12) features, and the speaker, 1 to 9."""

    features: FloatArray
    speaker: int


def bundled_data() -> Path | None:
    """The folder of the data set inside the installed package, or None."""
    found = importlib.util.find_spec("aeon")
    places = found.submodule_search_locations if found is not None else None
    folder = Path(next(iter(places))) / "datasets" / "data" / SET if places else None
    return folder if folder is not None and (folder / f"{SET}_TRAIN.ts").is_file() else None


def read_ts(path: Path) -> list[Clip]:
    """The clips of a .ts file: one line a clip, dimensions parted by colons, the class last."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(place for place, line in enumerate(lines) if line.strip().lower() == "@data") + 1
    clips = []
    for line in (line for line in lines[start:] if line.strip()):
        *dimensions, label = line.strip().split(":")
        rows = np.array([[float(number) for number in one.split(",")] for one in dimensions], np.float32)
        clips.append(Clip(np.ascontiguousarray(rows.T), int(label)))  # (12, T) -> (T, 12)
    return clips


class CtcRecogniser(nn.Module):
    """The notebook's layout: an answer a frame, blank at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Module()
        self.encoder.lstm = nn.LSTM(FEATURES, 32, 1, batch_first=True, bidirectional=True)
        self.classifier = nn.Linear(64, SPEAKERS + 1)

    def forward(self, clips: Tensor, lengths: Tensor) -> Tensor:
        """(N, T, 12) and (N,) -> (N, T, 10)"""
        packed = pack_padded_sequence(clips, lengths, batch_first=True, enforce_sorted=False)
        encoded, _ = pad_packed_sequence(self.encoder.lstm(packed)[0], batch_first=True)
        logits: Tensor = self.classifier(encoded)
        return logits

    def loss(self, logits: Tensor, lengths: Tensor, speakers: Tensor) -> Tensor:
        """CTC loss of one gloss a clip."""
        ones = torch.ones_like(speakers)
        return nn.functional.ctc_loss(logits.log_softmax(-1).transpose(0, 1), speakers[:, None], lengths, ones)

    def answer(self, logits: Tensor) -> int:
        """Most frequent frame that is not blank, ties to the lowest; 0 where all are blank. (T, 10)"""
        said = Counter(one for one in logits.argmax(-1).tolist() if one)
        return min(said, key=lambda one: (-said[one], one)) if said else 0


class PooledRecogniser(nn.Module):
    """A GRU, the mean over frames, cross-entropy over the speakers; speaker 1 is class 0."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(FEATURES, 32, 1, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(64, SPEAKERS)

    def forward(self, clips: Tensor, lengths: Tensor) -> Tensor:
        """(N, T, 12) and (N,) -> (N, 9)"""
        packed = pack_padded_sequence(clips, lengths, batch_first=True, enforce_sorted=False)
        encoded, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        mask = torch.arange(encoded.shape[1])[None, :, None] < lengths[:, None, None]
        logits: Tensor = self.fc((encoded * mask).sum(1) / lengths[:, None])
        return logits

    def loss(self, logits: Tensor, lengths: Tensor, speakers: Tensor) -> Tensor:
        """Cross-entropy."""
        return nn.functional.cross_entropy(logits, speakers - 1)

    def answer(self, logits: Tensor) -> int:
        """The speaker. (9,)"""
        return int(logits.argmax()) + 1


Recogniser = CtcRecogniser | PooledRecogniser
RUNS: dict[str, type[Recogniser]] = {"ctc": CtcRecogniser, "pooled": PooledRecogniser}


def score(network: Recogniser, clips: list[Clip]) -> tuple[int, float]:
    """`(clips right, mean loss)`, one clip at a time."""
    right, losses = 0, []
    network.eval()
    with torch.inference_mode():
        for clip in clips:
            length, speaker = torch.tensor([len(clip.features)]), torch.tensor([clip.speaker])
            logits = network(torch.from_numpy(clip.features)[None], length)
            losses.append(float(network.loss(logits, length, speaker)))
            right += network.answer(logits[0]) == clip.speaker
    return right, float(np.mean(losses))


def train(network: Recogniser, clips: list[Clip], validation: list[Clip], epochs: int) -> tuple[dict[str, object], str]:
    """Train, keep the epoch with the best validation accuracy; returns its checkpoint and the log."""
    torch.manual_seed(SEED)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    order, log, best = np.random.default_rng(SEED), [], {"val_acc": -1.0}
    checkpoint: dict[str, object] = {}
    for epoch in range(1, epochs + 1):
        network.train()
        losses = []
        for rows in np.array_split(order.permutation(len(clips)), -(-len(clips) // BATCH)):
            batch = [clips[row] for row in rows.tolist()]
            lengths = torch.tensor([len(one.features) for one in batch])
            speakers = torch.tensor([one.speaker for one in batch])
            padded = pad_sequence([torch.from_numpy(one.features) for one in batch], batch_first=True)
            loss = network.loss(network(padded, lengths), lengths, speakers)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
        right, val_loss = score(network, validation)
        val_acc, train_loss = 100 * right / len(validation), float(np.mean(losses))
        log += [f"Epoch {epoch}/{epochs}:", f"  Train Loss: {train_loss:.4f}", f"  Val Loss: {val_loss:.4f}"]
        log.append(f"  Val Accuracy: {val_acc:.2f}%")
        if val_acc > best["val_acc"]:
            best = {"val_acc": val_acc, "val_loss": val_loss, "train_loss": train_loss}
            weights = {key: value.clone() for key, value in network.state_dict().items()}
            checkpoint = {"epoch": epoch, "model_state_dict": weights, **best}
    return checkpoint, "\n".join(log) + "\n"


def write_run(folder: Path, name: str, data: Path, epochs: int = EPOCHS) -> dict[str, float]:
    """Train one run and write its files; returns what was measured."""
    torch.manual_seed(SEED)
    network = RUNS[name]()
    sets = {"train": read_ts(data / f"{SET}_TRAIN.ts"), "val": read_ts(data / f"{SET}_TEST.ts")}
    checkpoint, log = train(network, sets["train"], sets["val"], epochs)
    first = 1 if name == "ctc" else 0  # the id of speaker 1; 0 is the blank of the one that has a blank
    vocabulary = {f"speaker {number}": number - 1 + first for number in range(1, SPEAKERS + 1)}
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({**checkpoint, "gloss_to_id": vocabulary}, folder / "best_model.pt")
    for split, clips in sets.items():
        cache = {
            f"{split}_{index:03}": {
                "features": clip.features,
                "gloss": f"speaker {clip.speaker}",
                "gloss_id": clip.speaker - 1 + first,
                "split": split,
            }
            for index, clip in enumerate(clips)
        }
        (folder / f"features_{split}.pkl").write_bytes(pickle.dumps(cache))
    (folder / "vocabulary.json").write_text(
        json.dumps({"gloss_to_id": vocabulary, "vocab_size": SPEAKERS + first}), encoding="utf-8"
    )
    (folder / "training.log").write_text(log, encoding="utf-8")
    network.load_state_dict(checkpoint["model_state_dict"])  # type: ignore[arg-type]
    measured: dict[str, float] = {}
    for split, clips in sets.items():
        right, loss = score(network, clips)
        measured |= {f"{split}_correct": right, f"{split}_of": len(clips), f"{split}_loss": loss}
    (folder / "measured.json").write_text(json.dumps(measured, indent=1), encoding="utf-8")
    return measured


def files_of(folder: Path) -> list[str]:
    """What is dropped on the window."""
    names = ("best_model.pt", "features_val.pkl", "features_train.pkl", "vocabulary.json", "training.log")
    return [str(folder / name) for name in names]


def main() -> int:
    """Train both runs, and diagnose them where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, help=f"folder with {SET}_TRAIN.ts and {SET}_TEST.ts")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--diagnose", action="store_true")
    options = parser.parse_args()
    data = options.data or bundled_data()
    if data is None:
        print("The sequences are not here: pip install --no-deps -c packaging/constraints.txt aeon", file=sys.stderr)
        return 2
    for name in RUNS:
        measured = write_run(options.out / name, name, data, options.epochs)
        print(
            f"{name}: {measured['val_correct']} of {measured['val_of']} validation clips, "
            f"{measured['train_correct']} of {measured['train_of']} training clips"
        )
        if options.diagnose:
            from asl_inspector.cli import main as asl_inspector

            asl_inspector(["diagnose", *files_of(options.out / name), "--device", "cpu", "--quiet"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
