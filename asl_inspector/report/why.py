"""Why each figure matters, in a few sentences: the window shows them behind the figures, and the guide repeats them."""

from __future__ import annotations

WHY: dict[str, str] = {
    "Validation accuracy": (
        "The share of clips with the right answer. A network that guesses gets one clip in as many as there are glosses. "
        "Few clips leave a wide interval: two runs differ only where their intervals hardly overlap."
    ),
    "Accuracy": (
        "The share of clips with the right answer, decoded and scored as it is chosen here. Where another choice gives far "
        "more, the network knows more than its answers show."
    ),
    "Accuracy by gloss name": (
        "The same predictions, compared with the names of the glosses instead of their ids. Where this is far higher, "
        "the network is good and the ids of the two files mean different glosses."
    ),
    "Word error rate": (
        "Wrong, left out and added glosses, divided by the glosses that were signed. Clips with several glosses are "
        "compared by it; it can exceed 100 % where many are added."
    ),
    "Training accuracy": (
        "How well the network knows the clips that it learned from. High here and low on validation clips is overfitting; "
        "low on both is a network that has not learned, and more data would not help yet."
    ),
    "Among the five best": (
        "How often the right gloss is among the five best answers. Far above the accuracy, it says that the network is "
        "close and confuses a few glosses with each other."
    ),
    "Ids that agree": (
        "A file names each gloss by a number. Where validation clips number them in another way than training clips, every "
        "right answer counts as wrong, and no training can mend that."
    ),
    "Blank frames": (
        "A CTC network says each gloss with a short spike and is blank elsewhere, so 90 to 98 % blank frames are normal. It "
        "is a fault only where clips come out empty although the network knows better."
    ),
    "Parameters": (
        "Weights for each training clip. A network with far more weights than data can learn its clips by heart, which shows "
        "as a gap between training and validation accuracy."
    ),
    "Blank probability": (
        "The mean probability of the blank. Unlike the share of blank frames it also tells how sure the network is: near "
        "100 % the glosses have no chance, at 60 % a small change lets them through."
    ),
    "Empty clips": (
        "An empty clip gets no answer at all and always counts as wrong. Many of them with a good blank-bias curve mean that "
        "the blank hides answers which the network has."
    ),
    "Counted with padding": (
        "Batches are padded to their longest clip. The padding is no part of any clip, but all of it reads as one class, so "
        "a share that counts it says more about the lengths than about the network."
    ),
    "To be expected": (
        "What clips of these lengths leave blank if each gloss is said with a spike of one to three frames. A share far below "
        "says that the spikes are broad, as early in training; a share above says that glosses are missing."
    ),
    "Different glosses said": (
        "A network that says few of its glosses cannot be right on the others, whatever its accuracy on those it says."
    ),
    "As varied as": (
        "How many equally frequent glosses would be as varied as these answers. So many clips can show only so many glosses: "
        "the band says what answers drawn from the labels would show."
    ),
    "Most frequent answer": (
        "One answer for more than half of the clips is a collapse: the network answers with the most frequent gloss, or with "
        "one that the loss drove it to, and does not look at the clip."
    ),
    "Never said": (
        "Glosses that occur in the clips and are never the answer. With few clips a gloss some are left out by chance; "
        "many point to a network that knows only frequent glosses."
    ),
    "Best epoch": (
        "The epoch that should be kept. Where the last one was saved instead, later training may have made it worse."
    ),
    "Its accuracy": (
        "The best of many epochs is partly luck. The interval says how far the accuracy of so few clips can be from that on "
        "all the clips there are."
    ),
    "Guessing as often": (
        "What a network that guesses would reach if the best of as many epochs were picked. A best accuracy below it shows "
        "no learning."
    ),
    "Validation clips": (
        "Accuracies are fractions of this number: with 168 clips they move in steps of 0.6 points, and smaller differences "
        "between epochs mean nothing."
    ),
    "Training": (
        "How much there was to learn from. Fewer than ten clips a gloss are seldom enough without a network that was "
        "trained before."
    ),
    "Validation": ("How much the figures rest on: the fewer clips, the wider every interval."),
    "In both": (
        "Clips that are in training and in validation are known by heart. They make the accuracy look better than it is."
    ),
    "Nearest neighbour": (
        "How often the nearest training clip, compared by its features alone, shows the right gloss. A network that does not "
        "beat it has learned nothing that the features do not show already."
    ),
    "Largest shift": (
        "How far a feature of the validation clips lies from the training clips, in standard deviations. A network sees "
        "numbers that it never met where files were prepared in different ways."
    ),
}


def why_of(title: str) -> str:
    """Why the figure with this title matters; an empty text where nothing is said of it."""
    if title in WHY:
        return WHY[title]
    return next((text for name, text in WHY.items() if title.startswith((f"{name},", f"{name} by "))), "")
