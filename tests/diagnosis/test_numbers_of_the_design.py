"""Numbers that diagnosis.md gives as measured, calculated anew by the program's own functions or by torch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from asl_inspector.diagnosis.measures import accuracy_of, best_of, p_of_guessing, unpaired_p
from asl_inspector.diagnosis.metadata import epoch_of_steps
from asl_inspector.diagnosis.run import luck_of
from asl_inspector.diagnosis.validation_size import smallest_size
from asl_inspector.inference.decoding_beam import prefix_beam
from asl_inspector.inference.exact_scores import single_gloss_log_probs


def test_six_and_one_of_168_clips() -> None:
    """A2: intervals 1.6 to 7.6 and 0.1 to 3.3 %, p = .12 between them, .0072 for one look and up to .30 for fifty."""
    six, one = accuracy_of(6, 168), accuracy_of(1, 168)
    assert six is not None
    assert one is not None
    assert [round(100 * limit, 1) for limit in (six.low, six.high, one.low, one.high)] == [1.6, 7.6, 0.1, 3.3]
    assert unpaired_p(six, one) == pytest.approx(0.12, abs=0.005)
    single = p_of_guessing(6, 168, 0.01)
    assert round(single, 4) == 0.0072
    assert best_of(single, 50) == pytest.approx(0.30, abs=0.005)
    luck = luck_of(six, 50, 0.01)
    assert luck is not None
    assert round(luck.expected, 1) == 5.1


def test_accuracies_of_3_57_and_0_60_percent_are_of_168_clips() -> None:
    assert smallest_size((0.0357, 0.0060)) == 168


def test_the_exact_score_knows_more_than_the_greedy_path() -> None:
    """C3: blank .6, gloss .4 in ten frames: the path is empty, and log P(g) = -2.3 is above log P(empty) = -5.1."""
    logits = torch.log(torch.tensor([0.6, 0.4])).expand(1, 10, 2)
    scores, empty, _ = single_gloss_log_probs(logits, 0)
    assert float(scores.max()) == pytest.approx(-2.3, abs=0.05)
    assert float(empty[0]) == pytest.approx(-5.1, abs=0.05)


def test_an_untrained_ctc_loss_is_132_for_thirty_frames_and_101_classes() -> None:
    """B1: T ln K - ln(T (T + 1) / 2)."""
    told = torch.full((30, 1, 101), -math.log(101))
    loss = nn.functional.ctc_loss(told, torch.tensor([[7]]), torch.tensor([30]), torch.tensor([1]), reduction="sum")
    assert float(loss) == pytest.approx(30 * math.log(101) - math.log(30 * 31 / 2), abs=1e-3)
    assert round(float(loss)) == 132


@pytest.mark.parametrize(("hidden", "layers", "parameters"), [(128, 2, 591_205), (64, 1, 65_253)])
def test_the_notebooks_network_has_591_205_parameters(hidden: int, layers: int, parameters: int) -> None:
    """A1: a BiLSTM over 36 features with a head of 101 classes, and its smaller option."""
    network = nn.ModuleList(
        [
            nn.LSTM(36, hidden, layers, batch_first=True, bidirectional=True),
            nn.Linear(2 * hidden, 101),
        ]
    )
    found = sum(one.numel() for one in network.parameters())
    # the design's formula: D * 4 H (in + H + 2) a layer
    by_formula = 2 * 4 * hidden * (36 + hidden + 2) + (layers - 1) * 2 * 4 * hidden * (2 * hidden + hidden + 2)
    assert found == by_formula + 2 * hidden * 101 + 101
    assert found == parameters


def test_decay_in_the_gradient_of_adam_pulls_a_tensor_without_gradient_to_nothing_and_adamw_does_not() -> None:
    """C7: rms .052 to .0001 in 200 steps."""
    left = {}
    for kind in (torch.optim.Adam, torch.optim.AdamW):
        torch.manual_seed(0)
        weight = nn.Parameter(torch.empty(128, 64).uniform_(-0.09, 0.09))
        optimizer = kind([weight], lr=1e-3, weight_decay=1e-4)
        before = float(weight.detach().square().mean().sqrt())
        for _ in range(200):
            optimizer.zero_grad()
            (weight.sum() * 0.0).backward()
            optimizer.step()
        left[kind.__name__] = float(weight.detach().square().mean().sqrt()) / before
        assert before == pytest.approx(0.052, abs=0.001)
    assert left["Adam"] < 0.01
    assert left["AdamW"] > 0.99


def test_ten_of_46_against_twelve_is_no_gain() -> None:
    """A2: "20 % gain from pre-training" is 10 to 12 of 46 clips, p = .81."""
    ten, twelve = accuracy_of(10, 46), accuracy_of(12, 46)
    assert ten is not None
    assert twelve is not None
    assert unpaired_p(ten, twelve) == pytest.approx(0.81, abs=0.005)
    assert np.isclose(ten.value, 0.217, atol=5e-4)


def test_of_the_small_network_of_stage_1_71893_parameters_are_the_projected_encoder_with_21_classes() -> None:
    """A1: 36 features projected to 64, a BiLSTM of 64, a LayerNorm, and a head of 21 classes."""
    parts = [nn.Linear(36, 64), nn.LSTM(64, 64, bidirectional=True), nn.LayerNorm(128), nn.Linear(128, 21)]
    assert sum(one.numel() for part in parts for one in part.parameters()) == 71_893


def test_a_lenient_load_raises_after_it_has_copied_14_of_16_tensors() -> None:
    """A1: 528,384 of 565,248 numbers, 93.5 %; the input layer of both directions is left at random."""
    torch.manual_seed(0)
    pretrained = nn.LSTM(128, 128, 2, bidirectional=True)
    network = nn.LSTM(36, 128, 2, bidirectional=True)
    with pytest.raises(RuntimeError, match="size mismatch"):
        network.load_state_dict(pretrained.state_dict(), strict=False)
    theirs = pretrained.state_dict()
    copied = [one for name, one in network.state_dict().items() if torch.equal(one, theirs[name])]
    assert len(copied) == 14
    numbers, whole = sum(one.numel() for one in copied), sum(one.numel() for one in network.state_dict().values())
    assert (numbers, whole) == (528_384, 565_248)
    assert round(100 * numbers / whole, 1) == 93.5


def test_padded_frames_have_the_logits_of_the_bias_exactly() -> None:
    """A1: what unpacking fills with zeros reads as the class with the highest bias."""
    torch.manual_seed(1)
    lstm, head = nn.LSTM(6, 8, batch_first=True, bidirectional=True), nn.Linear(16, 11)
    lengths = torch.tensor([9, 4])
    packed = nn.utils.rnn.pack_padded_sequence(torch.randn(2, 9, 6), lengths, batch_first=True)
    outputs, _ = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
    logits = head(outputs)
    assert torch.equal(logits[1, 4:], head.bias.expand(5, 11))
    assert (logits[1, 4:].argmax(-1) == head.bias.argmax()).all()


def test_the_best_dict_holds_the_live_weights_and_adam_counts_the_epochs() -> None:
    """A1: `state_dict()` of epoch 20 saved in epoch 50 has the tensors of epoch 50, and 2,550 steps are 50 epochs of 51."""
    layer = nn.Linear(2, 2)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    best: dict[str, torch.Tensor] = {}
    for epoch in range(1, 51):
        for _ in range(51):
            optimizer.zero_grad()
            layer(torch.ones(1, 2)).sum().backward()
            optimizer.step()
        if epoch == 20:
            best = layer.state_dict()
    assert torch.equal(best["weight"], layer.weight)
    step = next(iter(optimizer.state.values()))["step"]
    assert int(step) == 2_550
    assert epoch_of_steps(2_550, 20, 806, 16) == 50


def test_the_printed_shares_and_losses_of_the_case() -> None:
    """A1: a penalty of .2719 with factor .5 is 54.4 % blank; .4767 less it is .2048, a probability of .81."""
    assert round(100 * 0.2719 / 0.5, 1) == 54.4
    assert round(0.4767 - 0.2719, 4) == 0.2048
    assert round(math.exp(-0.2048), 2) == 0.81
    assert 591_205 // 806 == 733


def test_merging_repeats_a_gloss_and_a_beam_without_merging_cannot() -> None:
    """A3: of the path A, blank, A the greedy rule says A A; this program's beam search merges prefixes and says it as well."""
    logits = torch.log(torch.tensor([[[0.05, 0.95], [0.95, 0.05], [0.05, 0.95]]]))
    found = prefix_beam(logits.log_softmax(-1), 0).tokens
    assert found[0][found[0] >= 0].tolist() == [1, 1]


