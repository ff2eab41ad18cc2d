"""The user guide in its window: pages, search, pictures, and where F1 leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from asl_inspector.bundled_files import documentation
from asl_inspector.gui.help.pages import anchor_of, plain, read_guide, search, sections_of
from asl_inspector.gui.help.window import GuideWindow
from asl_inspector.gui.jobs import Jobs
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.panel_building import PANELS
from asl_inspector.gui.scheme import apply_scheme

PAGE = """# A page

Words with `code` and [a link](other.md#there).

## Two: *what* is `x`?

| word | meaning |
|---|---|
| blank | nothing new |

```sh
# not a heading
```

## Same

### Same
"""


@pytest.fixture
def guide(qtbot: QtBot) -> Iterator[GuideWindow]:
    jobs = Jobs()
    window = GuideWindow(jobs)
    qtbot.addWidget(window)
    window.go_to()
    yield window
    jobs.cancel_all()
    qtbot.waitUntil(lambda: jobs.is_idle, timeout=10_000)


def picture(guide: GuideWindow, name: str) -> QImage:
    document = guide.browser.document()
    url = document.baseUrl().resolved(QUrl(f"../pictures/{name}"))
    found = document.resource(QTextDocument.ResourceType.ImageResource.value, url)
    assert isinstance(found, QImage)
    return found


def test_headings_have_the_anchors_of_the_web_and_code_has_none() -> None:
    sections = sections_of(PAGE)
    assert [(one.level, one.title, one.anchor) for one in sections] == [
        (1, "A page", "a-page"),
        (2, "Two: what is x?", "two-what-is-x"),
        (2, "Same", "same"),
        (3, "Same", "same-1"),
    ]
    assert sections[0].text == "Words with code and a link."


def test_anchors_keep_underscores_and_letters_of_every_script() -> None:
    assert anchor_of("`own_models.md` für Übung, 2 x") == "own_modelsmd-für-übung-2-x"


def test_plain_text_has_no_bars_of_tables() -> None:
    assert plain("| a | b |\n|---|---|\n| c | d |") == "a b c d"


def test_search_wants_every_word_and_names_titles_first() -> None:
    pages = read_guide(documentation() / "guide")
    found = search(pages, "BLANK bias")
    assert found
    assert all("blank" in f"{hit.section.title} {hit.section.text}".casefold() for hit in found)
    assert search(pages, "overfitting")[0].place == "causes.md#overfitting"
    assert not search(pages, "no such words anywhere")
    assert not search(pages, "  ")


def test_contents_lead_to_every_page_and_section(guide: GuideWindow) -> None:
    assert len(guide._entries) > 100
    for place in ("first-minutes.md", "panels.md#samples", "causes.md#overfitting", "glossary.md"):
        guide.contents.setCurrentItem(guide._entries[place])
        assert guide.browser.place == place
    assert guide.contents.currentItem() is guide._entries["glossary.md"]


def test_an_anchor_is_scrolled_to_and_marked_in_the_contents(guide: GuideWindow) -> None:
    guide.browser.go_to("causes.md#blank-collapse")  # an id is no heading: the page stays at its beginning
    assert guide.browser.verticalScrollBar().value() == 0
    guide.browser.go_to("causes.md#collapse")
    assert guide.browser.verticalScrollBar().value() > 500
    assert guide.contents.currentItem() is guide._entries["causes.md#collapse"]


def test_back_and_forward_keep_the_place(guide: GuideWindow) -> None:
    guide.browser.go_to("causes.md#collapse")
    where = guide.browser.verticalScrollBar().value()
    guide.browser.go_to("glossary.md")
    guide.browser.backward()
    assert guide.browser.place == "causes.md#collapse"
    assert guide.browser.verticalScrollBar().value() == where
    guide.browser.forward()
    assert guide.browser.place == "glossary.md"


def test_search_lists_sections_and_enter_opens_the_first(guide: GuideWindow, qtbot: QtBot) -> None:
    guide.search.setText("overfitting")
    first = guide.results.topLevelItem(0)
    assert first is not None
    assert first.text(0) == "What each cause means"
    qtbot.keyClick(guide.search, Qt.Key.Key_Return)
    assert guide.browser.place == "causes.md#overfitting"
    guide.search.setText("zzzz")
    nothing = guide.results.topLevelItem(0)
    assert nothing is not None
    assert nothing.text(0) == "Nowhere in the guide"


def test_escape_clears_the_search_before_it_closes_the_window(guide: GuideWindow, qtbot: QtBot) -> None:
    with qtbot.waitExposed(guide):
        guide.show()
    guide.search.setText("blank")
    guide._leave()
    assert guide.search.text() == ""
    assert guide.isVisible()
    guide._leave()
    assert not guide.isVisible()


def test_links_to_pages_work_and_others_stay_offline(guide: GuideWindow) -> None:
    guide.browser.setSource(QUrl("causes.md"))
    assert guide.browser.place == "causes.md"
    guide.browser.setSource(QUrl("../decisions/0004-labels-first.md"))
    assert "Labels first" in guide.browser.toPlainText()
    guide.browser.setSource(QUrl("https://github.com/huggingface/pytorch-image-models/issues/957"))
    assert "stays offline" in guide._told.text()
    assert QGuiApplication.clipboard().text().endswith("/957")
    assert guide.browser.place == "0004-labels-first.md"
    guide.browser.setSource(QUrl("nowhere.md"))
    assert "not part of the guide" in guide._told.text()


def test_pictures_are_read_in_a_thread_and_follow_the_scheme(guide: GuideWindow, qtbot: QtBot) -> None:
    guide.browser.go_to("first-minutes.md")
    assert picture(guide, "empty-light.png").width() == 1
    qtbot.waitUntil(lambda: picture(guide, "empty-light.png").width() > 300, timeout=10_000)
    assert picture(guide, "empty-light.png").pixelColor(5, 5).lightness() > 200
    apply_scheme("dark")
    qtbot.waitUntil(lambda: picture(guide, "empty-light.png").width() > 300, timeout=10_000)
    assert picture(guide, "empty-light.png").pixelColor(5, 5).lightness() < 60


def test_below_a_picture_is_no_gap(guide: GuideWindow, qtbot: QtBot) -> None:
    with qtbot.waitExposed(guide):
        guide.show()
    guide.browser.go_to("first-minutes.md")
    layout, first = guide.browser.document().documentLayout(), guide.browser._pictures[0]
    block = guide.browser.document().findBlock(first.position)
    gap = layout.blockBoundingRect(block.next()).top() - layout.blockBoundingRect(block).bottom()
    assert gap < 50


def test_no_page_is_wider_than_the_window(guide: GuideWindow, qtbot: QtBot) -> None:
    with qtbot.waitExposed(guide):
        guide.show()
    guide.resize(760, 600)
    QTest.qWait(0)
    for page in read_guide(documentation() / "guide"):
        guide.browser.go_to(page.name)
        if page.name not in ("own-models.md", "command-line.md", "sweep.md"):  # code has lines of its own width
            assert guide.browser.horizontalScrollBar().maximum() == 0, page.name


def test_f1_leads_to_the_panel_that_is_shown(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.helping.open_here()
    guide = window.helping.guide
    assert guide is not None
    qtbot.addWidget(guide)
    assert guide.browser.place == "first-minutes.md"
    (tmp_path / "vocabulary.json").write_text('{"gloss_to_id": {"book": 1}}')
    with qtbot.waitSignal(window.session.became_idle, timeout=20_000):
        window.open_files([tmp_path / "vocabulary.json"])
    window.show_panel(PANELS.index("Checkpoint keys"))
    window.helping.open_here()
    assert guide.browser.place == "panels.md#checkpoint-keys"
    window.diagnosis.wants_guide.emit("label-map-mismatch")
    assert guide.browser.place == "causes.md#label-map-mismatch-between-training-and-validation"


def test_the_buttons_go_back_and_forward_only_where_there_is_something(guide: GuideWindow) -> None:
    back = next(one for one in guide.findChildren(QPushButton) if one.text() == "←")
    assert not back.isEnabled()
    guide.browser.go_to("faq.md")
    assert back.isEnabled()
    back.click()
    assert guide.browser.place == "README.md"


def test_every_menu_entry_that_the_guide_names_is_there(window: MainWindow) -> None:
    entries = {
        f"{menu.text()} > {action.text()}".replace("&", "")
        for menu in window.menuBar().actions()
        for action in menu.menu().actions()  # type: ignore[union-attr]
    }
    named = [
        " ".join(found.split())
        for page in (documentation() / "guide").glob("*.md")
        for found in re.findall(r"\*([A-Z]\w+\s>\s[^*]+)\*", page.read_text(encoding="utf-8"))
    ]
    assert named
    assert {entry for entry in named if entry not in entries} == set()
