"""The kinds of fault, what counts as naming them, and what the weights may be fitted on.

**The split was fixed before any result was looked at.** Fitting sees the kinds that are not `held_out`, on the generator
of `FITTED_ON` alone. Kinds that are `held_out`, and every case of the other generator, are only scored.

Truth: every fault has a set of cause ids that are as good as each other, because files cannot tell them apart or because
the contract has one name for both. Naming one of a set names the fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.faults import planting, planting_runs
from benchmarks.faults.generators import GENERATORS, Amount, numbered
from benchmarks.faults.planting import Plant
from benchmarks.faults.records import ARCHS, Arch, Case, Setup, Training

FITTED_ON = "landmarks"
FAULT_SEEDS, HEALTHY_SEEDS = 6, 12
Truth = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault or healthy control.

    Attributes:
        name: What it is called.
        plant: Changes a run.
        truth: The faults, each as the set of causes that name it; empty for a healthy control.
        held_out: True where fitting never sees it.
        archs: The networks that can have it.
        amount: How much data there is.
        row: Row of the list of planted faults in the design, or 0 for one of our own.
    """

    name: str
    plant: Plant
    truth: Truth = ()
    held_out: bool = False
    archs: tuple[Arch, ...] = ARCHS
    amount: Callable[[int], Amount] = field(default=lambda _: Amount())
    row: int = 0

    @property
    def healthy(self) -> bool:
        """True for a control."""
        return not self.truth


def one(*causes: str) -> Truth:
    """A single fault with several acceptable names."""
    return (frozenset(causes),)


CTC: tuple[Arch, ...] = ("ctc",)
LABELS = one("label-map-mismatch")
FEATURES = one("feature-mismatch")

KINDS: tuple[Kind, ...] = (
    # labels
    Kind("vocabulary-per-split", planting.vocabulary_per_split, LABELS, row=1),
    Kind("ids-off-by-one", planting.ids_off_by_one, LABELS, held_out=True, row=2),
    Kind("first-gloss-is-the-blank", planting.first_gloss_is_the_blank, LABELS, archs=CTC, row=2),
    Kind("wrong-vocabulary-for-validation", planting.wrong_vocabulary_for_validation, LABELS, held_out=True),
    Kind(
        "rows-out-of-step",
        planting.rows_out_of_step,
        one("label-map-mismatch", "feature-mismatch", "label-noise"),
    ),
    Kind("too-few-outputs", planting.too_few_outputs, one("class-count-mismatch")),
    Kind("noisy-training-labels", planting.noisy_training_labels, one("label-noise"), row=3),
    Kind("paired-training-labels", planting.paired_training_labels, one("label-noise"), held_out=True),
    # pre-training
    Kind("stage1-partly-loaded", planting_runs.stage1_partly_loaded, one("stage1-partly-loaded"), row=4),
    Kind("stage1-forgotten", planting_runs.stage1_forgotten, one("stage1-not-loaded"), row=5),
    Kind(
        "stage1-of-another-width", planting_runs.stage1_of_another_width, one("stage1-not-loaded"), held_out=True, row=5
    ),
    # training
    Kind("encoder-frozen", planting_runs.encoder_frozen, one("layers-never-trained"), row=6),
    Kind(
        "encoder-not-in-optimizer",
        planting_runs.encoder_not_in_optimizer,
        one("layers-never-trained"),
        held_out=True,
        row=6,
    ),
    Kind("steps-too-large", planting_runs.steps_too_large, one("learning-rate-too-high", "non-finite-weights"), row=9),
    Kind("steps-too-small", planting_runs.steps_too_small, one("undertrained"), row=9),
    Kind("stopped-early", planting_runs.stopped_early, one("undertrained", "blank-collapse"), held_out=True, row=7),
    Kind("overflow", planting_runs.overflow, one("non-finite-weights")),
    Kind("blank-favoured", planting_runs.blank_favoured, one("blank-collapse"), archs=CTC, row=7),
    Kind("one-gloss-oversampled", planting_runs.one_gloss_oversampled, one("class-collapse"), row=8),
    Kind("one-gloss-weighed", planting_runs.one_gloss_weighed, one("class-collapse"), held_out=True, row=8),
    Kind("learned-by-heart", planting_runs.learned_by_heart, one("overfitting", "too-little-data"), row=12),
    Kind(
        "learned-one-signer-by-heart",
        planting_runs.learned_one_signer_by_heart,
        one("overfitting", "too-little-data"),
        held_out=True,
        amount=lambda severity: Amount(train=7, noise=2.0 + 0.5 * severity, train_signers=1),
    ),
    # data
    Kind("validation-standardised-otherwise", planting.validation_standardised_otherwise, FEATURES, row=10),
    Kind("validation-in-pixels", planting.validation_in_pixels, FEATURES),
    Kind("hands-swapped-in-validation", planting.hands_swapped_in_validation, FEATURES, row=10),
    Kind("velocity-doubled-in-validation", planting.velocity_doubled_in_validation, FEATURES, held_out=True, row=10),
    Kind("mirrored-validation", planting.mirrored_validation, FEATURES, held_out=True),
    Kind("hands-missing", planting.hand_missing_in_half_of_the_frames, one("missing-landmarks"), row=13),
    Kind("hand-missing-in-validation", planting.hand_missing_in_validation, one("missing-landmarks")),
    Kind("frozen-frames", planting.frozen_frames, one("missing-landmarks", "feature-mismatch"), held_out=True, row=13),
    Kind("gaps-are-nan", planting.gaps_are_nan_in_validation, one("missing-landmarks", "feature-mismatch")),
    Kind("validation-copied", planting.validation_copied_into_training, one("validation-leak"), row=11),
    Kind("validation-augmented", planting.validation_augmented_into_training, one("validation-leak"), held_out=True),
    Kind("too-few-clips", planting.one_or_two_clips_a_gloss, one("too-little-data", "overfitting")),
    Kind(
        "too-short-for-targets",
        planting.too_short_for_their_targets,
        one("ctc-infeasible"),
        held_out=True,
        archs=CTC,
        row=14,
    ),
    # what is saved
    Kind("stale-metadata", planting_runs.stale_metadata, one("stale-metadata"), row=15),
    Kind("stale-best-file", planting_runs.stale_best_file, one("stale-metadata"), held_out=True, row=15),
    Kind("scored-by-first-token", planting_runs.scored_by_first_token, one("decoder-mismatch"), archs=CTC, row=16),
    # two faults
    Kind("labels+stage1", planting_runs.labels_and_stage1, LABELS + one("stage1-partly-loaded")),
    Kind(
        "leak+stage1", planting_runs.leak_and_stage1, one("validation-leak") + one("stage1-not-loaded"), held_out=True
    ),
    Kind("stale+hands", planting_runs.stale_and_hands, one("stale-metadata") + one("missing-landmarks"), held_out=True),
    # healthy
    Kind("healthy", planting_runs.nothing),
    Kind("healthy-little-data", planting_runs.little_data),
    Kind("healthy-hard-data", planting_runs.nothing, amount=lambda _: Amount(train=14, noise=1.8)),
    Kind("healthy-mostly-blank", planting_runs.long_clips, archs=CTC, amount=lambda _: Amount(slow=2.0, noise=0.6)),
    Kind("healthy-with-stage1", planting_runs.with_stage1),
    Kind("healthy-frozen-on-purpose", planting_runs.frozen_on_purpose),
    Kind("healthy-padding-counted", planting_runs.padding_counted, held_out=True),
    Kind("healthy-uneven-glosses", planting_runs.uneven_glosses, held_out=True),
    Kind("healthy-resumed", planting_runs.resumed, held_out=True),
)
BY_NAME = {kind.name: kind for kind in KINDS}


