"""What kind of file this is, told from its content. Extensions lie and are not looked at."""

from __future__ import annotations

import json
import re
from enum import Enum

from asl_inspector.inert_pickle.beginnings import runs_as_pickle, starts_pickle
from asl_inspector.inert_pickle.opcodes.stack_and_memo import HIGHEST_PROTOCOL
from asl_inspector.inert_pickle.opcodes.table import HANDLERS
from asl_inspector.inert_pickle.records import Buffer
from asl_inspector.protobuf_wire import BYTES, VARINT, FieldBudget, MalformedProtobuf, fields

HEAD = 4096
ALL_ZEROS_CHECKED = 64 << 20  # bytes; of longer files the start and the end
LONGEST_HDF5_SEARCH = 1 << 20
LONGEST_TAIL = 22 + 0xFFFF  # a zip archive's end record with its comment
LONGEST_MESSAGE = 4_000


class Kind(Enum):
    """Kinds of content. The value completes the sentence "This is ..."."""

    EMPTY = "an empty file"
    ZEROS = "a file of zeros"
    ZIP = "a zip archive"
    PICKLE = "a pickle stream"
    TORCH_LEGACY = "a PyTorch file written before version 1.6"
    SAFETENSORS = "a safetensors file"
    ONNX = "an ONNX model"
    TFLITE = "a TensorFlow Lite model"
    GGUF = "a GGUF language model"
    GGML = "a GGML model"
    KERAS_HDF5 = "a Keras model in HDF5"
    TENSORFLOW = "a TensorFlow model"
    LIGHTGBM = "a LightGBM model"
    JSON = "a JSON file"
    TEXT = "a text file"
    LFS_POINTER = "a Git-LFS pointer"
    HTML = "a web page"
    ERROR_MESSAGE = "an error message of a server"
    HDF5 = "an HDF5 file"
    MATLAB = "a MATLAB file"
    GZIP = "a gzip archive"
    ZLIB = "data packed with zlib"
    BZIP2 = "a bzip2 archive"
    XZ = "an xz archive"
    ZSTD = "a Zstandard archive"
    LZ4 = "an LZ4 archive"
    RAR = "a RAR archive"
    TAR = "a tar archive"
    PARQUET = "a Parquet table"
    ARROW = "an Arrow table"
    SQLITE = "an SQLite database"
    EVENTS = "a TensorBoard event file"
    NPY = "a NumPy array file"
    POSE = "a pose file"
    PDF = "a PDF document"
    IMAGE = "an image"
    VIDEO = "a video"
    AUDIO = "a sound file"
    SEVEN_ZIP = "a 7-Zip archive"
    PROGRAM = "a program or a shared library"
    XML = "an XML file"
    BINARY = "a binary file of no known kind"