def numbered_by_split(random: np.random.Generator) -> tuple[int, float, float, int]:
    """100 glosses in three splits of 1,442, 338 and 258 clips, of which 806, 168 and 103 are left, each numbered by itself.

    Returns:
        Glosses absent from validation; shares of validation and of test clips with the id of training; colliding ids of the
        vocabulary into which the three numberings are put one after the other.
    """
    glosses, shown = 100, {}
    for split, clips, left in (("train", 1_442, 806), ("val", 338, 168), ("test", 258, 103)):
        each = random.permutation(np.full(glosses, clips // glosses) + (np.arange(glosses) < clips % glosses))
        whole = np.repeat(np.arange(glosses), each)
        shown[split] = whole[np.sort(random.permutation(clips)[:left])].tolist()
    own = {split: {one: n for n, one in enumerate(dict.fromkeys(held), 1)} for split, held in shown.items()}
    together: dict[int, int] = {}
    for numbers in own.values():
        together.update(numbers)
    kept = [np.mean([own[split][one] == own["train"].get(one) for one in shown[split]]) for split in ("val", "test")]
    return glosses - len(own["val"]), float(kept[0]), float(kept[1]), len(together) - len(set(together.values()))


def test_numbering_by_split_leaves_a_twentieth_of_the_validation_ids() -> None:
    """0: 10 [6 to 14] glosses absent, 5.4 % [0 to 36] of the validation clips keep their id, none of test, 22 [18 to 25] collisions.

    The split file itself and the list of failed downloads are not at hand: each gloss has as many clips of a split as the others,
    and which are lost is drawn. So the figures are met to within what uneven glosses change.
    """
    random = np.random.default_rng(0)
    drawn = np.array([numbered_by_split(random) for _ in range(300)])
    low, middle, high = np.quantile(drawn, [0.05, 0.5, 0.95], axis=0)
    assert [middle[0], middle[3]] == pytest.approx([10, 22], abs=1)
    assert [low[0], high[0], low[3], high[3]] == pytest.approx([6, 14, 18, 25], abs=1.5)
    assert 0.03 < middle[1] < 0.09
    assert low[1] < 0.01
    assert 0.2 < high[1] < 0.4
    assert middle[2] < 0.03


def after_training(
    weight_decay: float,
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """A BiLSTM of 128 with CTC on twenty signs of noise: its start, after 300 and after 900 steps of Adam."""
    random = torch.Generator().manual_seed(5)
    clips = torch.randn(20, 16, 36, generator=random).repeat(8, 1, 1) + 0.5 * torch.randn(160, 16, 36, generator=random)
    glosses = torch.arange(20).repeat(8) + 1
    torch.manual_seed(0)
    lstm, head = nn.LSTM(36, 128, batch_first=True, bidirectional=True), nn.Linear(256, 21)
    optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], lr=3e-3, weight_decay=weight_decay)
    kept = [{name: one.clone() for name, one in lstm.state_dict().items()}]
    frames, one = torch.full((8,), 16), torch.ones(8, dtype=torch.long)
    for step in range(1, 901):
        batch = torch.randint(0, 160, (8,), generator=random)
        told = head(lstm(clips[batch])[0]).log_softmax(-1).transpose(0, 1)
        optimizer.zero_grad()
        nn.functional.ctc_loss(told, glosses[batch, None], frames, one).backward()
        optimizer.step()
        if step in (300, 900):
            kept.append({name: one.clone() for name, one in lstm.state_dict().items()})
    return kept[0], kept[1], kept[2]


def fingerprint(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], way: str) -> float:
    """Correlation of b_ih - b_hh of two networks."""
    both = [one[f"bias_ih_l0{way}"] - one[f"bias_hh_l0{way}"] for one in (first, second)]
    return float(torch.corrcoef(torch.stack(both))[0, 1])


