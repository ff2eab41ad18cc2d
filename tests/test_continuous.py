"""Clips of several glosses through everything: word errors in text, JSON, CSV, report and window."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from conftest import ROOT
from makers import write_cache
from networks.families import CLASSES, FEATURES
from torch import Tensor, nn

from asl_inspector.cli import main
from asl_inspector.engine.travelling import CODEC
from asl_inspector.engine.views import inspection_view
from asl_inspector.inference.decoding_beam import WIDTH
from asl_inspector.inference.records import Settings
from asl_inspector.inspection import Inspector
from asl_inspector.report.clip_alignment import with_alignment
from asl_inspector.report.contents import Inspected
from asl_inspector.report.html import html_report
from asl_inspector.report.inspection_json import inspection_json
from asl_inspector.report.json_text import to_json
from asl_inspector.report.samples_csv import samples_csv
from asl_inspector.report.summary_text import summary_text

NAMES = ["", "IX", "DOG", "CAT", "WALK", "BIG", "HOUSE"]
CLIPS = 40


class Continuous(nn.Module):
    """A GRU with a CTC head."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(FEATURES, 12, batch_first=True, bidirectional=True)
        self.ctc_head = nn.Linear(24, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.ctc_head(self.gru(x)[0])


def path_of(network: nn.Module, features: np.ndarray) -> list[int]:
    """The greedy path, by its definition: best class a frame, runs once, blanks out."""
    with torch.inference_mode():
        best = network(torch.from_numpy(features)[None])[0].argmax(-1).tolist()
    merged = [one for place, one in enumerate(best) if place == 0 or one != best[place - 1]]
    return [one for one in merged if one]


def fewest_edits(signed: tuple[int, ...], said: tuple[int, ...]) -> int:
    """Levenshtein's distance by its recursion."""

    @functools.cache
    def cost(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        same = cost(i - 1, j - 1) + (signed[i - 1] != said[j - 1])
        return min(same, cost(i - 1, j) + 1, cost(i, j - 1) + 1)

    return cost(len(signed), len(said))


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(4)
    made = Continuous().eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.8)
    return made


def caches(network: nn.Module, *, renumbered: bool = False) -> dict[str, dict[str, object]]:
    """Clips labelled with what the network says, with known edits: a gloss changed, one added, one left out, in turn."""
    random = np.random.default_rng(0)
    found: dict[str, dict[str, object]] = {}
    while len(found) < CLIPS:
        features = random.normal(size=(int(random.integers(12, 30)), FEATURES)).astype(np.float32)
        signed = path_of(network, features)
        if len(signed) < 3:
            continue
        change = len(found) % 4
        if change == 1:
            signed[1] = signed[1] % (CLASSES - 1) + 1
        elif change == 2:
            signed.append(signed[-1] % (CLASSES - 1) + 1)
        elif change == 3:
            del signed[0]
        shift = (lambda one: one % (CLASSES - 1) + 1) if renumbered else int
        found[f"clip{len(found)}"] = {
            "features": features,
            "gloss": [NAMES[one] for one in signed],
            "gloss_id": [shift(one) for one in signed],
        }
    return found


def files(folder: Path, network: nn.Module, **more: bool) -> list[Path]:
    vocabulary = {name: number for number, name in enumerate(NAMES) if name}
    torch.save({"model_state_dict": network.state_dict(), "gloss_to_id": vocabulary}, folder / "a.pt")
    return [folder / "a.pt", write_cache(folder / "features_val.pkl", caches(network, **more))]


def inspected_files(paths: list[Path]) -> tuple[Inspector, Inspected]:
    inspector = Inspector(Settings(device="cpu"))
    inspector.add(paths)
    return inspector, inspector.inspect()


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, network: nn.Module) -> tuple[Inspector, Inspected]:
    return inspected_files(files(tmp_path_factory.mktemp("continuous"), network))


