"""torch.package archives, made by torch.package."""

from __future__ import annotations

import sys
import textwrap
import warnings
from pathlib import Path

import pytest
import torch
from tensors_alike import assert_equal_to_torch, opened


def test_tensors_are_read_and_code_is_only_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        import torch
        from torch import nn
        class Packed(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(3, 2)
    """
    (tmp_path / "packed_models.py").write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(str(tmp_path))
    import packed_models

    network = packed_models.Packed()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.package.PackageExporter(tmp_path / "a.pt") as exporter:
            exporter.intern("packed_models")
            exporter.extern("torch.**")
            exporter.save_pickle("model", "model.pkl", network)
            exporter.save_pickle("extra", "ids.pkl", {"ids": torch.arange(4)})
    state = network.state_dict()
    del sys.modules["packed_models"]
    checkpoint, file = opened(tmp_path / "a.pt")
    assert "packed_models" not in sys.modules
    assert (checkpoint.format, checkpoint.status) == ("torch.package", "opened")
    assert list(checkpoint.weights) == list(state)
    for name, tensor in state.items():
        assert_equal_to_torch(checkpoint.weights[name], file.view, tensor)
    records = {record.path: record for record in checkpoint.tensors}
    assert_equal_to_torch(records["extra/ids.pkl", "ids"], file.view, torch.arange(4))
    assert checkpoint.contents.weights_path == ("model/model.pkl",)
    assert any("torch.package" in note and "never run" in note for note in checkpoint.notes)
    assert "packed_models.Packed" in [run.call for run in checkpoint.would_run]
