"""Do two archives carry one program, so that consent to the one covers the other?

They do where everything but the numbers of their tensors is the same, byte for byte: the code, what is built from it, and
which tensor goes where. The number that torch puts into the name of a class that was compiled before, and the archive's
own hash of its content, tell nothing of the program and are not compared.
"""

from __future__ import annotations

import re

from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.zip_directory import STORED, read_directory

COUNTED = re.compile(rb"___torch_mangle_\d+")
OWN_HASH = ".data/serialization_id"
Carried = list[tuple[str, bytes]]


def same_program(one: Checkpoint, held: bytes, other: Checkpoint, other_held: bytes) -> bool:
    """True where two archives differ in nothing but the numbers of their tensors.

    Args:
        one: An opened checkpoint that carries a program.
        held: The bytes of its file.
        other: Another one.
        other_held: The bytes of that.

    Raises:
        UnreadableCheckpoint: If an archive is damaged.
    """
    return one.format == other.format and _carried(one, held) == _carried(other, other_held)


def _carried(checkpoint: Checkpoint, held: bytes) -> Carried:
    """Every member's name below the archive's own with its bytes, or its size where it is the numbers of a tensor.

    A list, since names that differ in what torch counted may fall together: no member may hide behind another.
    """
    directory = read_directory(held)
    numbers = {one.file_offset for one in checkpoint.tensors if one.file_offset is not None and not one.part}
    found: Carried = []
    for name, member in directory.members.items():
        below = name.partition("/")[2]
        if below == OWN_HASH:
            continue
        bare = COUNTED.sub(b"", below.encode()).decode()
        if member.method == STORED and directory.data_offset(member) in numbers:
            found.append((bare, b"%d numbers" % member.size))
        else:
            found.append((bare, COUNTED.sub(b"", bytes(directory.read(member)))))
    return sorted(found)
