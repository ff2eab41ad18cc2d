"""Networks that were really trained: what does a comparison say they are to each other, and on what evidence?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from checkpoints.recognisers import (
    Recogniser,
    born,
    compare_states,
    prefixed,
    train,
    trained,
)
from torch import nn

from asl_inspector.checkpoints.comparison_records import CheckpointComparison, TensorComparison


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def row(found: CheckpointComparison, key: str) -> TensorComparison:
    return next(one for one in found.weights.tensors if key in (one.a, one.b))


def clues(found: CheckpointComparison, leaning: str) -> dict[str, str]:
    return {clue.id: clue.text for clue in found.judgement.evidence if clue.leaning == leaning}


def whole(network: Recogniser, optimizer: torch.optim.Optimizer | None = None, **extra: object) -> dict[str, object]:
    held: dict[str, object] = {"model_state_dict": network.state_dict(), **extra}
    return held | ({"optimizer_state_dict": optimizer.state_dict()} if optimizer else {})


def test_a_copy_is_identical(tmp_path: Path) -> None:
    state = born(0).state_dict()
    found = compare_states(tmp_path, {"state_dict": state, "epoch": 3}, {"state_dict": state, "epoch": 4})
    assert (found.judgement.verdict, found.judgement.relation) == ("identical", "identical")
    assert [(value.path, value.a, value.b) for value in found.values] == [(("epoch",), "3", "4")]


@pytest.mark.parametrize(
    ("dtype", "name"), [(torch.float16, "float16"), (torch.bfloat16, "bfloat16"), (torch.float64, "float32")]
)
def test_an_export_in_another_type_is_equal_up_to_its_rounding(tmp_path: Path, dtype: torch.dtype, name: str) -> None:
    state = trained(born(0), 20).state_dict()
    wide = {key: value.double() * (1 + 1e-12) for key, value in state.items()} if name == "float32" else state
    narrow = state if name == "float32" else {key: value.to(dtype) for key, value in state.items()}
    found = compare_states(tmp_path, wide, narrow)
    assert (found.judgement.verdict, found.judgement.relation) == ("descends", "export")
    assert {one.status for one in found.weights.tensors} == {"equal"}
    assert {one.equal_up_to for one in found.weights.tensors if one.trace == "equal"} == {name}
    assert found.judgement.sentence.startswith("B is A written in another number type")
    assert f"equal up to {name} rounding" in clues(found, "for")["rounded"]


def test_one_number_off_is_no_export(tmp_path: Path) -> None:
    state = born(0).state_dict()
    narrow = {key: value.half() for key, value in state.items()}
    narrow["classifier.weight"][3, 5] += 0.01
    found = compare_states(tmp_path, state, narrow)
    assert row(found, "classifier.weight").status == "changed"
    assert row(found, "classifier.weight").largest_difference == pytest.approx(0.01, rel=0.02)
    assert found.judgement.verdict == "descends"
    assert found.judgement.relation != "export"


def test_a_trained_network_descends_from_its_start_with_all_three_traces(tmp_path: Path) -> None:
    start = born(0)
    found = compare_states(tmp_path, trained(start, 150).state_dict(), start.state_dict())
    assert found.judgement.verdict == "descends"
    assert {"units", "bias-fingerprint"} <= set(clues(found, "for"))
    assert "same-seed" in clues(found, "aside")
    assert len(found.weights.fingerprints) == 4
    assert min(one.correlation for one in found.weights.fingerprints) > 0.99


def test_a_resumed_run_is_a_later_state(tmp_path: Path) -> None:
    network = born(0)
    early = whole(network, train(network, 60), epoch=10, hidden_dim=48)
    early["model_state_dict"] = {key: value.clone() for key, value in network.state_dict().items()}
    optimizer = train(network, 60, order_seed=1)
    for state in optimizer.state.values():
        state["step"] += 60
    late = whole(network, optimizer, epoch=20, hidden_dim=48)
    found = compare_states(tmp_path, early, late)
    assert (found.judgement.verdict, found.judgement.relation) == ("descends", "later")
    assert "step 120 against 60" in found.judgement.sentence
    assert {(value.path, value.a, value.b) for value in found.values} == {
        (("epoch",), "10", "20"),
        (("optimizer", "step"), "60", "120"),
    }


def test_two_runs_from_one_seed_are_no_later_state_of_each_other(tmp_path: Path) -> None:
    one, other = born(0), born(0)
    a = whole(one, train(one, 60, order_seed=1), gloss_to_id={"book": 1, "dog": 2})
    b = whole(other, train(other, 90, order_seed=2, data_seed=5), gloss_to_id={"book": 2, "dog": 1})
    found = compare_states(tmp_path, a, b)
    assert (found.judgement.verdict, found.judgement.relation) == ("descends", "related")
    assert "one random seed" in clues(found, "aside")["same-seed"]
    assert "“book” 1 in A and 2 in B" in clues(found, "against")["vocabulary"]


def test_an_averaged_copy_is_recognised_by_its_name_and_its_closeness(tmp_path: Path) -> None:
    network = trained(born(0), 40)
    average = {key: value.clone() for key, value in network.state_dict().items()}
    train(network, 30, lr=3e-4, average=average)
    held = {"model": network.state_dict(), "ema": average}
    found = compare_states(tmp_path, held, held, part_b="ema")
    assert (found.part_a, found.part_b) == (("model",), ("ema",))
    assert (found.judgement.verdict, found.judgement.relation) == ("descends", "average")
    assert found.judgement.sentence.startswith("B looks like an averaged copy")
    assert {"close", "copy-name"} <= set(clues(found, "for"))


def test_an_swa_wrapper_is_the_network_it_wraps(tmp_path: Path) -> None:
    network = born(0)
    wrapper = torch.optim.swa_utils.AveragedModel(network)
    wrapper.update_parameters(network)
    found = compare_states(tmp_path, network.state_dict(), wrapper.state_dict())
    assert found.judgement.verdict == "identical"
    assert row(found, "n_averaged").status == "only-b"
    assert [(pair.a, pair.b) for pair in found.weights.prefixes] == [("", "module.")]


def test_a_new_head_makes_it_fine_tuned(tmp_path: Path) -> None:
    pretrained = trained(born(0), 60)
    network = born(7, classes=30)
    network.encoder.load_state_dict(pretrained.encoder.state_dict())
    found = compare_states(tmp_path, trained(network, 0).state_dict(), pretrained.state_dict())
    assert (found.judgement.verdict, found.judgement.relation) == ("descends", "fine-tuned")
    assert row(found, "classifier.weight").status == "shape-blocked"
    assert "“classifier”" in found.judgement.sentence


def test_a_partial_load_names_what_was_left_as_at_birth(tmp_path: Path) -> None:
    pretrained = trained(born(0), 60)
    network = born(7)
    network.encoder.input_projection.load_state_dict(pretrained.encoder.input_projection.state_dict())
    found = compare_states(tmp_path, network.state_dict(), pretrained.state_dict())
    assert (found.judgement.verdict, found.judgement.relation) == ("partly", "partial-load")
    assert "In A " in clues(found, "against")["as-at-birth"]
    assert row(found, "encoder.lstm.weight_hh_l0").new_a
    assert not row(found, "encoder.lstm.weight_hh_l0").new_b
    modules = {module.name: module for module in found.modules}
    assert modules["encoder.input_projection"].relative_distance == 0
    assert (modules["encoder.lstm"].kin, modules["encoder.lstm"].strangers) == (0, 16)


def test_an_encoder_against_a_whole_network_of_other_features_is_a_partial_load_in_both_orders(tmp_path: Path) -> None:
    """The first layer cannot be a copy, and an encoder's last layer is no output layer, whichever file is A."""
    pretrained = trained(born(0), 60)
    network = born(7, inputs=12)
    network.encoder.input_projection = nn.Linear(12, 30)
    network.encoder.lstm = nn.LSTM(30, 48, 2, batch_first=True, bidirectional=True)
    held = network.encoder.state_dict()
    shared = {key: value for key, value in pretrained.encoder.state_dict().items() if held[key].shape == value.shape}
    network.encoder.load_state_dict(held | shared)
    encoder = {"encoder_state_dict": pretrained.encoder.state_dict()}
    for name, pair in (("there", (encoder, whole(network))), ("back", (whole(network), encoder))):
        (tmp_path / name).mkdir()
        found = compare_states(tmp_path / name, *pair)
        assert (found.judgement.verdict, found.judgement.relation) == ("partly", "partial-load"), name
        assert found.weights.output_modules == ("classifier",)
        assert "output layer" not in clues(found, "against")["shape-blocked"]
        assert "the output layer" in clues(found, "aside")["only-b" if name == "there" else "only-a"]


