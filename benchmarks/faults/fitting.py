"""Fit the weights of evidence on the fitting cases, and write them as the one table of the program.

python -m benchmarks.faults.fitting --out DIR [--write]

Model: for every cause, the log odds that it is true are a prior plus the weights of the findings that are there, which is a
logistic regression on findings. The weights start from those set by hand and are pulled towards them (a Gaussian prior of
deviation `PULL`), so that a finding that the cases hardly show keeps its weight and none changes its meaning: a weight
keeps its sign, and what has none gets none. The explaining away is part of the model as it is and is not fitted.

Every case is taken with all of its files and with fewer (the sets of `inspecting.INPUTS`), because the program must be as
calibrated with little as with much. Cases of kinds and generators that are held out are never read here.

Held-out check within the fitting cases: seeds are left out in turn, and the log loss is printed before and after.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from asl_inspector.diagnosis import weights_of_evidence
from asl_inspector.diagnosis.findings import Finding
from asl_inspector.diagnosis.remedies import REMEDIES
from benchmarks.faults.judging import Answer, as_findings, stored
from benchmarks.faults.kinds import FITTED_ON, cases, is_for_fitting

PULL = 1.5  # log odds: how far a weight goes from the one set by hand for about one clear case
LIMIT = 12.0
EDGES = (0.3, 0.5, 0.65, 0.8, 0.9, 0.97, 1.0001)
PULL_BIN = 10.0
# What was measured on the outputs themselves is listed at least as a possible cause where nothing else is found.
FLOORS = {
    ("decoder-hides-answers", "decoder-mismatch"): 3.6,
    ("blank-hides-answers", "blank-collapse"): 3.7,
    ("blank-hides-training-answers", "blank-collapse"): 1.8,
}
Array = NDArray[np.float64]
Key = tuple[str, str]


def keys() -> list[Key]:
    """`(finding, cause)` of every weight of the table."""
    return [(finding, cause) for finding, row in weights_of_evidence.WEIGHTS.items() for cause in row]


class Model:
    """The program's own model as arrays: A answers, C causes, W weights."""

    def __init__(self, answers: list[Answer]) -> None:
        self.keys = keys()
        self.causes = list(REMEDIES)
        place = {cause: number for number, cause in enumerate(self.causes)}
        self.hand = np.array([weights_of_evidence.WEIGHTS[finding][cause] for finding, cause in self.keys])
        self.cause_of = np.array([place[cause] for _, cause in self.keys])
        self.there = np.zeros((len(answers), len(self.keys)))
        self.fixed = np.full((len(answers), len(self.causes)), weights_of_evidence.PRIOR)
        for row, answer in enumerate(answers):
            findings = as_findings([list(one) for one in answer.findings])
            by_id = {finding.id: finding for finding in findings}
            for column, (id_, cause) in enumerate(self.keys):
                if id_ in by_id:
                    count = sum(finding.id == id_ for finding in findings)
                    self.there[row, column] = count
                    self.fixed[row, place[cause]] += _bonus(by_id[id_], cause)
        self.explains = np.zeros((len(self.causes), len(self.causes)))
        for cause, others in weights_of_evidence.EXPLAINED_BY.items():
            for other, value in others.items():
                self.explains[place[other], place[cause]] = value
        self.true = np.array([[answer.is_true(cause) for cause in self.causes] for answer in answers], float)
        self.known = np.ones_like(self.true)
        alone = self._alone(self.hand)
        for row, answer in enumerate(answers):
            planted = {cause for names in answer.truth for cause in names}
            for cause in answer.also_true - planted if planted else ():
                self.known[row, place[cause]] = (
                    0.0  # true beside a fault that may explain it: named or not, it is right
                )
            for names in answer.truth:  # of several names for one fault one is asked for, and none is wrong
                best = max(names, key=lambda cause, row=row: float(alone[row, place[cause]]))
                for cause in names - {best}:
                    self.known[row, place[cause]] = 0.0

    def _alone(self, weights: Array) -> Array:
        """(A, C), log odds of each cause by itself."""
        spread = np.zeros((len(self.keys), len(self.causes)))
        spread[np.arange(len(self.keys)), self.cause_of] = weights
        return np.asarray(self.fixed + self.there @ spread, np.float64)

    def confidences(self, weights: Array) -> Array:
        """(A, C), after explaining away. The threshold of the program is a steep slope here, so that it can be fitted."""
        alone = self._alone(weights)
        sure = 1 / (1 + np.exp(-alone))
        counted = sure / (1 + np.exp(-(alone - 0.0) * 8))
        return np.asarray(1 / (1 + np.exp(-(alone - counted @ self.explains))), np.float64)

    def loss(self, weights: Array, rows: NDArray[np.bool_]) -> float:
        """Mean log loss over the answers of `rows`, summed over the causes."""
        p = np.clip(self.confidences(weights)[rows], 1e-4, 1 - 1e-4)
        true, known = self.true[rows], self.known[rows]
        return float((-(true * np.log(p) + (1 - true) * np.log(1 - p)) * known).sum() / rows.sum())

    def fit(self, rows: NDArray[np.bool_], steps: int = 60) -> Array:
        """The weights that fit the answers of `rows`, pulled towards those set by hand."""
        cases_there = rows.sum() / 5  # the sets of files of one case are no five cases

        def goal(weights: Array) -> float:
            return self.loss(weights, rows) * cases_there + float((((weights - self.hand) / PULL) ** 2).sum() / 2)

        bounds = [
            (FLOORS.get(key, 0.0), LIMIT) if value > 0 else (-LIMIT, 0.0)
            for key, value in zip(self.keys, self.hand, strict=True)
        ]
        return np.asarray(
            minimize(
                lambda weights: (goal(weights), self._gradient(weights, rows, cases_there)),
                self.hand,
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"maxiter": steps},
            ).x,
            np.float64,
        )

    def _gradient(self, weights: Array, rows: NDArray[np.bool_], cases_there: float) -> Array:
        """Of the goal, by the chain rule through the explaining away."""
        alone = self._alone(weights)[rows]
        sure, gate = 1 / (1 + np.exp(-alone)), 1 / (1 + np.exp(-8 * alone))
        left = alone - (sure * gate) @ self.explains
        p = 1 / (1 + np.exp(-left))
        clipped = (p > 1e-4) & (p < 1 - 1e-4)
        by_left = (p - self.true[rows]) * self.known[rows] * clipped / rows.sum()  # (A, C)
        slope = sure * (1 - sure) * gate + sure * 8 * gate * (1 - gate)
        by_alone = by_left - (by_left @ self.explains.T) * slope
        by_weight = (self.there[rows] * by_alone[:, self.cause_of]).sum(axis=0)
        return np.asarray(by_weight * cases_there + (weights - self.hand) / PULL**2, np.float64)


