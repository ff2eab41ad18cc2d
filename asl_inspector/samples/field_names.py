"""What researchers call the fields of a clip. All names are compared in lower case; earlier ones win."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

FEATURES = (
    "features",
    "feature",
    "feats",
    "keypoints",
    "keypoint",
    "landmarks",
    "landmark",
    "poses",
    "pose",
    "skeleton",
    "skeletons",
    "joints",
    "sequences",
    "sequence",
    "frames",
    "coords",
    "inputs",
    "input",
    "data",
    "x",
    "sign",
    "arr_0",
)
GLOSSES = (
    "gloss",
    "glosses",
    "gloss_name",
    "label_name",
    "label_text",
    "class_name",
    "sign",
    "sign_name",
    "word",
    "label",
    "labels",
    "class",
    "category",
    "target",
    "targets",
    "text",
    "y",
)
GLOSS_IDS = (
    "gloss_id",
    "gloss_ids",
    "label_id",
    "label_ids",
    "label",
    "labels",
    "class_id",
    "class_ids",
    "sign_id",
    "target",
    "targets",
    "class",
    "y",
    "gloss",
    "glosses",
    "arr_1",
)
LENGTHS = (
    "lengths",
    "length",
    "lens",
    "seq_lengths",
    "seq_lens",
    "seq_len",
    "sequence_lengths",
    "sequence_length",
    "input_lengths",
    "feature_lengths",
    "num_frames",
    "n_frames",
    "frame_counts",
    "frame_count",
    "mask",
    "masks",
)
TARGET_LENGTHS = ("target_lengths", "label_lengths", "gloss_lengths", "target_length", "label_length")
IDS = (
    "video_id",
    "video_ids",
    "clip_id",
    "clip_ids",
    "sample_id",
    "sequence_id",
    "id",
    "ids",
    "name",
    "names",
    "video",
    "filename",
    "file_name",
    "file",
    "path",
    "paths",
    "uid",
)
SPLITS = ("split", "splits", "subset", "set", "partition", "fold")
SIGNERS = ("signer_id", "signer", "signers", "participant_id", "participant", "subject", "subject_id", "person")
TRAIN_WORDS = frozenset({"train", "training", "tr"})
VALIDATION_WORDS = frozenset({"val", "valid", "validation", "dev"})
TEST_WORDS = frozenset({"test", "testing", "eval"})
SPLIT_WORDS = TRAIN_WORDS | VALIDATION_WORDS | TEST_WORDS


def pick(names: Iterable[str], known: Sequence[str], *, but: Container[str] = ()) -> str | None:
    """The name among `names` that stands first in `known`, or None."""
    lower = {name.lower(): name for name in names}
    return next((lower[word] for word in known if word in lower and lower[word] not in but), None)