@pytest.mark.slow
def test_unrelated_networks_are_never_taken_for_kin(tmp_path: Path) -> None:
    """24 networks trained on the same clips: no pair is kin, and no tensor carries a trace, the head included.

    The classes are as uneven as glosses are, so the biases of all heads agree; that must not count.
    """
    first = trained(born(100), 120)
    traces, verdicts, bias_cosines = [], [], []
    for seed in range(24):
        found = compare_states(tmp_path, trained(born(seed), 120, order_seed=seed).state_dict(), first.state_dict())
        verdicts.append(found.judgement.verdict)
        traces += [one.key for one in found.weights.tensors if one.trace in ("trace", "equal")]
        bias_cosines.append(row(found, "classifier.bias").cosine)
    assert verdicts == ["unrelated"] * 24
    assert traces == []
    assert min(cosine for cosine in bias_cosines if cosine is not None) > 0.3  # the bait was there


def test_a_head_of_the_same_vocabulary_is_no_kin_by_its_glosses(tmp_path: Path) -> None:
    """Rows that agree gloss by gloss while the hidden units do not: what two runs on the same data look like."""
    random = torch.Generator().manual_seed(1)
    common = torch.randn(41, 1, generator=random)
    heads = [torch.randn(41, 96, generator=random) + 3 * common for _ in range(2)]
    found = compare_states(tmp_path, {"fc.weight": heads[0]}, {"fc.weight": heads[1]})
    assert found.judgement.verdict == "unrelated"


