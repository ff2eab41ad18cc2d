"""On which device, and why."""

from __future__ import annotations

import inspect

import pytest

from asl_inspector.inference import recovering
from asl_inspector.report.device_words import FAILED, device_words


@pytest.mark.parametrize(
    ("device", "wanted", "why"),
    [
        ("CPU, 2 threads", "auto", "PyTorch finds no GPU"),
        ("CUDA, NVIDIA H100", "auto", "a GPU is taken where there is one"),
        ("CPU, 1 thread", "cpu", "chosen by hand"),
        ("CUDA, NVIDIA H100", "cuda:1", "chosen by hand"),
    ],
)
def test_the_reason_stands_beside_the_device(device: str, wanted: str, why: str) -> None:
    assert device_words(device, wanted, ()) == f"{device} ({why})"


def test_a_gpu_that_failed_is_told_whatever_was_chosen() -> None:
    note = "CUDA, NVIDIA H100 failed during the run; the rest ran on the CPU. It said: lost"
    for wanted in ("auto", "cuda"):
        assert device_words("CPU, 2 threads", wanted, (note,)) == "CPU, 2 threads (the GPU failed during the run)"


def test_the_note_of_the_run_has_these_words() -> None:
    assert FAILED in inspect.getsource(recovering)


def test_where_nothing_ran_nothing_is_said() -> None:
    assert device_words("", "auto", ()) == ""
