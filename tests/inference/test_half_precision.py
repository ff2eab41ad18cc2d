"""Half precision is used where a sample shows that it is faster and changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from inference.pretended_gpu import PretendedGpu
from inference.random_clips import arrays, same, source

from asl_inspector.inference import precision
from asl_inspector.inference.placed import PlacedNetwork
from asl_inspector.inference.running import Run
from asl_inspector.networks.building import BuiltNetwork


def test_half_precision_is_given_up_where_it_changes_a_prediction(
    network: BuiltNetwork, gpu: type[PretendedGpu], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = PretendedGpu.__init__

    def mixed_one(
        self: PretendedGpu, module: torch.nn.Module, blank: int | None, device: torch.device, *, mixed: bool, beam: bool
    ) -> None:
        plain(self, module, blank, device)
        self.mixed = mixed

    def rounding(self: PlacedNetwork, features: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        logits = self._module(features, lengths)
        return logits.flip(-1) if self.mixed else logits

    monkeypatch.setattr(PretendedGpu, "__init__", mixed_one)
    monkeypatch.setattr(PlacedNetwork, "logits", rounding)
    found = Run(network, source(arrays()), mixed=True).go_on()
    assert any("so full precision was used." in note for note in found.notes)
    monkeypatch.setattr(PlacedNetwork, "logits", lambda self, f, lengths=None: self._module(f, lengths))
    found = Run(network, source(arrays()), mixed=True).go_on()
    assert any("Half precision was used" in note for note in found.notes)


@pytest.mark.parametrize(("seconds", "used"), [((1.0, 1.5), False), ((1.0, 0.95), False), ((1.0, 0.5), True)])
def test_half_precision_on_the_cpu_has_to_be_faster(
    network: BuiltNetwork, monkeypatch: pytest.MonkeyPatch, seconds: tuple[float, float], used: bool
) -> None:
    clips = arrays()
    wanted = Run(network, source(clips), device="cpu").go_on()
    measured = iter(reversed(seconds))  # half precision is timed first
    monkeypatch.setattr(precision, "_seconds", lambda run: next(measured))
    monkeypatch.setattr(PlacedNetwork, "logits", lambda self, f, lengths=None: self._module(f, lengths))
    found = Run(network, source(clips), device="cpu", mixed=True).go_on()
    (note,) = found.notes
    assert note.startswith("Half precision was used") is used
    assert ("was no faster here" in note) is not used
    same(found, wanted)


def test_half_precision_on_this_cpu_keeps_every_prediction(network: BuiltNetwork) -> None:
    """Whatever is decided here, in bfloat16 as torch has it."""
    clips = arrays()
    wanted = Run(network, source(clips), device="cpu").go_on()
    found = Run(network, source(clips), device="cpu", mixed=True).go_on()
    assert len(found.notes) == 1
    np.testing.assert_array_equal(found.frame_argmax(), wanted.frame_argmax())


def test_half_precision_that_cannot_be_run_is_left_off(network: BuiltNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(self: PlacedNetwork, features: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        if self.mixed:
            raise RuntimeError("no kernel for bfloat16")
        return self._module(features, lengths)

    monkeypatch.setattr(PlacedNetwork, "logits", lacking)
    found = Run(network, source(arrays()), device="cpu", mixed=True).go_on()
    assert found.notes == (
        "Half precision could not be run on a sample, so full precision was used. It said: no kernel for bfloat16",
    )
    assert found.ran.all()


def test_a_device_without_half_precision_says_so(
    network: BuiltNetwork, gpu: type[PretendedGpu], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Run(network, source(arrays()), mixed=True).go_on()  # the pretended one has none
    assert found.notes == ("Full precision was used: this kind of device has no half precision that was tried.",)