def test_renumbered_hidden_units_are_found(tmp_path: Path) -> None:
    state = {"fc1.weight": torch.randn(64, 30), "fc2.weight": torch.randn(50, 64)}
    order = torch.randperm(64)
    other = {"fc1.weight": state["fc1.weight"][order].clone(), "fc2.weight": state["fc2.weight"][:, order].clone()}
    found = compare_states(tmp_path, state, other)
    assert found.judgement.verdict == "descends"
    assert "another order" in clues(found, "for")["reordered"]


def test_computed_tables_prove_nothing(tmp_path: Path) -> None:
    """Two unrelated networks have the same table of sines, the same counters and the same untrained LayerNorm."""
    places, waves = torch.arange(64)[:, None], torch.exp(-torch.arange(0, 32, 2) / 32 * 9.2)
    table = torch.stack([torch.sin(places * waves), torch.cos(places * waves)], dim=-1).reshape(64, 32)
    alike = {
        "pos.table": table,
        "norm.weight": torch.ones(32),
        "norm.bias": torch.zeros(32),
        "bn.num_batches_tracked": torch.tensor(12),
    }
    found = compare_states(
        tmp_path, alike | {"fc.weight": torch.randn(32, 32)}, alike | {"fc.weight": torch.randn(32, 32)}
    )
    assert found.judgement.verdict == "unrelated"
    assert {one.key for one in found.weights.tensors if one.trace == "constant"} == set(alike)
    assert "4 tensors" in clues(found, "aside")["constant"]


