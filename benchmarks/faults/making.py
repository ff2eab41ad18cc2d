"""From a case to the files of its run."""

from __future__ import annotations

from pathlib import Path

import torch

from benchmarks.faults.kinds import setup_of
from benchmarks.faults.networks import make
from benchmarks.faults.planting import relabelled
from benchmarks.faults.records import Case, Clip, Setup
from benchmarks.faults.training import Epoch, State, evaluate, pretrain, train
from benchmarks.faults.writing import epoch_of, write_run

FEWER = 4  # features that a Stage 1 encoder which fits partly has not seen


def make_run(case: Case, folder: Path) -> dict[str, float]:
    """Train the run of a case, write its files into `folder`, which must exist, and tell what is true of its weights.

    Returns:
        "train" and "clean": accuracies on the training clips and on the validation clips before the fault, as fractions.
    """
    torch.set_num_threads(1)
    setup = setup_of(case)
    stage1 = _stage1_of(setup, case.seed)
    epochs = train(setup, stage1, case.seed)
    write_run(folder, setup, epochs, stage1)
    return measured(setup, epochs)


def measured(setup: Setup, epochs: list[Epoch]) -> dict[str, float]:
    """How good the saved weights are on clips that no fault of the validation file has touched."""
    learned = {gloss: number for clip in setup.train for gloss, number in zip(clip.glosses, clip.ids, strict=True)}
    clean = [clip for clip in setup.clean if clip.glosses[0] in learned]
    width = setup.train[0].features.shape[1]
    network = make(setup.arch, width, setup.training.hidden, setup.outputs, 0.0)
    network.load_state_dict(epochs[epoch_of(setup.saving.weights, epochs)].weights)
    return {
        name: evaluate(network, clips, "majority", mask=setup.training.mask_padding)[1] / 100
        for name, clips in (("train", setup.train), ("clean", relabelled(clean, learned)))
    }


def _stage1_of(setup: Setup, seed: int) -> State | None:
    if setup.stage1 is None:
        return None
    clips: list[Clip] = setup.train
    if setup.stage1.load == "what fits":
        clips = [Clip(one.name, one.glosses, one.ids, one.signer, one.features[:, FEWER:].copy()) for one in clips]
    both = setup.stage1.load != "one direction"
    return pretrain(setup.arch, clips, setup.stage1.hidden, seed + 1000, both=both)