LIBRARIES = {Kind.HDF5: "hdf5", Kind.PARQUET: "arrow", Kind.ARROW: "arrow"}  # kinds that a library of its own reads
_MAGIC = (
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"\x89HDF\r\n\x1a\n", Kind.HDF5),
    (b"\x1f\x8b", Kind.GZIP),
    (b"BZh", Kind.BZIP2),
    (b"\xfd7zXZ\0", Kind.XZ),
    (b"\x28\xb5\x2f\xfd", Kind.ZSTD),
    (b"\x04\x22\x4d\x18", Kind.LZ4),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Kind.RAR),
    (b"PAR1", Kind.PARQUET),
    (b"ARROW1\0\0", Kind.ARROW),
    (b"FEA1", Kind.ARROW),
    (b"SQLite format 3\0", Kind.SQLITE),
    (b"\x93NUMPY", Kind.NPY),
    (b"GGUF", Kind.GGUF),
    (b"lmgg", Kind.GGML),
    (b"fmgg", Kind.GGML),
    (b"tjgg", Kind.GGML),
    (b"%PDF-", Kind.PDF),
    (b"\x89PNG", Kind.IMAGE),
    (b"\xff\xd8\xff", Kind.IMAGE),
    (b"GIF87a", Kind.IMAGE),
    (b"GIF89a", Kind.IMAGE),
    (b"II*\0", Kind.IMAGE),
    (b"MM\0*", Kind.IMAGE),
    (b"\x1a\x45\xdf\xa3", Kind.VIDEO),
    (b"\0\0\x01\xba", Kind.VIDEO),
    (b"FLV\x01", Kind.VIDEO),
    (b"OggS", Kind.AUDIO),
    (b"fLaC", Kind.AUDIO),
    (b"ID3\x03", Kind.AUDIO),
    (b"ID3\x04", Kind.AUDIO),
    (b"\x7fELF", Kind.PROGRAM),
    (b"MZ\x90\0", Kind.PROGRAM),
    (b"\xcf\xfa\xed\xfe", Kind.PROGRAM),
    (b"\xca\xfe\xba\xbe", Kind.PROGRAM),
    (b"tree\nversion=v", Kind.LIGHTGBM),
    (b"version https://git-lfs", Kind.LFS_POINTER),
)
_PROTO, _PERSID = 0x80, ord("P")
_MAGIC_LATER = (
    (4, b"TFL3", Kind.TFLITE),
    (8, b"WEBP", Kind.IMAGE),
    (8, b"AVI ", Kind.VIDEO),
    (8, b"WAVE", Kind.AUDIO),
    (257, b"ustar", Kind.TAR),
    *((start, b"\x89HDF\r\n\x1a\n", Kind.HDF5) for start in (512, 1024, 2048)),  # behind a block for the user
    (0, b"MATLAB ", Kind.MATLAB),
)
_STILL_IMAGES = (b"heic", b"heix", b"avif", b"mif1", b"msf1")
_ZLIB_STARTS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_KERAS_WORDS = (b"keras_version", b"model_weights", b"model_config", b"layer_names", b"_layer_checkpoint_dependencies")
_TORCH_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C.to_bytes(10, "little")
_POSE_VERSIONS = (b"\0\0\0\0", b"\xcd\xcc\xcc\x3d", b"\xcd\xcc\x4c\x3e")  # 0.0, 0.1 and 0.2 as floats
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SERVER_XML = re.compile(r"<(?:error|errorresponse)\b[^>]*>.{0,400}?<code>", re.DOTALL)
_SERVER_TEXT = re.compile(
    r"(?:\d{3}[: ]+)?(?:entry not found|not found|access denied|forbidden|unauthorized|bad gateway|too many requests"
    r"|service unavailable|internal server error|gateway time-?out|invalid username or password|repository not found"
    r"|invalid credentials.{0,40}|authorization required|link expired)[.!]?"
)
_MODEL_FIELDS = {1: VARINT, 5: VARINT} | dict.fromkeys((2, 3, 4, 6, 7, 8, 14, 20, 25, 26), BYTES)
_GRAPH_FIELDS = {1, 2, 5, 10, 11, 12, 13, 14, 15, 16}
_IR_VERSION, _GRAPH = 1, 7
_FIELDS_LOOKED_AT = 2_000


def sniff(content: Buffer) -> Kind:
    """The kind of a file with this content."""
    size = len(content)
    if size == 0:
        return Kind.EMPTY
    head = bytes(content[:HEAD])
    known = _by_magic(head, size)
    if known is not Kind.ZIP and _is_whole_safetensors(head, size):
        known = Kind.SAFETENSORS  # lengths of headers look like anything: 376 is the start of a zlib stream
    if known is not None and HANDLERS[head[0]] and head[0] != _PERSID and runs_as_pickle(content):
        return Kind.PICKLE  # dressed as something else, and yet an ordinary load would run it
    if known is Kind.HDF5:
        start = bytes(content[:LONGEST_HDF5_SEARCH])
        return Kind.KERAS_HDF5 if any(word in start for word in _KERAS_WORDS) else Kind.HDF5
    if known is not None:
        return known
    if not any(head) and _is_all_zeros(content):
        return Kind.ZEROS
    if _is_safetensors(head, size):
        return Kind.SAFETENSORS
    announced = head[0] == _PROTO and size > 1 and head[1] <= HIGHEST_PROTOCOL
    if announced or starts_pickle(content):
        return Kind.TORCH_LEGACY if _TORCH_MAGIC_NUMBER in head[:16] else Kind.PICKLE
    if _is_onnx(memoryview(content)):
        return Kind.ONNX
    kind = _sniff_text(head, size)
    if kind is Kind.BINARY and b"PK\x05\x06" in bytes(content[max(0, size - LONGEST_TAIL) :]):
        return Kind.ZIP  # an archive with something in front of it
    return kind


