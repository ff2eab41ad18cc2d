"""Several files of one run whose answers a program computes: one consent serves all, and no other program runs by it."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from programs.conftest import clips_of
from programs.models import Pooled, Reader, Spotter, Windows, exported, frozen_script, onnx_model, seeded
from programs.test_own_code import SOUND
from torch import nn

from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.diagnosis.epoch_records import AlongEpochs
from asl_inspector.inference.records import Consent, Settings
from asl_inspector.inspection import Inspector
from asl_inspector.inspection_epochs import EpochRuns
from asl_inspector.programs.consent import hash_of
from asl_inspector.programs.same_program import same_program

EPOCHS = (1, 2, 3)
CLASSES = 8


def networks(kind: type[nn.Module]) -> dict[int, nn.Module]:
    """A network for each epoch, alike in all but their numbers."""
    found = {}
    for epoch in EPOCHS:
        network = seeded(kind, CLASSES)
        with torch.no_grad():
            for number, one in enumerate(network.parameters()):
                generator = torch.Generator().manual_seed(100 * epoch + number)
                one += torch.randn(one.shape, generator=generator)
        found[epoch] = network
    return found


def along(files: list[Path], clips: Path, trust: Path | None) -> AlongEpochs:
    consent = None if trust is None else Consent(trust, hash_of(trust.read_bytes()))
    inspector = Inspector(Settings(device="cpu", consent=consent))
    inspector.add([*files, clips])
    found = inspector.inspect()
    assert not found.problems
    along = EpochRuns(inspector).score(found).diagnosis.along
    inspector.clear()
    assert along is not None
    return along


def right(file: Path, clips: Path, trust: Path | None) -> int:
    """Clips of which an inspection of this file alone says the right gloss."""
    consent = None if trust is None else Consent(trust, hash_of(trust.read_bytes()))
    inspector = Inspector(Settings(device="cpu", consent=consent))
    inspector.add([file, clips])
    found = inspector.inspect()
    assert found.validation is not None
    answers, labels = found.validation.answer, found.validation.clips.gloss_ids
    inspector.clear()
    return int((answers == labels).sum())


def check(files: dict[int, Path], clips: Path, trust: Path | None, *, own: bool) -> None:
    points = along(list(files.values()), clips, trust).points
    assert [(one.epoch, one.problem) for one in points] == [(epoch, "") for epoch in EPOCHS]
    counted = [one.accuracy.correct for one in points if one.accuracy is not None]
    assert counted == [right(file, clips, trust if own else file) for file in files.values()]
    assert len(set(counted)) > 1


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    return clips_of(tmp_path / "features_val.pkl", CLASSES, clips_a_gloss=6)


@pytest.mark.slow
def test_own_code_serves_every_checkpoint_of_the_run(tmp_path: Path, clips: Path) -> None:
    code = tmp_path / "code" / "build.py"
    code.parent.mkdir()
    code.write_text(SOUND.format(first="pass", more="pass"))
    files = {}
    for epoch, network in networks(Reader).items():
        files[epoch] = tmp_path / f"checkpoint_epoch_{epoch}.pt"
        torch.save({"epoch": epoch, "model_state_dict": network.state_dict()}, files[epoch])
    check(files, clips, code, own=True)


@pytest.mark.slow
def test_onnx_models_of_a_run_need_no_consent(tmp_path: Path, clips: Path) -> None:
    files = {
        epoch: onnx_model(tmp_path / f"epoch_{epoch}.onnx", network) for epoch, network in networks(Spotter).items()
    }
    points = along(list(files.values()), clips, None).points
    counted = [one.accuracy.correct for one in points if one.accuracy is not None]
    assert counted == [right(file, clips, None) for file in files.values()]
    assert len(set(counted)) > 1


def scripts(folder: Path, made: dict[int, nn.Module]) -> dict[int, Path]:
    return {epoch: frozen_script(folder / f"epoch_{epoch}.pt", network) for epoch, network in made.items()}


@pytest.mark.slow
def test_consent_to_one_script_covers_the_same_program_with_other_numbers(tmp_path: Path, clips: Path) -> None:
    files = scripts(tmp_path, networks(Reader))
    check(files, clips, files[3], own=False)


@pytest.mark.slow
def test_so_it_does_for_exported_programs(tmp_path: Path, clips: Path) -> None:
    files = {epoch: exported(tmp_path / f"epoch_{epoch}.pt2", network) for epoch, network in networks(Windows).items()}
    check(files, clips, files[3], own=False)


class Sly(Reader):
    """The same tensors, another program."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        gated = self.scale * features * torch.sigmoid(self.gate(features))
        return -self.answers(self.reader(gated)[0])


@pytest.mark.slow
def test_another_program_is_not_run_by_that_consent(tmp_path: Path, clips: Path) -> None:
    files = scripts(tmp_path, networks(Reader))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(seeded(Reader, CLASSES)), files[3])
        torch.jit.save(torch.jit.script(seeded(Sly, CLASSES)), files[2])
        torch.jit.save(torch.jit.script(seeded(Reader, CLASSES)), files[1])
    points = along(list(files.values()), clips, files[3]).points
    assert [one.accuracy is None for one in points] == [False, True, False]
    assert "carries another program than “epoch_3.pt”" in points[1].problem


@pytest.mark.slow
def test_one_answer_a_clip_is_scored_along_epochs_too(tmp_path: Path, clips: Path) -> None:
    files = scripts(tmp_path, networks(Pooled))
    check(files, clips, files[3], own=False)


def test_no_member_hides_behind_another_that_torch_numbered(tmp_path: Path) -> None:
    """Two names that differ in what torch counted are two members: code that only one archive has is seen."""

    def archive(name: str, *members: tuple[str, str]) -> bytes:
        with zipfile.ZipFile(tmp_path / name, "w") as file:
            for member, text in members:
                file.writestr(f"net/{member}", text)
        return (tmp_path / name).read_bytes()

    told = cast("Checkpoint", SimpleNamespace(format="TorchScript", tensors=()))
    first, other = "code/___torch_mangle_1/x.py", "code/___torch_mangle_2/x.py"
    allowed = archive("allowed", (first, "harmless"))
    assert same_program(told, allowed, told, archive("renumbered", (other, "harmless")))
    assert not same_program(told, allowed, told, archive("twice", (other, "evil"), (first, "harmless")))
    assert not same_program(told, allowed, told, archive("changed", (first, "evil")))
