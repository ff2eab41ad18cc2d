"""How a page of the guide looks: Qt reads the Markdown, this gives it the program's fonts, colours and room to breathe.

Formats are gathered first and laid on afterwards: a document must not be walked through while it changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import cast

from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFragment,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)

from asl_inspector.gui import theme
from asl_inspector.gui.help.pages import anchor_of

BODY = 10.5  # points
HEADINGS = {1: 18.0, 2: 14.0, 3: 11.5}
ABOVE = {1: 4, 2: 26, 3: 18}  # pixels
LINE_HEIGHT = 128.0  # percent
INDENT = 22.0  # pixels a list is set in
CODE_BLOCK = QTextFormat.Property.BlockCodeFence
PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value


def dress(document: QTextDocument) -> list[tuple[int, str]]:
    """Give a document that was just read from Markdown its look, and every heading its anchor.

    Returns:
        Every picture: its place in the text, and its name there.
    """
    colours = theme.current()
    document.setDefaultFont(theme.font(BODY))
    document.setIndentWidth(INDENT)
    characters: list[tuple[int, int, QTextCharFormat]] = []
    blocks: list[tuple[int, QTextBlockFormat]] = []
    pictures: list[tuple[int, str]] = []
    seen: Counter[str] = Counter()
    in_code, in_line = theme.font(BODY - 1.5, mono=True), theme.font(BODY - 1, mono=True)
    accent, soft = QColor(colours.accent), QColor(colours.neutral_soft)
    for block in _blocks(document):
        level, is_code = block.blockFormat().headingLevel(), _is_code(block)
        blocks.append((block.position(), _block_format(block, level, is_code=is_code)))
        if level:
            characters.append((block.position(), block.length() - 1, _heading(block, level, seen)))
            continue
        for piece in _fragments(block):
            found = piece.charFormat()
            if found.isImageFormat():
                pictures.append((piece.position(), found.toImageFormat().name()))
                continue
            look = QTextCharFormat()
            if found.isAnchor():
                look.setForeground(accent)
                look.setFontUnderline(False)
            if found.fontWeight() >= QFont.Weight.Bold:
                look.setFontWeight(QFont.Weight.DemiBold)
            if is_code:
                look.setFont(in_code)
            elif found.fontFixedPitch():
                look.setFont(in_line)
                look.setBackground(soft)
            if not look.isEmpty():
                characters.append((piece.position(), piece.length(), look))
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    for position, block_format in blocks:
        cursor.setPosition(position)
        cursor.mergeBlockFormat(block_format)
    for position, length, look in characters:
        cursor.setPosition(position)
        cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(look)
    _dress_tables(document)
    cursor.endEditBlock()
    return pictures


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _fragments(block: QTextBlock) -> Iterator[QTextFragment]:
    for place in cast("Iterable[QTextBlock.iterator]", block):  # Qt's stubs do not say what comes
        yield place.fragment()


def _is_code(block: QTextBlock) -> bool:
    return block.blockFormat().hasProperty(CODE_BLOCK) or block.blockFormat().nonBreakableLines()


def _block_format(block: QTextBlock, level: int, *, is_code: bool) -> QTextBlockFormat:
    look = QTextBlockFormat()
    if is_code:
        look.setBackground(QColor(theme.current().code))
        look.setLeftMargin(10)
        look.setTopMargin(0 if _is_code(block.previous()) else 8)
        look.setBottomMargin(0 if _is_code(block.next()) else 12)
        return look
    if not any(piece.charFormat().isImageFormat() for piece in _fragments(block)):
        look.setLineHeight(LINE_HEIGHT, PROPORTIONAL)  # of a picture it would be a gap below, a quarter of its height
    if level:
        look.setTopMargin(ABOVE.get(level, 14))
        look.setBottomMargin(8)
    elif QTextCursor(block).currentTable() is not None:
        look.setTopMargin(0)
        look.setBottomMargin(0)
    else:
        look.setTopMargin(0)
        look.setBottomMargin(5 if block.textList() is not None else 10)
    return look


def _heading(block: QTextBlock, level: int, seen: Counter[str]) -> QTextCharFormat:
    anchor = anchor_of(block.text())
    number = seen[anchor]
    seen[anchor] += 1
    look = QTextCharFormat()
    look.setFont(theme.font(HEADINGS.get(level, BODY), weight=QFont.Weight.DemiBold))
    look.setAnchor(True)
    look.setAnchorNames([f"{anchor}-{number}" if number else anchor])
    look.setForeground(QColor(theme.current().text))
    return look


def _dress_tables(document: QTextDocument) -> None:
    colours = theme.current()
    for frame in document.rootFrame().childFrames():
        if not isinstance(frame, QTextTable):
            continue
        look = frame.format()
        look.setBorder(1)
        look.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        look.setBorderBrush(QBrush(QColor(colours.border)))
        look.setBorderCollapse(True)
        look.setCellPadding(6)
        look.setCellSpacing(0)
        look.setTopMargin(10)
        look.setBottomMargin(14)
        look.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        frame.setFormat(look)
        for column in range(frame.columns()):
            cell = frame.cellAt(0, column)
            heading = cell.format()
            heading.setBackground(QColor(colours.neutral_soft))
            cell.setFormat(heading)
