"""What the user may choose about a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Paper = Literal["a4", "letter"]
PAPERS: tuple[Paper, ...] = ("a4", "letter")


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """How a report is written.

    Attributes:
        paper: Size of the PDF's pages.
        summary: True for the first page alone.
        anonymise: True where folders and the user's name in them must not be seen; names of files stay.
    """

    paper: Paper = "a4"
    summary: bool = False
    anonymise: bool = False


STANDARD = ReportOptions()
