"""Every family, whatever the batch size, the order of the clips, the device and the grouping: as one clip at a time.

The yardstick is the rebuilt module on one clip, and torch's own CTC loss or cross-entropy. That the module computes what
the original does is held by the tests of each family.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from inference.pretended_gpu import pretend
from makers import Stage2, make_notebook, save_notebook
from networks.families import FEATURES, MEMBERS, WlaslTgcn
from networks.test_families import made, rebuilt
from networks.test_st_gcn import Published
from torch import nn

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.inference.placed import PlacedNetwork
from asl_inspector.inference.predictions import NO_BLANK, Predictions
from asl_inspector.inference.preparing import prepared
from asl_inspector.inference.running import Run
from asl_inspector.inference.sources import ClipSource
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks import recognising
from asl_inspector.networks.building import BuiltNetwork, build_network
from asl_inspector.networks.parts import parts_of

CLIPS = 24


def saved(folder: Path, network: nn.Module) -> BuiltNetwork:
    file = MappedFile(save_notebook(folder / "a.pt", network.eval()))
    return build_network(open_checkpoint(file), file.view)


MAKERS: dict[str, Callable[[Path], BuiltNetwork]] = {
    "notebook": lambda folder: saved(folder, make_notebook(inputs=FEATURES, hidden=6, classes=7)),
    "stage 2 trainer": lambda folder: saved(folder, Stage2(FEATURES, 8, 7)),
    "ST-GCN": lambda folder: saved(folder, Published()),
    "TGCN": lambda folder: saved(folder, WlaslTgcn()),
} | {member.name: lambda folder, member=member: rebuilt(member, made(member), folder) for member in MEMBERS}


def clips_for(built: BuiltNetwork) -> ClipSource:
    random = np.random.default_rng(4)
    least = built.module.least_frames
    clips = [random.normal(size=(int(random.integers(least, 34)), FEATURES)).astype(np.float32) for _ in range(CLIPS)]
    labels = random.integers(1, built.architecture.classes, CLIPS)
    source = ClipSource("x", np.array([len(one) for one in clips]), labels, FEATURES, lambda index: clips[index])
    return prepared(source, built.preparation)


def in_order(source: ClipSource, order: np.ndarray) -> ClipSource:
    return dataclasses.replace(
        source,
        lengths=source.lengths[order],
        gloss_ids=source.gloss_ids[order],
        features=lambda index: source.features(int(order[index])),
    )


def one_at_a_time(built: BuiltNetwork, source: ClipSource) -> tuple[list[list[int]], list[float]]:
    """Winning classes of every frame, and losses."""
    frames, losses = [], []
    for index in range(CLIPS):
        with torch.inference_mode():
            logits = built.module(torch.from_numpy(source.features(index))[None])[0]
        logits = logits if logits.dim() == 2 else logits[None]
        label = torch.tensor([int(source.gloss_ids[index])])
        if built.architecture.blank is None:
            loss = -logits.log_softmax(-1).mean(0)[label]
        else:
            given = logits.log_softmax(-1)[:, None], label[None], torch.tensor([len(logits)]), torch.tensor([1])
            loss = nn.functional.ctc_loss(*given, blank=built.architecture.blank, reduction="sum")
        frames.append(logits.argmax(-1).tolist())
        losses.append(float(loss))
    return frames, losses


@pytest.mark.parametrize("name", MAKERS)
def test_no_grouping_changes_a_prediction_or_a_loss(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(5)
    built = MAKERS[name](tmp_path)
    source = clips_for(built)
    wanted_frames, wanted_losses = one_at_a_time(built, source)
    orders = {
        "as it is": np.arange(CLIPS),
        "turned": np.arange(CLIPS)[::-1],
        "mixed": np.random.default_rng(1).permutation(CLIPS),
    }

    def check(found: Predictions, order: np.ndarray) -> None:
        assert found.ran.all()
        assert found.blank == (NO_BLANK if built.architecture.blank is None else built.architecture.blank)
        said = found.frame_argmax()
        for place, index in enumerate(order.tolist()):
            assert said[found.starts[place] : found.starts[place + 1]].tolist() == wanted_frames[index]
            if built.architecture.pooled:
                assert found.top[place, 0] == wanted_frames[index][0]
        np.testing.assert_allclose(found.loss, np.array(wanted_losses)[order], atol=1e-5, rtol=1e-5)

    for order, (size, threads) in zip(orders.values(), ((1, 1), (10_000, 3), (70, 2)), strict=True):
        run = Run(built, in_order(source, order), device="cpu", batch_frames=size, threads=threads)
        check(run.go_on(), order)
    monkeypatch.setattr(type(built.module), "ragged", False)  # groups of exactly one length
    check(Run(built, source, device="cpu").go_on(), orders["as it is"])
    monkeypatch.undo()
    pretend(monkeypatch)
    check(Run(built, in_order(source, orders["mixed"]), batch_frames=70).go_on(), orders["mixed"])


def test_every_family_is_held_to_it(tmp_path: Path) -> None:
    """A family that is added and not to be found among the networks above is noticed."""
    known = set()
    for make in MAKERS.values():
        torch.manual_seed(5)
        make(tmp_path)
        path = next(tmp_path.glob("a.pt"))
        weights = open_checkpoint(MappedFile(path)).weights
        bare = {key.removeprefix("module.").removeprefix("_orig_mod.model."): one for key, one in weights.items()}
        known.update(family for family in recognising.FAMILIES if family(parts_of(bare)) is not None)
    assert {family.__module__ for family in known} == {family.__module__ for family in recognising.FAMILIES}


def test_the_yardstick_notices_a_padded_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A grouping that lets padding in changes losses by far more than is allowed."""
    built = MAKERS["mean_transformer"](tmp_path)
    source = clips_for(built)
    plain = PlacedNetwork.logits
    monkeypatch.setattr(
        PlacedNetwork, "logits", lambda self, clips, lengths=None: plain(self, nn.functional.pad(clips, (0, 0, 0, 2)))
    )
    found = Run(built, source, device="cpu").go_on()
    assert np.abs(found.loss - np.array(one_at_a_time(built, source)[1])).max() > 1e-3