def test_word_errors_are_those_of_an_independent_count(case: tuple[Inspector, Inspected], network: nn.Module) -> None:
    found = case[1].diagnosis.continuous
    assert found is not None
    truth = list(caches(network).values())
    wanted = 0
    for clip, one in enumerate(truth):
        signed = tuple(NAMES.index(name) for name in one["gloss"])  # type: ignore[attr-defined]
        said = tuple(path_of(network, one["features"]))  # type: ignore[arg-type]
        assert (found.signed[clip], found.recognised[clip]) == (signed, said)
        distance = fewest_edits(signed, said)
        assert found.substitutions[clip] + found.deletions[clip] + found.insertions[clip] == distance
        wanted += distance
    glosses = sum(len(one["gloss"]) for one in truth)  # type: ignore[arg-type]
    assert found.total.rate == wanted / glosses
    assert wanted == 3 * CLIPS // 4
    assert (found.clips, found.other_ids, found.compared) == (CLIPS, 0, glosses)
    diagnosis = case[1].diagnosis
    assert diagnosis.headline == "No cause was found; see the word error rate"
    assert "Do the ids mean the same glosses?" not in {one.question for one in diagnosis.undetermined}
    assert "target-ids-agree" in {one.id for one in diagnosis.findings}


def test_the_blank_is_told_from_the_ids_of_continuous_clips(case: tuple[Inspector, Inspected]) -> None:
    network = case[1].architecture
    assert network is not None
    assert network.blank == 0


def test_every_output_shows_the_word_error_rate(case: tuple[Inspector, Inspected]) -> None:
    found = case[1]
    document = json.loads(to_json(inspection_json(found)))
    jsonschema.validate(document, json.loads((ROOT / "docs" / "report.schema.json").read_text()))
    told = document["predictions"]["continuous"]
    total = found.diagnosis.continuous.total  # type: ignore[union-attr]
    assert told["word_error_rate"] == total.rate
    assert (told["substitutions"], told["deletions"], told["insertions"], told["glosses"]) == (
        total.substitutions,
        total.deletions,
        total.insertions,
        total.glosses,
    )
    assert told["train"] is None
    words = f"{100 * total.rate:.2f} %: {total.substitutions} substitutions"  # type: ignore[operator]
    assert words in " ".join(summary_text(found).split())
    page = html_report(found).replace("\u00a0", " ")
    assert "Continuous recognition" in page
    assert words in page
    rows = list(csv.DictReader(io.StringIO(samples_csv(found))))
    assert sum(int(row["substitutions"]) for row in rows) == total.substitutions
    assert len(rows[0]["gloss"].split()) >= 3
    assert rows[0]["recognised"] == rows[0]["gloss"]


def test_ids_numbered_otherwise_are_named_and_glosses_compared_by_name(tmp_path: Path, network: nn.Module) -> None:
    right = inspected_files(files(tmp_path, network))[1].diagnosis.continuous
    found = inspected_files(files(tmp_path, network, renumbered=True))[1].diagnosis
    assert found.continuous is not None
    assert right is not None
    assert found.continuous.total == right.total
    assert found.continuous.other_ids == found.continuous.total.glosses
    finding = next(one for one in found.findings if one.id == "target-ids-disagree")
    assert finding.severity == "warning"
    assert "the checkpoint's own vocabulary" in finding.sentence


def test_a_clip_is_aligned_gloss_by_gloss_with_the_frames_that_speak(
    case: tuple[Inspector, Inspected], network: nn.Module
) -> None:
    inspector, found = case
    cache = list(caches(network).values())
    for clip, kind in ((0, None), (1, "substitution"), (2, "deletion"), (3, "insertion")):
        detail = with_alignment(found, inspector.clip_detail(clip))
        kinds = [one.kind for one in detail.aligned]
        assert [one for one in kinds if one != "right"] == ([kind] if kind else [])
        assert [one.signed for one in detail.aligned if one.signed] == cache[clip]["gloss"]
        spoken = [one for one in detail.aligned if one.first >= 0]
        assert all(one.first <= one.last for one in spoken)
        assert all(a.last < b.first for a, b in itertools.pairwise(spoken))
        if kind is None:  # what the greedy path says is spoken where it says it
            best = detail.log_posteriors.argmax(axis=1)
            for one in spoken:
                assert NAMES.index(one.signed) in best[one.first : one.last + 1]
    wire = CODEC.encode(detail)
    assert CODEC.decode([bytes(part) for part in wire]).aligned == detail.aligned  # type: ignore[attr-defined]


