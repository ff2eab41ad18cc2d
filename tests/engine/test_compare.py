"""Comparing in the engine's own process: what arrives equals the direct call, and cancelling is heard."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from makers import Run, make_notebook, save_notebook

from asl_inspector.checkpoints.comparing_checkpoints import compare_checkpoints
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.engine.client import Engine
from asl_inspector.engine.comparing import Comparer
from asl_inspector.engine.messages import CaseSpec, CompareSide, CompareView, PairView
from asl_inspector.errors import InspectorError
from asl_inspector.inspection import Inspector
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import Cancelled, CancelToken, Step, silent


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.stop()


def hollow(path: Path, tensors: int, megabytes: int) -> Path:
    """A safetensors file of zeros that takes no room on the disk."""
    size = megabytes * 1_000_000 // 4 * 4
    header = {
        f"w{index}": {"dtype": "F32", "shape": [size // 4], "data_offsets": [index * size, (index + 1) * size]}
        for index in range(tensors)
    }
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    with path.open("wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        file.truncate(8 + len(raw) + tensors * size)
    return path


def test_a_comparison_arrives_as_the_core_made_it(engine: Engine, run: Run) -> None:
    other = save_notebook(run.folder / "other.pt", make_notebook(0, classes=9))
    engine.call("open", CaseSpec((run.checkpoint,)))
    view = cast("CompareView", engine.call("compare", CompareSide(run.checkpoint), CompareSide(other)))
    files = MappedFile(run.checkpoint), MappedFile(other)
    direct = compare_checkpoints(open_checkpoint(files[0]), files[0].view, open_checkpoint(files[1]), files[1].view)
    assert view.compared == direct
    assert (view.parts_a, view.parts_b) == (("model_state_dict",), ("model_state_dict",))


def test_a_pair_of_the_last_comparison_can_be_looked_at(engine: Engine, tmp_path: Path) -> None:
    a, b = torch.randn(700, 800), torch.randn(700, 800)
    for name, weight in (("a", a), ("b", b)):
        torch.save({"w": weight, "v": weight[:3]}, tmp_path / f"{name}.pt")
    with pytest.raises(InspectorError):
        engine.call("compare", CompareSide(tmp_path / "a.pt"), CompareSide(tmp_path / "none.pt"))
    engine.call("compare", CompareSide(tmp_path / "a.pt"), CompareSide(tmp_path / "b.pt"))
    view = cast("PairView", engine.call("pair", "w", "w"))
    assert view.of == 560_000
    assert 200_000 < view.numbers < 300_000
    apart = (a - b).numpy()
    assert view.edges[0] >= apart.min()
    assert view.edges[-1] <= apart.max()
    assert view.counts.sum() == view.numbers
    spread = np.repeat((view.edges[1:] + view.edges[:-1]) / 2, view.counts).std()
    assert spread == pytest.approx(apart.std(), rel=0.05)
    assert cast("PairView", engine.call("pair", "nonsense", "w")).trouble


def test_a_file_of_the_case_that_changed_meanwhile_is_opened_again(run: Run) -> None:
    inspector = Inspector()
    case = inspector.add([run.checkpoint])
    other = save_notebook(run.folder / "other.pt", run.network)
    save_notebook(run.folder / "new.pt", make_notebook(7)).replace(run.checkpoint)
    view = Comparer().compare(case, CompareSide(run.checkpoint), CompareSide(other), silent, CancelToken())
    assert view.compared.judgement.verdict != "identical"


@pytest.mark.slow
def test_cancelling_is_heard_within_a_second_in_one_huge_tensor(engine: Engine, tmp_path: Path) -> None:
    """One tensor of 3 GB a side: there is no next tensor to wait for."""
    sides = [CompareSide(hollow(tmp_path / f"{name}.safetensors", 1, 3_000)) for name in "ab"]
    cancel = CancelToken()
    asked: list[float] = []

    def progress(step: Step) -> None:
        if step.unit == "MB" and not asked:
            asked.append(time.monotonic())
            cancel.cancel()

    with pytest.raises(Cancelled):
        engine.call("compare", *sides, progress=progress, cancel=cancel)
    assert time.monotonic() - asked[0] < 1
    assert engine.pid is not None  # it heard; it was not killed
