"""What to say of a file that is no checkpoint: what it is, and what to do instead."""

from __future__ import annotations

from asl_inspector.checkpoints.zip_directory import ZipDirectory
from asl_inspector.sniffing import Kind

UNPACK = "Unpack it, then drop what is in it."
CHECKPOINT_WANTED = "Drop the checkpoint itself: a `.pt`, `.pth`, `.ckpt`, `.safetensors` or `.onnx` file."
EXPORT = "Only PyTorch, safetensors, NumPy and ONNX files can be inspected; convert it to ONNX to see its tensors."
FETCH_AGAIN = "The download or the copy failed; fetch it again."

NOT_A_CHECKPOINT = {
    Kind.EMPTY: ("is empty.", FETCH_AGAIN),
    Kind.ZEROS: (
        "is filled with zeros: its space was reserved, and its content never arrived.",
        FETCH_AGAIN,
    ),
    Kind.LFS_POINTER: (
        "is only a Git-LFS pointer: a few lines of text that stand for the real file.",
        "Run `git lfs pull` in the repository it came from, then drop it again.",
    ),
    Kind.HTML: (
        "is a web page, not a checkpoint: the download saved the page that offers the file, or an error page.",
        "Download the file itself.",
    ),
    Kind.ERROR_MESSAGE: (
        "is an error message of a server that was saved in the file's place.",
        "Open it in a text editor to see what the server said; log in or ask for access, then download it again.",
    ),
    Kind.TFLITE: ("is a TensorFlow Lite model.", EXPORT),
    Kind.GGUF: ("is a GGUF file, the format of llama.cpp.", EXPORT),
    Kind.GGML: ("is a GGML file, an old format of llama.cpp.", EXPORT),
    Kind.KERAS_HDF5: ("is a Keras model in HDF5.", EXPORT),
    Kind.TENSORFLOW: ("is a TensorFlow model.", EXPORT),
    Kind.LIGHTGBM: ("is a LightGBM model: decision trees, and no network.", CHECKPOINT_WANTED),
    Kind.HDF5: (
        "is an HDF5 file.",
        "HDF5 is not read; if it holds weights, load it once in Python and save the arrays with numpy.savez.",
    ),
    Kind.MATLAB: (
        "is a MATLAB file.",
        "Load it once with scipy.io.loadmat and save the arrays with numpy.savez.",
    ),
    Kind.GZIP: ("is packed with gzip.", UNPACK),
    Kind.ZLIB: (
        "is packed with zlib, as joblib.dump with compress=... writes.",
        "Load it once and save it again uncompressed.",
    ),
    Kind.BZIP2: ("is packed with bzip2.", UNPACK),
    Kind.XZ: ("is packed with xz.", UNPACK),
    Kind.ZSTD: ("is packed with Zstandard.", UNPACK),
    Kind.LZ4: ("is packed with LZ4.", UNPACK),
    Kind.SEVEN_ZIP: ("is a 7-Zip archive.", UNPACK),
    Kind.RAR: ("is a RAR archive.", UNPACK),
    Kind.PARQUET: ("is a Parquet table: data, and no checkpoint.", CHECKPOINT_WANTED),
    Kind.ARROW: ("is an Arrow table: data, and no checkpoint.", CHECKPOINT_WANTED),
    Kind.SQLITE: ("is an SQLite database.", CHECKPOINT_WANTED),
    Kind.EVENTS: ("is a TensorBoard event file: the curves of a run, not its weights.", CHECKPOINT_WANTED),
    Kind.PDF: ("is a PDF document.", CHECKPOINT_WANTED),
    Kind.IMAGE: ("is an image.", CHECKPOINT_WANTED),
    Kind.VIDEO: ("is a video.", "Videos are not read; drop the features that were extracted from them."),
    Kind.AUDIO: ("is a sound file.", CHECKPOINT_WANTED),
    Kind.PROGRAM: (
        "is a program or a shared library for a processor, and no checkpoint.",
        "It is not opened further. Where a checkpoint was expected, do not run it.",
    ),
    Kind.XML: ("is an XML file.", CHECKPOINT_WANTED),
    Kind.BINARY: (
        "is no checkpoint: it is a binary file of no known kind.",
        "If it was downloaded, compare its size with the original's; it may be damaged or encrypted.",
    ),
}


def refusal_of(kind: Kind) -> tuple[str, str]:
    """The end of the sentence that starts with the file's name, and the advice."""
    return NOT_A_CHECKPOINT.get(kind, (f"is no checkpoint: it is {kind.value}.", CHECKPOINT_WANTED))


PACKED_MODELS = (".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".onnx")


def zip_refusal(directory: ZipDirectory) -> tuple[str, str]:
    """The sentence and the advice for a zip archive that no reader recognises."""
    names = directory.members
    if not names:
        return "It is an empty zip archive.", FETCH_AGAIN
    if "model.weights.h5" in names and "config.json" in names:
        return "It is a Keras model (`.keras`).", EXPORT
    if "[Content_Types].xml" in names:
        return "It is an Office document.", CHECKPOINT_WANTED
    if any(name.startswith("MAR-INF/") for name in names):
        return "It is a TorchServe archive (`.mar`).", "Unpack it and drop the `.pt` file that is in it."
    if "META-INF/MANIFEST.MF" in names:
        return "It is a Java or Android archive.", CHECKPOINT_WANTED
    packed = [name for name in names if name.endswith(PACKED_MODELS)]
    if packed:
        more = f" and {len(packed) - 1:,} more" if len(packed) > 1 else ""
        return f"It is a zip archive that holds “{packed[0]}”{more}.", UNPACK
    return (
        "It is a zip archive without the `data.pkl` that every PyTorch checkpoint has.",
        "If it is an archive of checkpoints, unpack it and drop what is in it.",
    )
