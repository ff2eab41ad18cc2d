"""Habits in training code: seen where they are, not seen where they are not."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from history.reading import read

from asl_inspector.history.code_hints import hints_of
from asl_inspector.history.code_parsing import Code, looks_like_code, parsed


def ids(text: str) -> list[str]:
    return [hint.id for hint in hints_of([Code("cell 3", text)])]


LOAD = """
try:
    missing = encoder.load_state_dict(state, strict=False)
except Exception as error:
    print("Continuing", error)
"""
PER_SPLIT = """
def extract_split(videos, split):
    gloss_to_id, next_id, cache = {}, 1, {}
    for video in videos:
        if video["gloss"] not in gloss_to_id:
            gloss_to_id[video["gloss"]] = next_id
            next_id += 1
    return cache, gloss_to_id
"""
IN_INIT = """
class Signs(Dataset):
    def __init__(self, split="train"):
        glosses = sorted(set(read(split)))
        self.gloss_to_id = {g: i for i, g in enumerate(glosses, 1)}
"""
LOOPED = """
def load(path, name):
    label_map = {}
    for row in read(path):
        label_map.setdefault(row.label, len(label_map))
for split in ["train", "val"]:
    data[split] = load(root, split)
"""
PENALTY = """
predictions = logits.argmax(dim=-1)
blank_ratio = (predictions == 0).sum().item() / predictions.numel()
loss = ctc_loss + blank_penalty * blank_ratio
"""
ALIAS = """
for epoch in range(50):
    if val_acc > best_acc:
        checkpoint = {"epoch": epoch, "model_state_dict": model.state_dict()}
        torch.save(checkpoint, "best.pt")
    if epoch % 10 == 0:
        torch.save(checkpoint, f"epoch_{epoch}.pt")
"""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (LOAD, ["load-in-try"]),
        ("try:\n    m.load_state_dict(s)\nexcept:\n    pass", ["load-in-try"]),
        ("model.load_state_dict(state, strict=False)", ["strict-false-unread"]),
        (PER_SPLIT, ["vocabulary-per-split"]),
        (IN_INIT, ["vocabulary-per-split"]),
        (LOOPED, ["vocabulary-per-split"]),
        (PENALTY, ["penalty-without-gradient"]),
        ("loss = criterion(x, y) + 0.1 * entropy.item()", ["penalty-without-gradient"]),
        ("def f():\n    p = x.argmax(-1)\n    loss += 0.5 * (p == 0).float().mean()", ["penalty-without-gradient"]),
        (ALIAS, ["aliasing-save"]),
        ("if acc > best:\n    best_state = model.state_dict()\nmodel.load_state_dict(best_state)", ["aliasing-save"]),
    ],
)
def test_seen(text: str, wanted: list[str]) -> None:
    assert ids(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    m.load_state_dict(s)\nexcept RuntimeError:\n    raise SystemExit('no')",
        "try:\n    m.load_state_dict(s)\nexcept KeyError:\n    pass",
        "try:\n    optimizer.load_state_dict(s)\nexcept Exception:\n    pass",
        "found = model.load_state_dict(state, strict=False)\nprint(found)",
        "def build(rows):\n    gloss_to_id = {}\n    return gloss_to_id\nbuild(everything)",
        "def extract_split(videos, split, gloss_to_id):\n    vocab = {}\n",
        "def count(split):\n    counts = {}\n",
        "def load(split):\n    vocab = json.load(open('vocabulary.json'))\n",
        "total_loss += loss.item()\ntotal_loss = total_loss + loss.item() * len(batch)",
        "epoch_loss = running_loss + ctc_loss.item()",
        "correct += (logits.argmax(-1) == y).sum().item()",
        "loss = ctc_loss + 0.1 * log_probs[..., 0].mean()",
        "p = x.argmax(-1)\np = soft(x)\nloss = ctc_loss + p.mean()",
        "if acc > best:\n    best_state = copy.deepcopy(model.state_dict())\nmodel.load_state_dict(best_state)",
        "if acc > best:\n    best_state = {k: v.clone() for k, v in model.state_dict().items()}\n",
        "if acc > best:\n    state = {'m': model.state_dict()}\n    torch.save(state, 'best.pt')",
        "state = {'m': model.state_dict()}\ntorch.save(state, 'last.pt')",
    ],
)
def test_not_seen(text: str) -> None:
    assert ids(text) == []


def test_a_taint_is_carried_from_cell_to_cell_and_the_place_is_named() -> None:
    first, second = PENALTY.strip().rsplit("\n", 1)
    hints = hints_of([Code("cell 3", first), Code("cell 7", "x = 1\n" + second)])
    assert [(hint.id, hint.where) for hint in hints] == [("penalty-without-gradient", "cell 7, line 2")]
    assert hints[0].text == "loss = ctc_loss + blank_penalty * blank_ratio"
    assert "`.argmax()`" in hints[0].sentence


@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline\n!pip install torch\n" + LOAD,
        "%%time\n" + LOAD,
        "files = !ls\nhelp?\n" + LOAD,
        "this is no Python at all\n" + LOAD,
        "pattern = '\\d'\n" + LOAD,
    ],
)
def test_lines_that_are_no_python_are_passed_over(cell: str) -> None:
    assert ids(cell) == ["load-in-try"]


@pytest.mark.parametrize(
    "cell",
    [
        "%%bash\nrm -rf /",
        "(" * 5_000,
        "x = " + "-" * 100_000 + "1",
        "\0",
        "a" * 300_000,
        "\n".join("(" for _ in range(60)),
    ],
)
def test_what_cannot_be_parsed_gives_no_hint(cell: str) -> None:
    assert ids(cell) == []


def test_deep_code_is_left_alone() -> None:
    deep = "x = " + "+".join(["1"] * 20_000)
    assert ids(deep) == []
    assert parsed("y = 2") is not None


def test_hints_of_a_real_notebook_file_name_the_cell(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# run"),
            nbformat.v4.new_code_cell("%time x = 1"),
            nbformat.v4.new_code_cell(
                LOAD, outputs=[nbformat.v4.new_output("stream", text="Epoch 1/1: train loss: 2\n")], execution_count=1
            ),
        ]
    )
    nbformat.validate(notebook)
    history = read(tmp_path, nbformat.writes(notebook), "run.ipynb")
    assert history.train_loss == (2.0,)
    assert [(hint.id, hint.where) for hint in history.hints] == [("load-in-try", "cell 2, line 3")]


def test_a_python_file_is_read_as_text(tmp_path: Path) -> None:
    history = read(tmp_path, "import os\nos.abort()\n" + LOAD, "train.py")
    assert history.kind == "code"
    assert [hint.where for hint in history.hints] == ["line 5"]
    assert not read(tmp_path, "import os\nos.abort()\n", "other.py").tells_of_a_run


def test_prose_and_logs_are_no_code() -> None:
    assert not looks_like_code("Epoch 1: loss 2\nimport of goods\n")
    assert not looks_like_code(json.dumps({"a": 1}))
    assert looks_like_code("from torch import nn\n")
