"""For each cause: its name, what to try first, and how to mend it.

The snippets are for training code of the kind that this program inspects: dicts of clips, a DataLoader, a CTC loss.
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
        snippet: Python to copy, or an empty string.
    """

    title: str
    headline: str
    family: int
    next_experiment: str
    fix: str
    snippet: str = ""


LOAD_WHAT_FITS = """stage1_encoder = stage1["encoder_state_dict"]
own = model.encoder.state_dict()
fits = {k: v for k, v in stage1_encoder.items()
        if k in own and v.shape == own[k].shape}
print(f"{len(fits)} of {len(own)} encoder tensors loaded;"
      f" not loaded: {sorted(own.keys() - fits.keys())}")
model.encoder.load_state_dict(own | fits, strict=True)
"""

REMEDIES: dict[str, Remedy] = {
    "label-map-mismatch": Remedy(
        "Label map mismatch between training and validation",
        "The validation labels do not mean what the network learned",
        1,
        "Renumber the validation clips by gloss name and score every saved checkpoint of this run again. No training is needed.",
        "Build one vocabulary from all glosses of all splits, once, in sorted order. Save it, and use that file for every "
        "split and inside the checkpoint. Never number glosses inside a function that runs once a split, and join labels to "
        "clips by the clip's name, never by its place in a list.",
        """clips = [*train.values(), *val.values(), *test.values()]
glosses = sorted({clip["gloss"] for clip in clips})
gloss_to_id = {g: n for n, g in enumerate(glosses, 1)}
# 0 is left for the blank
for clip in clips:
    clip["gloss_id"] = gloss_to_id[clip["gloss"]]
""",
    ),
    "class-count-mismatch": Remedy(
        "The network's outputs do not fit the vocabulary",
        "The network has no output for some of the glosses",
        1,
        "Print the length of the vocabulary and the rows of the last layer before training.",
        "Give the last layer one output a gloss and one for the blank, from the vocabulary file itself.",
        """vocab_size = len(gloss_to_id) + 1  # the blank is 0
assert max(gloss_to_id.values()) < vocab_size
classifier = nn.Linear(2 * hidden_dim, vocab_size)
""",
    ),
    "decoder-mismatch": Remedy(
        "The decoding rule hides what the network knows",
        "The network knows more than its decoding rule shows",
        1,
        "Score the same outputs by the exact CTC probability of every gloss.",
        "For one gloss a clip, pick the gloss with the highest exact CTC probability instead of counting frames.",
        """log_p = logits.log_softmax(-1).transpose(0, 1)  # (T, N, C)
steps, clips, classes = log_p.shape
one = torch.ones(clips, dtype=torch.long)
losses = [
    F.ctc_loss(log_p, torch.full((clips, 1), gloss),
               lengths, one, reduction="none")
    for gloss in range(1, classes)
]
prediction = 1 + torch.stack(losses).argmin(0)
""",
    ),
    "non-finite-weights": Remedy(
        "Weights that are not numbers",
        "The weights hold NaN or infinite values: the training diverged",
        1,
        "Look in the log for the first epoch whose loss is NaN, and take the last checkpoint before it.",
        "Clip the gradients, lower the learning rate, and stop when the loss is not finite. With CTC set "
        "`zero_infinity=True` only after making sure that no target is longer than its clip.",
        """loss = criterion(log_probs, targets, lengths, target_lengths)
if not torch.isfinite(loss):
    raise RuntimeError(f"loss {loss.item()}, epoch {epoch}")
loss.backward()
nn.utils.clip_grad_norm_(model.parameters(), 1.0)
""",
    ),
    "stale-metadata": Remedy(
        "The file's metadata is of another epoch than its weights",
        "The accuracy stated in the file is not that of its weights",
        1,
        "Inspect the file that was saved when the stated accuracy was reached, usually `checkpoint_best.pt`.",
        "`state_dict()` returns references to the live weights. Copy them when the best epoch is kept, and write the "
        "metadata of the epoch that is saved.",
        """state = {"epoch": epoch, "val_acc": val_acc,
         "model_state_dict": model.state_dict()}
if val_acc > best_acc:
    best_acc, best = val_acc, copy.deepcopy(state)  # a copy
if epoch % 10 == 0:
    torch.save(state, f"checkpoint_epoch_{epoch}.pt")
""",
    ),
    "validation-leak": Remedy(
        "Validation clips are in the training data",
        "Some validation clips were trained on: the accuracy is too good",
        1,
        "Score the validation clips without those that are also training clips.",
        "Split by video, and by signer where signers are known, before any clip is cut or augmented.",
    ),
    "stage1-not-loaded": Remedy(
        "Stage 1 was not loaded",
        "The network did not start from the Stage 1 file",
        2,
        "Compare one tensor with the file right after loading: `torch.equal(model.encoder.lstm.weight_hh_l0, "
        'stage1["lstm.weight_hh_l0"])`.',
        "Load strictly, so that a shape that differs stops the run, and leave out on purpose what must differ.",
        LOAD_WHAT_FITS,
    ),
    "stage1-partly-loaded": Remedy(
        "Stage 1 was only partly loaded",
        "The encoder is a mixture: part of it came from Stage 1, part of it started at random",
        2,
        "Train once from scratch and once with an encoder that fits completely, with the same seed, and compare.",
        "`load_state_dict(strict=False)` raises where a shape differs, but only after it has copied every tensor that fits. "
        "Use the same input layers in both stages, or leave the others out on purpose and say so in the log.",
        LOAD_WHAT_FITS,
    ),
    "layers-never-trained": Remedy(
        "Layers that were never trained",
        "A part of the network is still as it was made: it was never trained",
        2,
        "Print the names of the parameters that have a gradient after one step, and of those that the optimizer holds.",
        "Make the optimizer from `model.parameters()` after the whole network is built, and freeze a layer only where it "
        "was loaded from somewhere.",
        """held = {id(p) for group in optimizer.param_groups
        for p in group["params"]}
for name, parameter in model.named_parameters():
    if id(parameter) not in held or not parameter.requires_grad:
        print("never trained:", name)
""",
    ),
    "undertrained": Remedy(
        "The file is of too early an epoch",
        "The network had not learned its training clips yet when this file was written",
        2,
        "Score the last checkpoint of the run.",
        "Train until the training accuracy, measured in evaluation mode, stops rising; choose the file by a validation "
        "accuracy whose labels are right.",
    ),
    "blank-collapse": Remedy(
        "The blank hides the answers",
        "Most clips come out empty although the network knows the answer to some",
        3,
        "Take the bias shown off the blank's logit when decoding; no training is needed.",
        "Train longer (blanks come first in CTC training, glosses later), or subtract a log prior in training. For one "
        "gloss a clip, pool the frames and train with cross-entropy instead.",
        """logits[..., 0] -= blank_bias  # at decoding time
prediction = logits.argmax(-1)
""",
    ),
    "class-collapse": Remedy(
        "One answer for most clips",
        "The network answers most clips with one gloss",
        3,
        "Print how often each gloss occurs in one epoch of training batches.",
        "Balance the glosses in the training batches, and lower the learning rate.",
        """weights = [1 / count[clip["gloss_id"]] for clip in clips]
sampler = WeightedRandomSampler(weights, len(weights))
loader = DataLoader(dataset, batch_size=16, sampler=sampler)
""",
    ),
    "feature-mismatch": Remedy(
        "Training and validation features differ",
        "The validation features are not prepared like the training features",
        4,
        "Standardise both with the mean and spread of the training clips, put exchanged columns back, and score this "
        "checkpoint again.",
        "Use one function with one set of constants to prepare all splits, and keep the constants in the checkpoint.",
        """clips = [clip["features"] for clip in train.values()]
frames = np.concatenate(clips)
mean, std = frames.mean(0), frames.std(0).clip(1e-6)

def prepare(features):  # the same for every split
    return (features - mean) / std
""",
    ),
    "missing-landmarks": Remedy(
        "Landmarks are missing",
        "The hands are missing in many frames",
        4,
        "Look at a dozen clips in which the hand is missing most: is the hand in the picture, and how fast does it move?",
        "Extract again with a lower detection confidence and tracking between frames, fill short gaps by interpolation, and "
        "give the network a mask instead of zeros, which look like a place.",
        """hand = features[:, hand_columns]
there = (hand != 0).any(1)
time = np.arange(len(hand))
if there.any():
    for column in hand_columns:  # gaps filled in between
        features[:, column] = np.interp(
            time, time[there], features[there, column])
features = np.column_stack([features, there])  # the mask
""",
    ),
    "label-noise": Remedy(
        "Wrong labels among the training clips",
        "A good part of the training labels does not fit the clips",
        4,
        "Watch twenty training clips whose neighbours have another gloss, and count the wrong labels.",
        "Correct or drop the clips whose label neither the network nor their neighbours agree with, and look for where the "
        "labels went wrong: a shifted column, a confused pair of glosses, a careless annotator.",
    ),
    "ctc-infeasible": Remedy(
        "Clips too short for their targets",
        "Many clips have fewer frames than CTC needs to say their glosses",
        4,
        "Count the clips with fewer output frames than glosses and repeated neighbours.",
        "Keep more frames (less thinning in time, more frames a second), split long sentences, or leave such clips out.",
        """for name, clip in train.items():
    target = clip["gloss_id"]
    repeats = sum(a == b for a, b in zip(target, target[1:]))
    if len(clip["features"]) // stride < len(target) + repeats:
        print("too short:", name)
""",
    ),
    "too-little-data": Remedy(
        "Too few clips a gloss",
        "Many glosses have too few training clips to be learned",
        4,
        "Train on the glosses that have most clips and see whether accuracy rises.",
        "Collect more clips for the rare glosses, or recognise fewer glosses.",
    ),
    "overfitting": Remedy(
        "Overfitting",
        "The network knows its training clips by heart and little beyond them",
        5,
        "Train with stronger augmentation (time warping, noise, dropped frames, mirrored hands) for a few epochs and "
        "compare the gap.",
        "Augment, raise dropout, and stop when the validation loss has not fallen for some epochs. More clips and more "
        "signers help most.",
        """if val_loss < best_val_loss - 1e-3:
    best_val_loss, waited = val_loss, 0
    best_state = copy.deepcopy(model.state_dict())
else:
    waited += 1
    if waited == 8:
        model.load_state_dict(best_state)
        break
""",
    ),
    "learning-rate-too-high": Remedy(
        "The learning rate is too high",
        "The training never settled: its steps are too large",
        5,
        "Train a few epochs with a tenth of the learning rate and see whether the training loss falls smoothly.",
        "Lower the learning rate, clip the gradients, and warm up over the first hundred steps.",
        """optimizer = torch.optim.Adam(model.parameters(), lr=lr / 10)
loss.backward()
nn.utils.clip_grad_norm_(model.parameters(), 1.0)
optimizer.step()
""",
    ),
}
