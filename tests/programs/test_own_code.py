"""The researcher's own code: consent, the documented example, and everything that may go wrong in it."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT
from makers import make_clips, write_cache
from programs.conftest import clips_of, inspected, same, scored
from programs.models import Reader, seeded

from asl_inspector.errors import DataError, InferenceError
from asl_inspector.inference.predictions import Predictions
from asl_inspector.inference.records import Consent, Settings
from asl_inspector.inspection import Inspector
from asl_inspector.programs import hosting
from asl_inspector.programs.consent import hash_of
from asl_inspector.progress import Cancelled, CancelToken, Progress, Step, silent
from asl_inspector.report.contents import Inspected, Problem

Directly = Callable[..., Predictions]
SOUND = """
import torch
from torch import nn

class Reader(nn.Module):
    def __init__(self, weights):
        super().__init__()
        inputs = weights["gate.weight"].shape[0]
        self.scale = nn.Parameter(torch.ones(inputs))
        self.gate = nn.Linear(inputs, inputs)
        self.reader = nn.GRU(inputs, 16, bidirectional=True, batch_first=True)
        self.answers = nn.Linear(32, weights["answers.bias"].shape[0])

    def forward(self, features):
        gated = self.scale * features * torch.sigmoid(self.gate(features))
        {more}
        return self.answers(self.reader(gated)[0])

def build_model(checkpoint):
    {first}
    model = Reader(checkpoint["model_state_dict"])
    model.load_state_dict(checkpoint["model_state_dict"])
    return model
