"""What the figures mean, and where their definitions come from."""

from __future__ import annotations

from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import notes_part, section_part
from asl_inspector.report.probe_parts import significance_section

OWN = "defined here"
WILSON = ("Wilson 1927, J. Am. Stat. Assoc. 22", "10.1080/01621459.1927.10502953")
GRAVES = ("Graves et al. 2006, ICML", "10.1145/1143844.1143891")
HILL = ("Hill 1973, Ecology 54", "10.2307/1934352")
HOEFFDING = ("Hoeffding 1951, Ann. Math. Stat. 22", "10.1214/aoms/1177729545")
NEWCOMBE = ("Newcombe 1998, Stat. Med. 17", "10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I")
BENJAMINI = ("Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57", "10.1111/j.2517-6161.1995.tb02031.x")
MCNEMAR = ("McNemar 1947, Psychometrika 12", "10.1007/BF02295996")

NOTES = [
    (
        "Accuracy",
        "Clips right, by the most frequent frame that is not blank (ties to the lowest id). Limits are Wilson's at 95 %.",
        *WILSON,
    ),
    ("By gloss name", "The same predictions, scored by the id that the clip's gloss has in training.", OWN, ""),
    (
        "Exact score",
        "The gloss with the highest exact CTC probability of the whole clip being that gloss.",
        *GRAVES,
    ),
    (
        "Word error rate",
        "Fewest edits from the greedy path to the glosses signed (S, D, I), over the glosses signed.",
        "Levenshtein 1966, Sov. Phys. Dokl. 10",
        "",
    ),
    ("Loss", "CTC loss of the true gloss in nats, evaluation mode, mean over clips.", *GRAVES),
    (
        "Chance",
        "One over the number of glosses; the best of E epochs reaches p with probability 1 - (1 - p)^E.",
        OWN,
        "",
    ),
    ("Blank", "Share of valid frames whose best class is the blank; padded frames are told apart.", OWN, ""),
    (
        "Effective glosses",
        "exp of the entropy of the predictions; the null draws as many labels of the same clips, 1,000 times.",
        *HILL,
    ),
    (
        "Stage 1",
        "Hidden units agree one by one beyond random renumbering; an LSTM's two biases keep their difference.",
        *HOEFFDING,
    ),
    ("Gap", "Training minus validation accuracy in evaluation mode, limits by method 10.", *NEWCOMBE),
    (
        "Best of E epochs",
        "The largest of E binomial draws at chance (distribution F^E); bands are Wilson's for the clips behind the "
        "accuracies.",
        *WILSON,
    ),
    (
        "Shift",
        "Cohen's d of clip means; Kolmogorov-Smirnov tests corrected over all features for the false discovery rate.",
        *BENJAMINI,
    ),
    (
        "Nearest neighbour",
        "Clips brought to 16 frames, features over their training spread, Euclidean distance; no training is involved.",
        OWN,
        "",
    ),
    (
        "Paired test",
        "Two answers to the same clips: the exact probability of so uneven a split among clips that only one has right.",
        *MCNEMAR,
    ),
    (
        "Corrected p",
        "p of a test times the number of tests over its rank among them; at most 4 % of what stands by it is luck on average.",
        *BENJAMINI,
    ),
    (
        "Temperature",
        "Scores divided by one number that is fitted on the other half of the clips; the error is the mean gap between "
        "confidence and accuracy.",
        "Guo et al. 2017, ICML",
        "",
    ),
    (
        "Effective directions",
        "exp of the entropy of the shares of the singular values of centred frames.",
        "Roy and Vetterli 2007, EUSIPCO",
        "",
    ),
    (
        "Layers drawn anew",
        "Each layer in turn gets starting weights, twice; the share of clips whose answer stays.",
        "Zhang et al. 2022, JMLR 23",
        "",
    ),
    (
        "Classifier between files",
        "Area under the curve of a ridge classifier on clip means, cross-fitted; the null exchanges the files of clips.",
        "Lopez-Paz and Oquab 2017, ICLR",
        "",
    ),
    ("Confidence", "Logistic sum of the weights of evidence of the findings, starting at 2 %.", OWN, ""),
]


def method_section(inspected: Inspected) -> dict[str, Json] | None:
    """One row for each figure that this report has: what it means and its source; None where it has none."""
    present = _present(inspected)
    rows = [note for note in NOTES if present[note[0]]]
    return section_part("What the figures mean", [notes_part(rows)]) if rows else None


def _present(inspected: Inspected) -> dict[str, bool]:
    """Which figures this report has, by name."""
    found, data = inspected.diagnosis, inspected.data
    measured = found.validation
    lost = measured is not None and measured.losses is not None and measured.losses.mean_of_clips is not None
    answers = measured is not None and found.continuous is None
    asked = {one.question for one in found.findings}
    return {
        "Accuracy": answers,
        "By gloss name": found.by_name is not None,
        "Exact score": lost,
        "Word error rate": found.continuous is not None,
        "Loss": lost,
        "Chance": found.chance is not None,
        "Blank": measured is not None and measured.blanks is not None,
        "Effective glosses": answers,
        "Stage 1": inspected.comparison is not None,
        "Gap": answers and found.train is not None,
        "Best of E epochs": found.run is not None and inspected.history is not None and bool(inspected.history.epochs),
        "Shift": data is not None and data.shift is not None,
        "Nearest neighbour": "nearest" in asked,
        "Paired test": "along_epochs" in asked,
        "Corrected p": significance_section(inspected) is not None,
        "Temperature": "temperature" in asked,
        "Effective directions": "effective_rank" in asked,
        "Layers drawn anew": "idle_layers" in asked,
        "Classifier between files": "separation" in asked,
        "Confidence": bool(found.causes),
    }