def _by_magic(head: bytes, size: int) -> Kind | None:
    """What the first bytes of well-marked formats say."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    for place, magic, kind in _MAGIC_LATER:
        if head[place : place + len(magic)] == magic and (place != 8 or head.startswith(b"RIFF")):
            return kind
    if head[4:8] == b"ftyp":
        return Kind.IMAGE if head[8:12] in _STILL_IMAGES else Kind.VIDEO
    if head.startswith(b"BM") and int.from_bytes(head[2:6], "little") == size:
        return Kind.IMAGE
    if _is_event_file(head):
        return Kind.EVENTS
    if _is_pose(head):
        return Kind.POSE
    if _is_arrow_stream(head, size):
        return Kind.ARROW
    if head.startswith(b"\x08\x01\x12") and b"serve" in head[:64]:
        return Kind.TENSORFLOW
    if head.startswith(_ZLIB_STARTS):
        return Kind.ZLIB
    return None


def _is_all_zeros(content: Buffer) -> bool:
    """True where every byte is 0; of a very long file only its two ends are looked at."""
    view = memoryview(content)
    half = ALL_ZEROS_CHECKED // 2
    parts = (view,) if len(view) <= ALL_ZEROS_CHECKED else (view[:half], view[-half:])
    blocks = (bytes(part[start : start + (1 << 20)]) for part in parts for start in range(0, len(part), 1 << 20))
    return all(block.count(0) == len(block) for block in blocks)


def _is_event_file(head: bytes) -> bool:
    """The first record of an event file is short and names the version of the format."""
    return head[2:8] == bytes(6) and b"brain.Event:" in head[12:64]


def _is_whole_safetensors(head: bytes, size: int) -> bool:
    """A safetensors file starts with the length of a JSON header, then the header."""
    return _starts_header(head) and 2 <= int.from_bytes(head[:8], "little") <= size - 8


def _is_safetensors(head: bytes, size: int) -> bool:
    """The same where the file was cut short: a length beyond it has zeros at its end, or is no length at all."""
    length = int.from_bytes(head[:8], "little")
    return _starts_header(head) and length > size - 8 and (head[6:8] == b"\0\0" or length >> 62 != 0)


def _is_pose(head: bytes) -> bool:
    """A `.pose` starts with its version as a float, three sizes, a count of components and the first one's name."""
    if head[:4] not in _POSE_VERSIONS or len(head) < 16:
        return False
    components, length = int.from_bytes(head[10:12], "little"), int.from_bytes(head[12:14], "little")
    name = head[14 : 14 + length]
    return 0 < components < 256 and 0 < length < 256 and re.fullmatch(rb"[\w \-.]+", name) is not None


def _is_arrow_stream(head: bytes, size: int) -> bool:
    """Arrow's stream starts with a marker and the length of its first message, which holds a table of offsets."""
    length = int.from_bytes(head[4:8], "little")
    return head[:4] == b"\xff\xff\xff\xff" and 8 < length < size and int.from_bytes(head[8:12], "little") < length


def _starts_header(head: bytes) -> bool:
    return len(head) > 9 and head[8:9] == b"{" and head[9:10] in b'"} \t\r\n'


def _is_onnx(content: memoryview) -> bool:
    """An ONNX model is a protobuf message of known fields, with a version and a graph that looks like one.

    One that is cut short is recognised by the version at its start, where every writer puts it.
    """
    seen: list[int] = []
    whole = True
    graph = (0, 0)
    try:
        for number, kind, first, last in fields(content, 0, len(content), FieldBudget(_FIELDS_LOOKED_AT)):
            if _MODEL_FIELDS.get(number) != kind or (number == _IR_VERSION and not 0 < first < 1000):
                return False
            seen.append(number)
            graph = (first, last) if number == _GRAPH else graph
    except MalformedProtobuf:
        whole = False
    if whole:
        return _IR_VERSION in seen and _GRAPH in seen and _is_graph(content, *graph)
    return seen[:2] == [_IR_VERSION, 2] and (_GRAPH in seen or len(content) > HEAD)


def _is_graph(content: memoryview, start: int, end: int) -> bool:
    try:
        for index, (number, kind, _, _) in enumerate(fields(content, start, end, FieldBudget())):
            if number not in _GRAPH_FIELDS or kind != BYTES:
                return False
            if index >= 50:
                break
    except MalformedProtobuf:
        return False
    return end > start


def _sniff_text(head: bytes, size: int) -> Kind:
    if head.startswith(_UTF16_MARKS):
        return Kind.TEXT
    text = head.decode("utf-8", "ignore")
    if len(text.encode()) < len(head) - 3 or "\0" in text:
        return Kind.BINARY
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body")) or "<html" in start[:1000]:
        return Kind.HTML
    if start.startswith(("<?xml", "<error")):
        return Kind.ERROR_MESSAGE if _SERVER_XML.search(start[:2000]) else Kind.XML
    if start.startswith(("{", "[")):
        return Kind.ERROR_MESSAGE if size <= LONGEST_MESSAGE and _is_server_json(text) else Kind.JSON
    if len(start) < 200 and _SERVER_TEXT.fullmatch(start.strip()):
        return Kind.ERROR_MESSAGE
    return Kind.TEXT


def _is_server_json(text: str) -> bool:
    """`{"error": "Repository not found"}` and the like: an error as text, and nothing else of size."""
    try:
        held = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return False
    if not isinstance(held, dict) or len(held) > 8:
        return False
    told = held.get("error", held.get("message", held.get("detail", held.get("errors"))))
    if isinstance(told, dict):  # {"error": {"code": 404, "message": ...}}
        told = told.get("message")
    return isinstance(told, str) and any(key.lower() in ("error", "errors", "message", "detail") for key in held)
