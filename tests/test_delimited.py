"""Headings of tables, and files that are none; the files were found by the fuzzer."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from asl_inspector.case.recognising import open_file
from asl_inspector.delimited import cells_of
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.islr import read_index


def test_the_cells_of_a_line() -> None:
    assert cells_of('a,"b,c",d') == ["a", "b,c", "d"]
    assert cells_of("a;b", ";") == ["a", "b"]
    assert cells_of("") == []


def test_what_is_no_row_has_no_cells() -> None:
    assert cells_of("a,b\rc,d") == []
    assert cells_of("x" * 2_000_000) == []


@pytest.mark.parametrize(
    "content",
    [
        b"labels,nose_X\r,nose_Y,neck_X,neck_Y\n1,[0.1],[0.2]\n",
        b"path,sign\rparticipant_id\na,b\n",
        b"\x01\rEpoch,loss\n1,2\n",
        b"epoch,train_loss,val_loss\n1,2,3\n" + b'2,"' + b"x" * 3_000_000 + b"\n",
    ],
)
def test_a_file_that_is_no_table_does_no_harm(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert open_file(tmp_path / "a.csv").row.path.name == "a.csv"


def test_an_index_whose_quotation_never_ends_is_told(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text('path,sign\na,b\nc,"' + "x" * 2_000_000)
    with pytest.raises(DataError, match="breaks off after 1 rows"):
        read_index(MappedFile(tmp_path / "train.csv"))


@pytest.mark.parametrize("kind", ["<i9", "<U99999999999", "<f3"])
def test_an_array_of_a_type_that_does_not_exist_is_refused(tmp_path: Path, kind: str) -> None:
    out = io.BytesIO()
    np.savez(out, features=np.zeros((2, 4, 6), "f4"), labels=np.zeros(2, "i8"))
    broken = out.getvalue().replace(b"'<i8'".ljust(len(kind) + 2), f"'{kind}'".encode())
    (tmp_path / "a.npz").write_bytes(broken)
    opened = open_file(tmp_path / "a.npz")
    assert opened.row.problem or opened.opened is not None
