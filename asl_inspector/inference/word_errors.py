"""Word error rate of continuous recognition: WER = (S + D + I) / N, over glosses.

S substitutions, D deletions and I insertions turn what was recognised into what was signed with the fewest edits; N is
the number of glosses signed. Of several ways with equally few edits the one with most substitutions is counted, as is
usual. Rates of a corpus add up the counts of its clips; they are not means of rates.

Source: Levenshtein 1966; NIST's sclite for the convention.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

EditKind = Literal["right", "substitution", "deletion", "insertion"]


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Edits of one clip or of a corpus.

    Attributes:
        substitutions: Glosses taken for another one.
        deletions: Glosses signed and not recognised.
        insertions: Glosses recognised and not signed.
        glosses: Glosses signed.
    """

    substitutions: int
    deletions: int
    insertions: int
    glosses: int

    @property
    def rate(self) -> float | None:
        """WER, which may exceed 1; None where nothing was signed."""
        if not self.glosses:
            return None
        return (self.substitutions + self.deletions + self.insertions) / self.glosses


@dataclass(frozen=True, slots=True)
class Edit:
    """One step of an alignment of what was signed with what was recognised.

    Attributes:
        kind: "right", "substitution", "deletion" or "insertion".
        signed: Place among the glosses signed, or None for an insertion.
        recognised: Place among those recognised, or None for a deletion.
    """

    kind: EditKind
    signed: int | None
    recognised: int | None


def edits(signed: Sequence[int], recognised: Sequence[int]) -> tuple[Edit, ...]:
    """The fewest edits in order, those that are none included."""
    reference, guess = np.asarray(signed), np.asarray(recognised)
    rows, columns = len(reference), len(guess)
    cost = np.zeros((rows + 1, columns + 1), dtype=np.int64)
    cost[:, 0], cost[0] = np.arange(rows + 1), np.arange(columns + 1)
    steps = np.arange(columns + 1)
    for row in range(1, rows + 1):
        diagonal = cost[row - 1, :-1] + (reference[row - 1] != guess)
        best = np.minimum(diagonal, cost[row - 1, 1:] + 1)
        best = np.concatenate([[row], best])
        cost[row] = np.minimum.accumulate(best - steps) + steps  # an insertion costs one for each step to the right
    found: list[Edit] = []
    row, column = rows, columns
    while row or column:
        wrong = bool(row and column and reference[row - 1] != guess[column - 1])
        if row and column and cost[row, column] == cost[row - 1, column - 1] + wrong:
            row, column = row - 1, column - 1
            found.append(Edit("substitution" if wrong else "right", row, column))
        elif row and cost[row, column] == cost[row - 1, column] + 1:
            row -= 1
            found.append(Edit("deletion", row, None))
        else:
            column -= 1
            found.append(Edit("insertion", None, column))
    return tuple(reversed(found))


def word_errors(signed: Sequence[int], recognised: Sequence[int]) -> WordErrors:
    """The edits between one clip's true glosses and those recognised, counted."""
    kinds = [one.kind for one in edits(signed, recognised)]
    return WordErrors(kinds.count("substitution"), kinds.count("deletion"), kinds.count("insertion"), len(signed))


def together(clips: Iterable[WordErrors]) -> WordErrors:
    """The edits of a corpus."""
    held = list(clips)
    return WordErrors(
        sum(one.substitutions for one in held),
        sum(one.deletions for one in held),
        sum(one.insertions for one in held),
        sum(one.glosses for one in held),
    )