def test_continuous_clips_travel_to_the_window(case: tuple[Inspector, Inspected]) -> None:
    view = inspection_view(case[1], partial=False)
    found = CODEC.decode([bytes(part) for part in CODEC.encode(view)])
    assert found.samples.continuous.recognised == view.samples.continuous.recognised  # type: ignore[attr-defined,union-attr]
    assert found.diagnosis.continuous.total == view.diagnosis.continuous.total  # type: ignore[attr-defined,union-attr]


def beam_path(network: nn.Module, features: np.ndarray) -> tuple[int, ...]:
    """The most probable prefix, by a search over dicts that keeps as many prefixes as the program's."""
    with torch.inference_mode():
        probs = network(torch.from_numpy(features)[None])[0].double().softmax(-1).numpy()
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}  # ending with a blank, with a gloss
    for frame in probs:
        grown: dict[tuple[int, ...], list[float]] = {}
        for prefix, (blank, gloss) in beams.items():
            own = grown.setdefault(prefix, [0.0, 0.0])
            own[0] += (blank + gloss) * frame[0]
            for one in range(1, CLASSES):
                longer = grown.setdefault((*prefix, one), [0.0, 0.0])
                if prefix and prefix[-1] == one:
                    own[1] += gloss * frame[one]
                    longer[1] += blank * frame[one]
                else:
                    longer[1] += (blank + gloss) * frame[one]
        kept = sorted(grown.items(), key=lambda item: -sum(item[1]))[:WIDTH]
        beams = {prefix: (pair[0], pair[1]) for prefix, pair in kept}
    return max(beams, key=lambda prefix: sum(beams[prefix]))


def test_the_rate_of_a_beam_search_is_told_as_such_beside_the_greedy_one(tmp_path: Path, network: nn.Module) -> None:
    paths = files(tmp_path, network)
    greedy = inspected_files(paths)[1].diagnosis.continuous
    inspector = Inspector(Settings(device="cpu", decoder="beam", batch_frames=60))
    inspector.add(paths)
    found = inspector.inspect()
    measured = found.diagnosis.continuous
    assert greedy is not None
    assert measured is not None
    truth = list(caches(network).values())
    said = [beam_path(network, one["features"]) for one in truth]  # type: ignore[arg-type]
    assert list(measured.recognised) == said
    assert measured.recognised != greedy.recognised
    signed = [tuple(NAMES.index(name) for name in one["gloss"]) for one in truth]  # type: ignore[attr-defined]
    errors = sum(fewest_edits(a, b) for a, b in zip(signed, measured.recognised, strict=True))
    assert measured.total.rate == errors / sum(map(len, signed))
    assert (measured.decoder, measured.greedy) == ("prefix beam search", greedy.total)
    told = json.loads(to_json(inspection_json(found)))
    jsonschema.validate(told, json.loads((ROOT / "docs" / "report.schema.json").read_text()))
    assert told["predictions"]["continuous"]["decoder"] == "prefix beam search"
    assert told["predictions"]["continuous"]["greedy_word_error_rate"] == greedy.total.rate
    text = " ".join(summary_text(found).split())
    assert "The word error rate of the prefix beam search is " in text
    assert f"That of the greedy path is {100 * greedy.total.rate:.2f} %." in text  # type: ignore[operator]
    changed = next(clip for clip in range(CLIPS) if measured.recognised[clip] != greedy.recognised[clip])
    aligned = with_alignment(found, inspector.clip_detail(changed)).aligned
    assert [one.recognised for one in aligned if one.recognised] == [NAMES[one] for one in measured.recognised[changed]]


def test_the_command_line_tells_the_rate(
    tmp_path: Path, network: nn.Module, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", *map(str, files(tmp_path, network)), "--device", "cpu", "--quiet"]) in (0, 1)
    out = capsys.readouterr().out
    assert "Continuous recognition:" in out
    assert "word error rate of the greedy path is" in out
