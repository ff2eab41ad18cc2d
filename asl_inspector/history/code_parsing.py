"""Pieces of training code and their syntax trees; nothing of them is run.

Notebook cells may hold lines that are no Python (`%time`, `!ls`): they are blanked first, and where a cell still cannot
be parsed the lines that stop the parser are blanked too, a few at most.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

LARGEST_CODE = 200_000  # characters of one cell or file
MOST_BLANKED = 20
MAGIC = re.compile(r"^(\s*)(?:[%!?].*|.*\?{1,2}\s*)$")
CAPTURE = re.compile(r"^(\s*[\w, ]+=\s*)[!%].*$")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Code:
    """One piece of code: a cell or a file."""

    where: str
    text: str


def parsed(text: str) -> ast.Module | None:
    """The syntax tree of code in which some lines may be no Python, or None where too much is not."""
    if len(text) > LARGEST_CODE or "\0" in text:
        return None
    if (whole := _tree(text)) is not None:
        return whole
    lines = [_without_magic(line) for line in text.splitlines()]
    if text.lstrip().startswith("%%"):
        first = next(index for index, line in enumerate(text.splitlines()) if line.strip())
        if not re.match(r"%%(?:time|timeit|capture|prun|python3?)\b", text.lstrip()):
            return None
        lines[first] = ""
    for _ in range(MOST_BLANKED):
        try:
            return _parse("\n".join(lines))
        except SyntaxError as error:
            at = (error.lineno or 0) - 1
            if not 0 <= at < len(lines) or not lines[at].strip():
                return None
            lines[at] = _indent(lines[at]) + "pass"
        except (ValueError, RecursionError, MemoryError):
            return None
    return None


def _tree(text: str) -> ast.Module | None:
    try:
        return _parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes in the researcher's strings
        return ast.parse(text + "\n")


def looks_like_code(text: str) -> bool:
    """True for text that is Python with imports or definitions."""
    if not re.search(r"^(?:import|from|def|class)\s+\w", text, re.MULTILINE):
        return False
    tree = parsed(text)
    kinds = (ast.Import, ast.ImportFrom, ast.ClassDef, *Function.__args__)
    return tree is not None and any(isinstance(node, kinds) for node in tree.body)


def _without_magic(line: str) -> str:
    if captured := CAPTURE.match(line):
        return captured[1] + "None"
    if (magic := MAGIC.match(line)) and not line.lstrip().startswith("#"):
        return magic[1] + "pass"
    return line


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