@pytest.mark.slow
def test_a_trained_network_keeps_the_traces_of_its_start_that_the_design_measured() -> None:
    """C1: cosine to the own start .65 to .80 without decay and .20 to .61 with it, unrelated up to .006; the difference of the
    biases r = 1.0000 without decay, .9997 and more after 300 steps with it, unrelated up to .07; weights beyond their first range
    .11 to .25 without decay, fewer with it. Where this set differs from the design's, the wider limit is written beside it.
    """
    torch.set_num_threads(1)
    torch.manual_seed(1)
    other = {
        name: one.clone() for name, one in nn.LSTM(36, 128, batch_first=True, bidirectional=True).state_dict().items()
    }
    beyond = {}
    for decay in (0.0, 1e-4):
        start, early, late = after_training(decay)
        weight = "weight_hh_l0"
        own = float(nn.functional.cosine_similarity(late[weight].flatten(), start[weight].flatten(), dim=0))
        unrelated = float(nn.functional.cosine_similarity(late[weight].flatten(), other[weight].flatten(), dim=0))
        assert (0.65 if not decay else 0.20) <= own <= (0.80 if not decay else 0.65)
        assert abs(unrelated) <= 0.0065
        for way in ("", "_reverse"):
            assert fingerprint(early, start, way) >= 0.9997
            assert (
                round(fingerprint(late, start, way), 4) == 1.0 if not decay else fingerprint(late, start, way) >= 0.64
            )
            assert abs(fingerprint(late, other, way)) <= 0.07
        beyond[decay] = float((late[weight].abs() > 1 / math.sqrt(128)).float().mean())
    assert 0.11 <= beyond[0.0] <= 0.30
    assert beyond[1e-4] < 0.5 * beyond[0.0]