def cases(generators: tuple[str, ...], seeds: int | None = None, healthy_seeds: int | None = None) -> list[Case]:
    """All cases, one seed of every kind before the next.

    Seeds alternate between the networks that a kind can have, and the severity rises with every pair of seeds, so that six
    seeds hold each network at each severity once.
    """
    most_faults, most_healthy = seeds or FAULT_SEEDS, healthy_seeds or seeds or HEALTHY_SEEDS
    return [
        Case(kind.name, kind.archs[seed % len(kind.archs)], generator, seed, seed // 2 % 3)
        for seed in range(max(most_faults, most_healthy))
        for kind in KINDS
        if seed < (most_healthy if kind.healthy else most_faults)
        for generator in generators
    ]


def is_for_fitting(case: Case) -> bool:
    """True where the weights of evidence may be fitted on the case."""
    return case.generator == FITTED_ON and not BY_NAME[case.kind].held_out


def setup_of(case: Case) -> Setup:
    """The run of a case, fault included, before it is trained."""
    kind = BY_NAME[case.kind]
    random = np.random.default_rng([case.seed, ARCHS.index(case.arch), KINDS.index(kind), len(case.generator)])
    drawn = GENERATORS[case.generator](random, kind.amount(case.severity))
    first = 1 if case.arch == "ctc" else 0
    vocabulary = {gloss: number for number, gloss in enumerate(drawn.glosses, start=first)}
    setup = Setup(
        arch=case.arch,
        glosses=drawn.glosses,
        train=numbered(drawn.train, vocabulary, "train", random),
        val=numbered(drawn.val, vocabulary, "val", random),
        vocabulary=vocabulary,
        outputs=len(drawn.glosses) + first,
        columns=drawn.columns,
        training=Training(epochs=26, lr=1e-2) if case.arch == "ctc" else Training(epochs=18, lr=6e-3),
    )
    setup.clean = list(setup.val)
    kind.plant(setup, case.severity, random)
    return setup