def left_out_by_kind(model: Model, answers: list[Answer], folds: int = 8) -> Array:
    """(A, C), confidences in answers on kinds that the weights were not fitted on, as a new kind would get them."""
    kinds = sorted({answer.case.kind for answer in answers})
    fold_of = {kind: number % folds for number, kind in enumerate(np.random.default_rng(1).permutation(kinds).tolist())}
    folds_of_rows = np.array([fold_of[answer.case.kind] for answer in answers])
    found = np.zeros_like(model.true)
    for fold in range(folds):
        rows = folds_of_rows == fold
        found[rows] = model.confidences(model.fit(~rows))[rows]
    return found


def calibration_of(confidences: Array, answers: list[Answer], causes: list[str]) -> list[tuple[float, float]]:
    """Points `(confidence, share true)` of a rising line, from causes that would be listed.

    Answers are binned by confidence (`EDGES`), shares are pulled towards the bin's own confidence by as much as `PULL_BIN`
    causes would, and made to rise (pool adjacent violators).

    Source: Zadrozny and Elkan 2002, for isotonic calibration; the bins keep the table readable.
    """
    said, true = [], []
    for row, answer in enumerate(answers):
        for column, cause in enumerate(causes):
            if confidences[row, column] >= EDGES[0]:
                said.append(float(confidences[row, column]))
                true.append(answer.is_true(cause))
    place = np.digitize(said, EDGES) - 1
    blocks: list[tuple[float, float, float]] = []  # weight, weighted confidence, weighted share
    for number in range(len(EDGES) - 1):
        chosen = place == number
        count = float(chosen.sum())
        if not count:
            continue
        mean = float(np.array(said)[chosen].mean())
        share = (float(np.array(true)[chosen].sum()) + PULL_BIN * mean) / (count + PULL_BIN)
        blocks.append((count + PULL_BIN, mean, share))
        print(f"  {mean:.2f} -> {share:.2f} of {count:.0f}")
    points = [(mean, share) for _, mean, share in blocks]
    level = [share for _, _, share in blocks]
    sizes = [size for size, _, _ in blocks]
    pooled: list[list[float]] = []  # share, size, members
    for share, size in zip(level, sizes, strict=True):
        pooled.append([share, size, 1])
        while len(pooled) > 1 and pooled[-2][0] > pooled[-1][0]:
            last = pooled.pop()
            total = pooled[-1][1] + last[1]
            pooled[-1] = [(pooled[-1][0] * pooled[-1][1] + last[0] * last[1]) / total, total, pooled[-1][2] + last[2]]
    rising = [share for share, _, members in pooled for _ in range(int(members))]
    return [(round(mean, 3), round(share, 3)) for (mean, _), share in zip(points, rising, strict=True)]


