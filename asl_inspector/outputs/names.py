"""What fields, columns and files are called that hold scores, predictions, labels, clip names or class names."""

from __future__ import annotations

import re
from collections.abc import Iterable

SCORES = (
    "logits", "log_probs", "logprobs", "log_probabilities", "log_posteriors", "probs", "probabilities", "posteriors",
    "softmax", "scores", "score", "outputs", "output", "y_score", "y_scores", "y_prob", "y_probs", "y_proba", "proba",
    "emissions", "pred_scores", "pred_logits", "prediction_scores", "class_scores",
)  # fmt: skip
PREDICTIONS = (
    "prediction", "predictions", "predicted", "pred", "preds", "y_pred", "y_hat", "pred_id", "pred_ids", "pred_label",
    "predicted_id", "predicted_label", "predicted_class", "pred_class", "prediction_id", "hypothesis", "hyp", "answer",
    "pred_gloss", "predicted_gloss", "pred_name", "predicted_sign",
)  # fmt: skip
LABELS = (
    "label", "labels", "label_id", "label_ids", "true", "truth", "true_id", "true_ids", "true_label", "true_labels",
    "y", "y_true", "target", "targets", "gt", "ground_truth", "gloss_id", "gloss_ids", "class_id", "class_ids",
    "classid", "reference", "ref",
)  # fmt: skip
GLOSSES = ("gloss", "glosses", "true_gloss", "label_name", "label_names", "sign", "signs", "word", "true_name", "class")
CLIPS = (
    "clip", "clips", "clip_id", "clip_ids", "clip_name", "clip_names", "video", "videos", "video_id", "video_ids",
    "video_name", "name", "names", "file", "files", "filename", "filenames", "file_name", "path", "paths", "sample",
    "samples", "sample_id", "sample_ids", "sequence_id", "instance_id", "utterance", "utterance_id", "key", "keys", "id", "ids",
)  # fmt: skip
LENGTHS = (
    "lengths",
    "length",
    "lens",
    "logit_lengths",
    "output_lengths",
    "input_lengths",
    "frame_lengths",
    "num_frames",
)
CLASSES = (
    "classes",
    "class_names",
    "glosses_by_id",
    "vocabulary",
    "vocab",
    "id_to_gloss",
    "idx_to_class",
    "labels_by_id",
)
FEATURES = ("features", "feature", "keypoints", "landmarks", "x", "data", "pose", "poses", "skeleton", "inputs")
WORDS_OF_SCORES = {
    "logits", "logit", "scores", "score", "probs", "prob", "probabilities", "softmax", "posteriors", "outputs",
    "output", "logprobs", "proba", "emissions",
}  # fmt: skip
WORDS_OF_PREDICTIONS = {
    "pred", "preds", "prediction", "predictions", "predicted", "hyp", "hypotheses", "answers", "results", "submission",
}  # fmt: skip
WORDS_OF_LABELS = {
    "label", "labels", "truth", "true", "gt", "groundtruth", "target", "targets", "annotation", "annotations",
    "references", "split",
}  # fmt: skip
WORDS_OF_RUNS = re.compile(r"loss|acc(?:uracy)?\b|\blr\b|learning|epoch|step|wer\b|f1", re.IGNORECASE)
WORDS_OF_WEIGHTS = re.compile(r"weight|bias|running_(?:mean|var)|state_dict|\.gamma$|\.beta$", re.IGNORECASE)


def normal(name: str) -> str:
    """A column's name as the tables above write it."""
    split = re.sub(r"([a-z])([A-Z])", r"\1_\2", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")


def words(stem: str) -> set[str]:
    """The words of a file name, `val_logits2` giving val and logits."""
    split = re.sub(r"([a-z])([A-Z])", r"\1 \2", stem)
    return set(re.findall(r"[a-z]+", split.lower()))


def pick(names: Iterable[str], wanted: tuple[str, ...]) -> str | None:
    """The first of `wanted` that is there, by the name that the file gives it."""
    known = {normal(name): name for name in reversed(list(names))}
    return next((known[one] for one in wanted if one in known), None)
