"""Which keys correspond?"""

from __future__ import annotations

import pytest

from asl_inspector.checkpoints.name_matching import match_names

BODY = {"lstm.weight_ih_l0": (64, 12), "lstm.weight_hh_l0": (64, 16), "norm.weight": (16,), "norm.bias": (16,)}
HEAD = {"fc.weight": (9, 16), "fc.bias": (9,)}
Shapes = dict[str, tuple[int, ...]]


def under(prefix: str, names: Shapes) -> Shapes:
    return {prefix + name: shape for name, shape in names.items()}


def pairs(a: Shapes, b: Shapes, *, guess: bool = False) -> dict[str, str]:
    return {name: partner for name, (partner, _) in match_names(a, b, guess=guess).partners.items()}


@pytest.mark.parametrize("prefix_a", ["", "module.", "_orig_mod.", "module._orig_mod.", "model.", "ema_model."])
@pytest.mark.parametrize("prefix_b", ["", "module.", "student.", "backbone.", "model.encoder."])
def test_wrappers_on_either_side_are_seen_through(prefix_a: str, prefix_b: str) -> None:
    names = BODY | HEAD
    assert pairs(under(prefix_a, names), under(prefix_b, names)) == {prefix_a + name: prefix_b + name for name in names}


def test_two_pairs_of_prefixes_at_once() -> None:
    """One file's `encoder.*` are the other's bare keys, while `head.*` has the same name in both."""
    a = under("encoder.", BODY) | under("head.", HEAD)
    b = BODY | under("head.", HEAD)
    found = match_names(a, b)
    assert {name: partner for name, (partner, _) in found.partners.items()} == {
        **{f"encoder.{name}": name for name in BODY},
        **{f"head.{name}": f"head.{name}" for name in HEAD},
    }
    assert [(pair.a, pair.b, pair.tensors) for pair in found.prefixes] == [("encoder.", "", 4), ("", "", 2)]


def test_an_extra_head_has_no_partner() -> None:
    assert set(pairs(under("encoder.", BODY) | under("head.", HEAD), BODY)) == set(under("encoder.", BODY))


def test_wrappers_inside_keys_are_seen_through() -> None:
    assert pairs({"cnn.module.conv.weight": (8, 3, 3, 3), "fc.weight": (4, 4)}, {"cnn.conv.weight": (8, 3, 3, 3)}) == {
        "cnn.module.conv.weight": "cnn.conv.weight"
    }


def test_keys_of_one_name_correspond_whatever_their_shapes() -> None:
    assert pairs({"fc.weight": (9, 16)}, {"fc.weight": (5, 16)}) == {"fc.weight": "fc.weight"}


def test_without_guessing_other_names_stay_alone() -> None:
    a, b = BODY | under("classifier.", HEAD), BODY | under("ctc_head.", HEAD)
    assert set(pairs(a, b)) == set(BODY)
    assert set(pairs(a, b, guess=True)) == set(a)


def test_a_renamed_head_is_guessed_by_shape_and_place() -> None:
    a = BODY | {"classifier.weight": (9, 16), "classifier.bias": (9,)}
    b = BODY | {"ctc_head.projection.weight": (9, 16), "ctc_head.projection.bias": (9,)}
    found = match_names(a, b, guess=True)
    assert found.partners["classifier.weight"] == ("ctc_head.projection.weight", "guess")
    assert found.partners["lstm.weight_ih_l0"] == ("lstm.weight_ih_l0", "name")


def test_a_renamed_head_of_another_size_is_guessed_too() -> None:
    found = match_names(BODY | {"classifier.weight": (9, 16)}, BODY | {"out.weight": (30, 16)}, guess=True)
    assert found.partners["classifier.weight"] == ("out.weight", "guess")


def test_several_modules_of_one_shape_are_left_undecided() -> None:
    a = BODY | {"p.weight": (9, 9), "q.weight": (9, 9)}
    b = BODY | {"x.weight": (9, 9), "y.weight": (9, 9)}
    found = match_names(a, b, guess=True)
    assert set(found.partners) == set(BODY)
    assert found.undecided == [(["p", "q"], ["x", "y"])]


def test_layers_are_not_matched_with_other_layers() -> None:
    """Layer 3 is missing in B, and B's extra layers must not take its place."""
    layer = {"weight": (16, 16), "bias": (16,)}
    a = {name: shape for index in range(4) for name, shape in under(f"enc.layers.{index}.", layer).items()}
    b = {name: shape for index in range(3) for name, shape in under(f"enc.layers.{index}.", layer).items()}
    b |= under("dec.layers.0.", layer)
    assert set(pairs(a, b)) == {name for name in a if ".3." not in name}


def test_the_network_is_preferred_to_its_averaged_copy() -> None:
    a = under("model.", BODY) | under("ema.", BODY)
    found = match_names(a, BODY)
    assert set(found.partners) == set(under("model.", BODY))
    assert found.notes == [
        "The keys under “ema.” fit as well as those under “model.” that were compared; name the part to choose."
    ]


def test_thousands_of_keys_take_no_time() -> None:
    import time

    names = {f"encoder.layers.{n // 8}.block{n % 8}.weight": (4, 4) for n in range(4_000)}
    started = time.perf_counter()
    assert len(pairs(under("module.", names), names, guess=True)) == 4_000
    assert time.perf_counter() - started < 2