def test_a_renamed_head_is_a_guess_until_the_numbers_prove_it(tmp_path: Path) -> None:
    state = trained(born(0), 20).state_dict()
    body = {key: value for key, value in state.items() if key.startswith("encoder.")}
    renamed = {f"ctc_head.projection.{leaf}": state[f"classifier.{leaf}"] for leaf in ("weight", "bias")}
    proven = compare_states(tmp_path, state, body | renamed)
    assert row(proven, "classifier.weight").b == "ctc_head.projection.weight"
    assert row(proven, "classifier.weight").matched_by == "numbers"
    assert proven.judgement.verdict == "identical"
    other = {key: torch.randn_like(value) for key, value in renamed.items()}
    guessed = compare_states(tmp_path, state, body | other)
    assert row(guessed, "classifier.weight").matched_by == "guess"
    assert "a guess" in clues(guessed, "aside")["guessed-names"]


def test_modules_of_one_shape_are_matched_by_their_numbers_or_not_at_all(tmp_path: Path) -> None:
    random = torch.Generator().manual_seed(2)
    first, second, third, fourth = (torch.randn(40, 40, generator=random) for _ in range(4))
    body = {"body.weight": torch.randn(64, 20, generator=random)}
    told = compare_states(
        tmp_path, body | {"p.weight": first, "q.weight": second}, body | {"x.weight": second, "y.weight": first}
    )
    assert {one.a: one.b for one in told.weights.tensors} == {
        "body.weight": "body.weight",
        "p.weight": "y.weight",
        "q.weight": "x.weight",
    }
    untold = compare_states(
        tmp_path, body | {"p.weight": first, "q.weight": second}, body | {"x.weight": third, "y.weight": fourth}
    )
    assert {one.status for one in untold.weights.tensors} == {"equal", "only-a", "only-b"}
    assert any("cannot be told" in note for note in untold.weights.notes)


def test_tied_weights_on_one_side_are_noted(tmp_path: Path) -> None:
    shared = torch.randn(30, 30)
    found = compare_states(
        tmp_path,
        {"embed.weight": shared, "head.weight": shared},
        {"embed.weight": shared.clone(), "head.weight": shared.clone()},
    )
    assert found.judgement.verdict == "identical"
    assert found.weights.notes == (
        "“embed.weight” and “head.weight” share their memory in A and not in the other file.",
    )


def test_a_part_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    from asl_inspector.errors import UnreadableCheckpoint

    state = nn.Linear(3, 3).state_dict()
    with pytest.raises(UnreadableCheckpoint, match="no part “nonsense”") as refused:
        compare_states(tmp_path, {"model": state, "ema": state}, state, part_a="nonsense")
    assert "“model”" in refused.value.advice
    assert "“ema”" in refused.value.advice


def test_the_first_elements_of_keys_name_a_part_too(tmp_path: Path) -> None:
    student, teacher = born(1).state_dict(), born(2).state_dict()
    both = prefixed(student, "student.") | prefixed(teacher, "teacher.")
    assert compare_states(tmp_path, both, student).judgement.relation == "related"
    assert compare_states(tmp_path, both, teacher, part_a="teacher").judgement.verdict == "identical"
    unclear = compare_states(tmp_path, both, born(3).state_dict())
    assert any("“teacher.” fit as well as those under “student.”" in note for note in unclear.weights.notes)


def test_a_part_may_have_dots_in_its_name(tmp_path: Path) -> None:
    state = nn.Linear(20, 20).state_dict()
    other = nn.Linear(20, 20).state_dict()
    found = compare_states(tmp_path, {"model": state, "v1.ema": other}, other, part_a="v1.ema")
    assert found.part_a == ("v1.ema",)
    assert found.judgement.verdict == "identical"