def _bonus(finding: Finding, cause: str) -> float:
    """What the program adds for a finding's severity."""
    plain = weights_of_evidence.WEIGHTS.get(finding.id, {}).get(cause, 0.0)
    return weights_of_evidence.weight(finding, cause) - plain


def written(source: str, fitted: dict[Key, float]) -> str:
    """The module with the new numbers in the places of the old ones; everything else stays, comments too."""
    head, _, rest = source.partition("WEIGHTS: dict")
    body, end, tail = rest.partition("\n}\n")
    finding = ""
    lines = []
    for line in body.splitlines():
        told = re.match(r'\s{4}"([a-z0-9-]+)": \{', line)
        finding = told[1] if told else finding

        def number(match: re.Match[str], of: str = finding) -> str:
            return f'"{match[1]}": {fitted[of, match[1]]:.1f}' if (of, match[1]) in fitted else match[0]

        lines.append(re.sub(r'"([a-z0-9-]+)": (-?\d+\.\d+)', number, line))
    return head + "WEIGHTS: dict" + "\n".join(lines) + end + tail


def calibrated(source: str, points: list[tuple[float, float]]) -> str:
    """The module with another calibration."""
    lines = "".join(f"    ({told:.3f}, {true:.3f}),\n" for told, true in points)
    return re.sub(
        r"(\nCALIBRATION: [^=]*= ).*?\n\n", lambda match: f"{match[1]}(\n{lines})\n\n", source, flags=re.DOTALL
    )


def main(arguments: list[str]) -> int:
    """Fit, check, and write the table if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    chosen = [
        case
        for case in cases(FITTED_ON)
        if is_for_fitting(case)
        and all((options.out / part / f"{case.name}.json").exists() for part in ("said", "facts"))
    ]
    answers = [answer for case in chosen for answer in stored(case, options.out)]
    model = Model(answers)
    seeds = np.array([answer.case.seed for answer in answers])
    before, after = [], []
    for seed in sorted(set(seeds.tolist()))[:6]:
        fitted = model.fit(seeds != seed)
        before.append(model.loss(model.hand, seeds == seed))
        after.append(model.loss(fitted, seeds == seed))
    print(f"{len(chosen)} cases, {len(answers)} answers")
    print(f"log loss on seeds left out: {np.mean(before):.3f} before, {np.mean(after):.3f} after")
    weights = model.fit(np.ones(len(answers), bool))
    print(
        f"log loss on all: {model.loss(model.hand, np.ones(len(answers), bool)):.3f} before, "
        f"{model.loss(weights, np.ones(len(answers), bool)):.3f} after"
    )
    print("confidence -> share true, on kinds left out:")
    points = calibration_of(left_out_by_kind(model, answers), answers, model.causes)
    for (finding, cause), old, new in zip(model.keys, model.hand, weights, strict=True):
        if abs(old - new) >= 0.3:
            print(f"  {finding} -> {cause}: {old:.1f} -> {new:.1f}")
    if options.write:
        path = Path(weights_of_evidence.__file__)
        fitted_table = {key: float(value) for key, value in zip(model.keys, weights, strict=True)}
        path.write_text(calibrated(written(path.read_text(), fitted_table), points))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
