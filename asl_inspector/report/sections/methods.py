"""What the figures mean, and where their definitions come from."""

from __future__ import annotations

from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import facts_part, section_part


def method_section() -> dict[str, Json]:
    """One row a figure."""
    notes = [
        (
            "Accuracy",
            "Clips right, by the most frequent frame that is not blank (ties to the lowest id). Limits are Wilson's at 95 %.",
        ),
        ("By gloss name", "The same predictions, scored by the id that the clip's gloss has in training."),
        (
            "Exact score",
            "The gloss with the highest exact CTC probability of the whole clip being that gloss (Graves et al. 2006).",
        ),
        ("Chance", "One over the number of glosses; the best of E epochs reaches p with probability 1 - (1 - p)^E."),
        ("Blank", "Share of valid frames whose best class is the blank; padded frames are told apart."),
        (
            "Effective glosses",
            "exp of the entropy of the predictions (Hill 1973); the null draws as many labels of the same clips, 1,000 times.",
        ),
        (
            "Stage 1",
            "Hidden units agree one by one beyond random renumbering (Hoeffding 1951); an LSTM's two biases keep their difference.",
        ),
        ("Gap", "Training minus validation accuracy in evaluation mode, limits after Newcombe 1998, method 10."),
        (
            "Best of E epochs",
            "The largest of E binomial draws at chance (distribution F^E); bands are Wilson's for the clips behind the accuracies.",
        ),
        (
            "Shift",
            "Cohen's d of clip means; Kolmogorov-Smirnov tests corrected over all features (Benjamini and Hochberg 1995).",
        ),
        (
            "Nearest neighbour",
            "Clips brought to 16 frames, features over their training spread, Euclidean distance; no training is involved.",
        ),
        ("Confidence", "Logistic sum of the weights of evidence of the findings, starting at 2 %."),
    ]
    return section_part("What the figures mean", [facts_part(notes)])