"""


@pytest.fixture
def case(tmp_path: Path) -> tuple[Path, Path]:
    """A checkpoint of a network that no layout fits, and its clips."""
    network = seeded(Reader, 9)
    torch.save({"model_state_dict": network.state_dict(), "epoch": 3, "config": {"hidden": 16}}, tmp_path / "a.pt")
    return tmp_path / "a.pt", clips_of(tmp_path / "features_val.pkl", 8, first=1)


def code(folder: Path, text: str = "", *, first: str = "pass", more: str = "pass") -> Path:
    path = folder / "my_model.py"
    path.write_text(text or SOUND.format(first=first, more=more))
    return path


def problem_with(case: tuple[Path, Path], path: Path) -> Problem:
    result = inspected(*case, trust=path)
    assert result.validation is None
    (problem,) = result.problems
    return problem


def test_own_code_computes_the_answers(case: tuple[Path, Path], directly: Directly) -> None:
    result = inspected(*case, trust=code(case[0].parent))
    found = scored(result)
    assert result.architecture is not None
    assert result.architecture.description == "own code Reader, 6 inputs a frame, 9 outputs (CTC, blank 0)"
    same(found, directly(result, seeded(Reader, 9)))


@pytest.mark.slow
def test_the_example_of_the_documentation_runs(tmp_path: Path, directly: Directly) -> None:
    """The very text of the page, in the child; and the same text here, for the figures that must come out."""
    page = (ROOT / "docs" / "guide" / "own-models.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    path = code(tmp_path, example)
    space: dict = {}
    exec(example, space)  # noqa: S102 - our own documentation
    torch.manual_seed(0)
    network = space["Recogniser"](12, 24, 6).eval()
    saved = {"model_state_dict": network.state_dict(), "config": {"hidden": 24, "glosses": 6}}
    torch.save(saved, tmp_path / "checkpoint.pt")
    result = inspected(tmp_path / "checkpoint.pt", write_cache(tmp_path / "val.pkl", make_clips()), trust=path)
    found = scored(result)
    assert found.blank == 0
    clips = result.case.validation
    assert clips is not None
    for index in range(len(clips)):
        prepared = torch.from_numpy(space["prepare"](clips.features(index)))
        posteriors = network(prepared.unsqueeze(0)).log_softmax(-1)[0].detach().numpy()
        frames = slice(found.starts[index], found.starts[index + 1])
        np.testing.assert_allclose(found.blank_posterior[frames], np.exp(posteriors[:, 0]), atol=1e-5)
        assert found.best_gloss[frames].tolist() == (posteriors[:, 1:].argmax(axis=1) + 1).tolist()


@pytest.mark.slow
def test_the_checkpoint_is_a_plain_nested_dict(case: tuple[Path, Path]) -> None:
    torch.save(
        {
            "model_state_dict": seeded(Reader, 9).half().state_dict(),
            "epoch": 3,
            "loss": 0.5,
            "name": "it's “fine”\n",
            "best": True,
            "none": None,
            "glosses": ["a", "b"],
            "config": {"layers": [1, 2], "lr": 1e-3},
            "optimizer_state_dict": torch.optim.Adam([torch.zeros(2)]).state_dict(),
        },
        case[0],
    )
    checks = (
        "assert checkpoint['epoch'] == 3 and checkpoint['loss'] == 0.5 and checkpoint['best'] is True;"
        "assert checkpoint['none'] is None and checkpoint['name'] == \"it's “fine”\\n\";"
        "assert checkpoint['glosses'] == ['a', 'b'] and checkpoint['config'] == {'layers': [1, 2], 'lr': 1e-3};"
        "assert all(one.dtype == torch.float16 for one in checkpoint['model_state_dict'].values());"
        "assert type(checkpoint) is dict"
    )
    scored(inspected(*case, trust=code(case[0].parent, first=checks)))


def test_nothing_runs_without_consent(case: tuple[Path, Path]) -> None:
    canary = case[0].parent / "canary"
    path = code(case[0].parent, first=f"open({str(canary)!r}, 'w')")
    result = inspected(*case, path)
    assert result.validation is None
    inspector = Inspector(Settings())
    inspector.add([*case, path])
    offer = inspector.offer(path)
    inspector.inspect()
    assert not canary.exists()
    assert offer.sha256 == hash_of(path.read_bytes())
    assert offer.found == ("It defines build_model(checkpoint).", "It imports torch.")
    scored(inspected(*case, trust=path))
    assert canary.exists()  # so the check above means something


def test_a_changed_file_is_asked_for_again(case: tuple[Path, Path]) -> None:
    path = code(case[0].parent)
    consent = Consent(path, hash_of(path.read_bytes()))
    path.write_text(path.read_text() + "\n# one more line\n")
    inspector = Inspector(Settings(consent=consent))
    inspector.add(case)
    (problem,) = inspector.inspect().problems
    assert problem.sentence == "“my_model.py” has changed since you allowed it to run, so it was not run."


def test_a_file_that_vanished_is_named(case: tuple[Path, Path]) -> None:
    path = code(case[0].parent)
    consent = Consent(path, hash_of(path.read_bytes()))
    path.unlink()
    inspector = Inspector(Settings(consent=consent))
    inspector.add(case)
    (problem,) = inspector.inspect().problems
    assert "“my_model.py” is no longer there." in problem.sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("def build(", "no valid Python code"), ("x = 1", "defines no function build_model"), ("\0", "no valid Python")],
)
def test_what_is_no_such_code_is_not_even_offered(case: tuple[Path, Path], text: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        Inspector().offer(code(case[0].parent, text))


@pytest.mark.parametrize(
    ("faults", "sentence", "detail"),
    [
        ({"first": "checkpoint['no_such_key']"}, "KeyError: 'no_such_key'", "my_model.py"),
        ({"first": "import sys; sys.exit(3)"}, "it called sys.exit(3)", "sys.exit(3)"),
        ({"first": "import os; os._exit(5)"}, "ended unexpectedly (exit status 5)", ""),
        ({"first": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"}, "unexpectedly (signal 11)", ""),
        ({"first": "return checkpoint"}, "build_model gave back a dict, and not a torch.nn.Module", ""),
        ({"first": "import models.encoder"}, "ModuleNotFoundError: No module named 'models'", "import models.encoder"),
        ({"first": "raise KeyboardInterrupt"}, "KeyboardInterrupt", ""),
        (
            {"first": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')"},
            "the network is switched off",
            "urlopen",
        ),
        ({"more": "raise ValueError('odd clips\\nand more')"}, "does not take clips of 6 features", "odd clips"),
        ({"more": "return gated.sum()"}, "no scores of frames or clips", ""),
        ({"more": "return gated[..., None]"}, "no scores of frames or clips", ""),
        ({"more": "return 'text'"}, "does not take clips", "a str, and not a tensor"),
        ({"more": "return self.answers(self.reader(gated)[0]) * float('nan')"}, "numbers that are not finite", ""),
        ({"more": "import os; os._exit(0)"}, "ended unexpectedly", ""),
    ],
)
def test_every_fault_becomes_a_sentence(
    case: tuple[Path, Path], faults: dict[str, str], sentence: str, detail: str
) -> None:
    problem = problem_with(case, code(case[0].parent, **faults))
    assert sentence in problem.sentence
    assert problem.advice
    assert detail in problem.detail
    assert "programs/child.py" not in problem.detail.replace("\\", "/").partition(str(case[0].parent))[0]


def test_what_it_prints_is_in_the_details_and_harms_nothing(case: tuple[Path, Path]) -> None:
    noisy = "print('hello from build_model', flush=True); import os; os.write(1, b'x' * 100_000); os._exit(7)"
    problem = problem_with(case, code(case[0].parent, first=noisy))
    assert "exit status 7" in problem.sentence
    assert "xxx" in problem.detail


@pytest.mark.slow
def test_an_endless_loop_is_stopped(case: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "SECONDS_TO_BUILD", 8.0)
    problem = problem_with(case, code(case[0].parent, first="exec('while True: pass')"))
    assert problem.sentence == "“my_model.py” did not answer within 8 seconds and was stopped."


def test_a_lack_of_memory_is_the_process_s_own(case: tuple[Path, Path]) -> None:
    problem = problem_with(case, code(case[0].parent, first="torch.zeros(1 << 44)"))
    assert "memory" in problem.sentence


def test_a_batch_too_large_for_memory_is_halved(case: tuple[Path, Path]) -> None:
    """It holds two clips at most, as if memory were short; the run goes on with smaller batches."""
    few = "if len(features) > 2: raise MemoryError"
    found = scored(inspected(*case, trust=code(case[0].parent, more=few)))
    assert found.ran.all()


def test_answers_that_depend_on_the_batch_are_computed_one_by_one(case: tuple[Path, Path], directly: Directly) -> None:
    mixing = "gated = gated - gated.mean(dim=0, keepdim=True) * (len(gated) > 1)"
    result = inspected(*case, trust=code(case[0].parent, more=mixing))
    found = scored(result)
    assert result.architecture is not None
    assert any("run one by one" in one for one in result.architecture.assumptions)
    same(found, directly(result, seeded(Reader, 9)))


def test_lengths_and_names_of_outputs_are_understood(case: tuple[Path, Path], directly: Directly) -> None:
    text = SOUND.format(first="pass", more="assert lengths.tolist() == [features.shape[1]] * len(features)")
    text = text.replace("def forward(self, features):", "def forward(self, features, lengths, hurry=False):")
    text = text.replace("return self.answers(self", "return dict(hidden=gated, logits=self.answers(self")
    text = text.replace("(gated)[0])\n", "(gated)[0]))\n")
    result = inspected(*case, trust=code(case[0].parent, text))
    same(scored(result), directly(result, seeded(Reader, 9)))
    assert result.architecture is not None
    assert "Its input “lengths” is taken to be the number of frames of each clip." in result.architecture.assumptions


def waiting_case(case: tuple[Path, Path]) -> tuple[Inspector, Path]:
    """An inspector whose code is slow once it is asked the tenth time, and the file that tells of it."""
    started = case[0].parent / "started"
    slow = (
        f"self.calls = getattr(self, 'calls', 0) + 1\n        if self.calls > 9 and not __import__('os').path.exists"
        f"({str(started) + '2'!r}):\n            open({str(started)!r}, 'w').close()\n            __import__('time').sleep(600)"
    )
    path = code(case[0].parent, more=slow)
    inspector = Inspector(Settings(device="cpu", batch_frames=1, consent=Consent(path, hash_of(path.read_bytes()))))
    inspector.add(case)
    return inspector, started


@pytest.mark.slow
def test_cancelling_kills_the_process_at_once_and_the_run_goes_on_later(case: tuple[Path, Path]) -> None:
    inspector, started = waiting_case(case)
    cancel, ended, asked = CancelToken(), [], []

    def when_started() -> None:
        while not started.exists():
            time.sleep(0.005)
        asked.append(time.monotonic())
        cancel.cancel()

    thread = threading.Thread(target=when_started)
    thread.start()
    with pytest.raises(Cancelled):
        inspector.inspect(cancel=cancel)
    ended.append(time.monotonic())
    thread.join()
    assert ended[0] - asked[0] < 0.2
    Path(f"{started}2").touch()
    assert inspector.inspect().validation is not None


def inspect_and_kill(
    inspector: Inspector, started: Path, progress: Progress = silent, then: Callable[[], object] = bool
) -> Inspected:
    """An inspection whose program is killed when it waits, after something was done."""

    def kill() -> None:
        while not started.exists():
            time.sleep(0.005)
        then()
        os.kill(child_pids()[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    found = inspector.inspect(progress=progress)
    thread.join()
    return found


@pytest.mark.slow
def test_a_process_killed_in_the_run_leaves_a_part_and_the_next_run_goes_on(case: tuple[Path, Path]) -> None:
    folder = case[0].parent
    armed, started = folder / "armed", folder / "started"
    slow = (
        f"from pathlib import Path\n        if Path({str(armed)!r}).exists():\n            Path({str(started)!r}).touch()"
        "\n            __import__('time').sleep(600)"
    )
    path = code(folder, more=slow)
    inspector = Inspector(Settings(device="cpu", batch_frames=1, consent=Consent(path, hash_of(path.read_bytes()))))
    inspector.add(case)

    def arm(step: Step) -> None:
        if step.what.startswith("Running") and step.done >= 3 and not started.exists():
            armed.touch()

    found = inspect_and_kill(inspector, started, arm, armed.unlink)
    assert found.validation is not None
    ran = found.validation.predictions.ran
    assert 0 < ran.sum() < len(ran)
    killed, part = found.problems
    assert killed.sentence == "The process that runs “my_model.py” ended unexpectedly (signal 9)."
    assert part.sentence.startswith(f"Partial: {int(ran.sum())} of the {len(ran)} clips")
    done = inspector.inspect()
    assert not done.problems
    assert done.validation is not None
    np.testing.assert_allclose(done.validation.predictions.loss[ran], found.validation.predictions.loss[ran], atol=1e-6)


@pytest.mark.slow
def test_a_killed_process_is_a_sentence_and_the_next_run_starts_another(case: tuple[Path, Path]) -> None:
    inspector, started = waiting_case(case)
    (problem,) = inspect_and_kill(inspector, started).problems
    assert problem.sentence == "The process that runs “my_model.py” ended unexpectedly (signal 9)."
    assert "memory" in problem.advice
    Path(f"{started}2").touch()
    assert inspector.inspect().validation is not None


def child_pids() -> list[int]:
    """Processes that this one started to run code."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal() and (place / "cmdline").exists():
            command = (place / "cmdline").read_bytes()
            parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
            if b"programs.child" in command and int(parent) == os.getpid():
                found.append(int(place.name))
    return found


def test_no_process_is_left_when_the_case_is_gone(case: tuple[Path, Path]) -> None:
    path = code(case[0].parent)
    inspector = Inspector(Settings(consent=Consent(path, hash_of(path.read_bytes()))))
    inspector.add(case)
    inspector.inspect()
    assert child_pids()
    inspector.clear()
    del inspector
    assert not child_pids()


def test_consent_to_a_file_without_a_program_is_refused(case: tuple[Path, Path]) -> None:
    with pytest.raises((DataError, InferenceError), match="carries no program"):
        inspector = Inspector()
        inspector.add(case)
        inspector.offer(case[0])
