"""Files that look like checkpoints and hold no weights of a network: data sets, and models of other libraries."""

from __future__ import annotations

from collections.abc import Sequence

from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.inert_pickle.numpy_arrays import JOBLIB_WRAPPER
from asl_inspector.inert_pickle.plain import class_of, items_of, pairs_of
from asl_inspector.inert_pickle.records import Global, Pickle

LIBRARIES = {
    "sklearn": "scikit-learn",
    "imblearn": "imbalanced-learn",
    "lightgbm": "LightGBM",
    "xgboost": "XGBoost",
    "catboost": "CatBoost",
    "hmmlearn": "hmmlearn",
    "keras": "Keras",
    "tensorflow": "TensorFlow",
    "pandas": "pandas",
}
DATA_SETS = ("torch.utils.data.dataset",)
WEIGHT_WORDS = ("weight", "bias", "kernel", "gamma", "beta", "running_", "embed", "param", "optim", "proj", "exp_avg")
FEATURE_NAMES = {"features", "feature", "keypoints", "landmarks", "poses", "pose", "x", "data", "inputs", "frames"}
LABEL_NAMES = {"label", "labels", "y", "target", "targets", "gloss", "gloss_id", "gloss_ids", "lengths", "ids"}
FEWEST_CLIPS = 3  # a dict of fewer is too little to tell clips from weights
NO_WEIGHTS = "It holds no weights of a network"


def library_sentence(pickle: Pickle) -> str:
    """What the file is where its object belongs to another library, or an empty string."""
    held = pickle.value
    inside = [value for _, value in pairs_of(held) or []] or items_of(held) or []
    for value in (held, *inside[:20]):
        made_by = class_of(value)
        library = LIBRARIES.get(made_by[0].partition(".")[0]) if made_by else None
        if made_by is None or library is None:
            continue
        written = " written with joblib" if _is_joblib(pickle) else ""
        what = f"a {library} {made_by[1]}{written}"
        if value is held:
            return f"This is {what}, not a PyTorch checkpoint. Its values are shown as they are."
        return f"This holds {what}; it is no PyTorch checkpoint. Its values are shown as they are."
    return ""


def _is_joblib(pickle: Pickle) -> bool:
    return any(isinstance(name, Global) and (name.module, name.name) == JOBLIB_WRAPPER for name in pickle.globals)


def data_sentence(root: object, tensors: Sequence[TensorRecord]) -> str:
    """What the file is where its tensors are data, or an empty string. Doubt speaks for weights."""
    made_by = class_of(root)
    if made_by is not None and made_by[0] in DATA_SETS:
        return f"{NO_WEIGHTS}: it is a {made_by[1]} of {_counted(len(tensors), 'tensor')}, which is data."
    if not tensors or any(tensor.role == "parameter" or _is_weight_like(tensor.path) for tensor in tensors):
        return ""
    if tensors[0].path == ():
        return f"{NO_WEIGHTS}: it is a single tensor."
    if all(len(tensor.path) == 1 for tensor in tensors):
        return _flat(items_of(root) is not None, tensors)
    if all(len(tensor.path) > 1 for tensor in tensors):
        return _entries(items_of(root) is not None, tensors)
    return ""


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _is_weight_like(path: tuple[str, ...]) -> bool:
    return any(word in name.lower() for name in path for word in WEIGHT_WORDS) or "_modules" in path


def _flat(is_list: bool, tensors: Sequence[TensorRecord]) -> str:
    """Tensors right below the root: a list of clips, a dict of clips, or features beside their labels."""
    names = {tensor.path[0].lower() for tensor in tensors}
    if is_list and len(tensors) > 1 and _are_alike(tensors):
        return f"{NO_WEIGHTS}: it is a list of {_counted(len(tensors), 'tensor')} of one kind, as clips are saved."
    if not is_list and names & FEATURE_NAMES and names & LABEL_NAMES:
        return f"{NO_WEIGHTS}: it is a data set of {', '.join(tensor.path[0] for tensor in tensors[:5])}."
    lengths = {tensor.shape[0] for tensor in tensors if tensor.shape}
    are_clips = all(2 <= len(tensor.shape) <= 4 for tensor in tensors) and len(lengths) > 1
    if not is_list and len(tensors) >= FEWEST_CLIPS and are_clips and _are_alike(tensors):
        return f"{NO_WEIGHTS}: it is a dict of {_counted(len(tensors), 'clip')}, each frames by features."
    return ""


def _are_alike(tensors: Sequence[TensorRecord]) -> bool:
    """One rank, one type, one size of a frame."""
    return len({(len(tensor.shape), tensor.shape[1:], tensor.dtype) for tensor in tensors}) == 1


def _entries(is_list: bool, tensors: Sequence[TensorRecord]) -> str:
    """Tensors in entries of one make, such as `{"features": ..., "label": ...}` for each clip."""
    entries: dict[str, dict[tuple[str, ...], TensorRecord]] = {}
    for tensor in tensors:
        entries.setdefault(tensor.path[0], {})[tensor.path[1:]] = tensor
    common = set.intersection(*(set(entry) for entry in entries.values()))
    alike = [name for name in common if _are_alike([entry[name] for entry in entries.values()])]
    fewest = 2 if is_list else FEWEST_CLIPS
    names_features = any(name[-1].lower() in FEATURE_NAMES for name in alike)
    if len(entries) < fewest or not alike or not (is_list or names_features):
        return ""
    return (
        f"{NO_WEIGHTS}: it is a {'list' if is_list else 'dict'} of {_counted(len(entries), 'clip')} with their labels."
    )
