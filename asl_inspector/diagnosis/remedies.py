"""For each cause: its name, what to try first, how to mend it, and what would change the verdict.

The code that mends it is in `snippets`, what to expect after it in `expecting`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """What the user reads about a cause.

    Attributes:
        title: Name of the cause, for headings.
        headline: The verdict in one sentence, where this cause comes first.
        family: Rank of its kind: 1 makes every figure meaningless, 5 is a matter of tuning.
        next_experiment: The cheapest step that settles or mends it.
        fix: What to change.
        would_change: What, if it were seen, would make this cause unlikely.
        without_blank: The next experiment and the fix for a network without a blank, where they differ.
    """

    title: str
    headline: str
    family: int
    next_experiment: str
    fix: str
    would_change: str
    without_blank: tuple[str, str] | None = None


REMEDIES: dict[str, Remedy] = {
    "label-map-mismatch": Remedy(
        "Label map mismatch between training and validation",
        "The validation labels do not mean what the network learned",
        1,
        "Renumber the validation clips by gloss name and score every saved checkpoint of this run again. No training is needed.",
        "Build one vocabulary from all glosses of all splits, once, in sorted order. Save it, and use that file for every "
        "split and inside the checkpoint. Never number glosses inside a function that runs once a split, and join labels to "
        "clips by the clip's name, never by its place in a list.",
        would_change="Gloss names on both sides that mean the same glosses by the same ids, or an accuracy that no other "
        "numbering raises.",
    ),
    "class-count-mismatch": Remedy(
        "The network's outputs do not fit the vocabulary",
        "The network has no output for some of the glosses",
        1,
        "Print the length of the vocabulary and the rows of the last layer before training.",
        "Give the last layer one output a gloss and one for the blank, from the vocabulary file itself.",
        would_change="A vocabulary, that of the training, whose highest id has an output.",
        without_blank=(
            "Print the length of the vocabulary and the rows of the last layer before training.",
            "Give the last layer one output a gloss, from the vocabulary file itself.",
        ),
    ),
    "decoder-mismatch": Remedy(
        "The decoding rule hides what the network knows",
        "The network knows more than its decoding rule shows",
        1,
        "Score the same outputs by the exact CTC probability of every gloss.",
        "For one gloss a clip, pick the gloss with the highest exact CTC probability instead of counting frames.",
        would_change="Rules that agree within 5 points on these outputs, or an accuracy that was measured by the best of "
        "them.",
        without_blank=(
            "Score the same outputs by the mean of the log posteriors over real frames.",
            "For one gloss a clip, average the log posteriors over the real frames instead of counting frames.",
        ),
    ),
    "non-finite-weights": Remedy(
        "Weights that are not numbers",
        "The weights hold NaN or infinite values: the training diverged",
        1,
        "Look in the log for the first epoch whose loss is NaN, and take the last checkpoint before it.",
        "Clip the gradients, lower the learning rate, and stop when the loss is not finite. With CTC set "
        "`zero_infinity=True` only after making sure that no target is longer than its clip.",
        would_change="Nothing: the numbers are in the file. A sound copy of the same checkpoint would show that this one "
        "was damaged later.",
        without_blank=(
            "Look in the log for the first epoch whose loss is NaN, and take the last checkpoint before it.",
            "Clip the gradients, lower the learning rate, and stop when the loss is not finite.",
        ),
    ),
    "stale-metadata": Remedy(
        "The file's metadata is of another epoch than its weights",
        "The accuracy stated in the file is not that of its weights",
        1,
        "Inspect the file that was saved when the stated accuracy was reached, usually `checkpoint_best.pt`.",
        "`state_dict()` returns references to the live weights. Copy them when the best epoch is kept, and write the "
        "metadata of the epoch that is saved.",
        would_change="The clips that the stated accuracy was measured on, if they are others than these; or a log whose "
        "epoch has both figures.",
    ),
    "validation-leak": Remedy(
        "Validation clips are in the training data",
        "Some validation clips were trained on: the accuracy is too good",
        1,
        "Score the validation clips without those that are also training clips.",
        "Split by video, and by signer where signers are known, before any clip is cut or augmented.",
        would_change="Proof that the clips in both files are different recordings, or an accuracy that stays the same "
        "without them.",
    ),
    "stage1-not-loaded": Remedy(
        "Stage 1 was not loaded",
        "The network did not start from the Stage 1 file",
        2,
        "Compare one tensor with the file right after loading: `torch.equal(model.encoder.lstm.weight_hh_l0, "
        'stage1["lstm.weight_hh_l0"])`.',
        "Load strictly, so that a shape that differs stops the run, and leave out on purpose what must differ.",
        would_change="The Stage 1 file that was really used, if it is another one than this: its weights would leave a "
        "trace.",
    ),
    "stage1-partly-loaded": Remedy(
        "Stage 1 was only partly loaded",
        "The encoder is a mixture: part of it came from Stage 1, part of it started at random",
        2,
        "Train once from scratch and once with an encoder that fits completely, with the same seed, and compare.",
        "`load_state_dict(strict=False)` raises where a shape differs, but only after it has copied every tensor that fits. "
        "Use the same input layers in both stages, or leave the others out on purpose and say so in the log.",
        would_change="Another Stage 1 file of the same layers as the encoder, of which all tensors carry a trace.",
    ),
    "layers-never-trained": Remedy(
        "Layers that were never trained",
        "A part of the network is still as it was made: it was never trained",
        2,
        "Print the names of the parameters that have a gradient after one step, and of those that the optimizer holds.",
        "Make the optimizer from `model.parameters()` after the whole network is built, and freeze a layer only where it "
        "was loaded from somewhere.",
        would_change="An earlier checkpoint in which these tensors differ, or a Stage 1 file that they are equal to: then "
        "they were frozen on purpose.",
    ),
    "undertrained": Remedy(
        "The file is of too early an epoch",
        "The network had not learned its training clips yet when this file was written",
        2,
        "Score the last checkpoint of the run.",
        "Train until the training accuracy, measured in evaluation mode, stops rising; choose the file by a validation "
        "accuracy whose labels are right.",
        would_change="A later file of the run that is no better on the training clips, or a training accuracy that is "
        "high already.",
    ),
    "blank-collapse": Remedy(
        "The blank hides the answers",
        "Most clips come out empty although the network knows the answer to some",
        3,
        "Take the bias shown off the blank's logit when decoding; no training is needed.",
        "Train longer (blanks come first in CTC training, glosses later), or subtract a log prior in training. For one "
        "gloss a clip, pool the frames and train with cross-entropy instead.",
        would_change="An accuracy that no bias on the blank raises, on clips that the bias was not chosen on.",
    ),
    "class-collapse": Remedy(
        "One answer for most clips",
        "The network answers most clips with one gloss",
        3,
        "Print how often each gloss occurs in one epoch of training batches.",
        "Balance the glosses in the training batches, and lower the learning rate.",
        would_change="Training clips that are answered variedly, or labels of which as many are that one gloss.",
    ),
    "feature-mismatch": Remedy(
        "Training and validation features differ",
        "The validation features are not prepared like the training features",
        4,
        "Standardise both with the mean and spread of the training clips, put exchanged columns back, and score this "
        "checkpoint again.",
        "Use one function with one set of constants to prepare all splits, and keep the constants in the checkpoint.",
        would_change="Features of both files from one function with one set of constants, or a repair of them that "
        "changes no answer.",
    ),
    "missing-landmarks": Remedy(
        "Landmarks are missing",
        "The hands are missing in many frames",
        4,
        "Look at a dozen clips in which the hand is missing most: is the hand in the picture, and how fast does it move?",
        "Extract again with a lower detection confidence and tracking between frames, fill short gaps by interpolation, and "
        "give the network a mask instead of zeros, which look like a place.",
        would_change="An accuracy that is no lower on clips whose hands are missing, or hands that are missing on purpose "
        "in both files alike.",
    ),
    "label-noise": Remedy(
        "Wrong labels among the training clips",
        "A good part of the training labels does not fit the clips",
        4,
        "Watch twenty training clips whose neighbours have another gloss, and count the wrong labels.",
        "Correct or drop the clips whose label neither the network nor their neighbours agree with, and look for where the "
        "labels went wrong: a shifted column, a confused pair of glosses, a careless annotator.",
        would_change="Twenty of the doubtful clips that were watched and have the right label.",
    ),
    "ctc-infeasible": Remedy(
        "Clips too short for their targets",
        "Many clips have fewer frames than CTC needs to say their glosses",
        4,
        "Count the clips with fewer output frames than glosses and repeated neighbours.",
        "Keep more frames (less thinning in time, more frames a second), split long sentences, or leave such clips out.",
        would_change="Targets that are shorter than these, or a network that makes more outputs of a clip than is "
        "assumed.",
    ),
    "too-little-data": Remedy(
        "Too few clips a gloss",
        "Many glosses have too few training clips to be learned",
        4,
        "Train on the glosses that have most clips and see whether accuracy rises.",
        "Collect more clips for the rare glosses, or recognise fewer glosses.",
        would_change="An accuracy on glosses with many clips that is as low as on the rare ones, or a learning curve that "
        "is flat.",
    ),
    "overfitting": Remedy(
        "Overfitting",
        "The network knows its training clips by heart and little beyond them",
        5,
        "Train with stronger augmentation (time warping, noise, dropped frames, mirrored hands) for a few epochs and "
        "compare the gap.",
        "Augment, raise dropout, and keep the epoch with the best validation accuracy: the validation loss often rises, "
        "from growing confidence alone, while the accuracy still does. More clips and more signers help most.",
        would_change="A training accuracy in evaluation mode that is close to that of validation, or wrong labels or "
        "other features in validation: they look the same.",
    ),
    "learning-rate-too-high": Remedy(
        "The learning rate is too high",
        "The training never settled: its steps are too large",
        5,
        "Train a few epochs with a tenth of the learning rate and see whether the training loss falls smoothly.",
        "Lower the learning rate, clip the gradients, and warm up over the first hundred steps.",
        would_change="A training loss that falls smoothly with this step size, or one that jumps as much with a tenth of "
        "it.",
    ),
}
