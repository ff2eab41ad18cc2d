"""The Checkpoint keys panel: search, measures, and the pages that show what is in the file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.engine.messages import CaseView
from asl_inspector.engine.tensor_messages import HealthView, OptimizerView, SliceView, StatisticsPart, TensorView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, empty
from asl_inspector.gui.jobs import Jobs, Publish
from asl_inspector.gui.key_search import needs_measures, parse_search
from asl_inspector.gui.panels.key_lists import HealthPage, ListPage, show_optimizers, show_runs
from asl_inspector.gui.panels.key_pages import KeysPage, Relations, prepare
from asl_inspector.gui.panels.key_tensors import TensorPage
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.panels.table_parts import SearchField, find_key
from asl_inspector.gui.widgets import Elided, Text, link_button
from asl_inspector.progress import CancelToken, Progress, Step
from asl_inspector.report.keys_csv import keys_csv
from asl_inspector.report.writing import write_atomically

PAGES = ("Tensors", "Optimizer", "Values", "Health", "What loading would run")
HEALTH = PAGES.index("Health")
NARROWEST_SEARCH, WIDEST_SEARCH = 190, 250  # pixels


class KeysPanel(Panel):
    """Search, look, measure, copy; nothing in the file is run."""

    title = "Checkpoint keys"
    empty_title = "Everything that is in the checkpoint"
    empty_advice = "Drop a checkpoint. Nothing in it is executed."
    wants_tensor = Signal(int)
    wants_part = Signal(object)  # SliceRequest
    wants_optimizers = Signal()
    wants_measures = Signal()
    wants_stop = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._jobs.succeeded.connect(self._on_job)
        self._checkpoint: Checkpoint | None = None
        self._relations: Relations | None = None
        self._optimizers: tuple[OptimizerView, ...] = ()
        self._health: HealthView | None = None
        self._order: tuple[int, bool] | None = None
        self._coming: Checkpoint | None = None
        self._measuring = False
        self.tensors = TensorPage()
        self.tensors.wants_tensor.connect(self.wants_tensor)
        self.tensors.wants_part.connect(self.wants_part)
        self.tensors.order_chosen.connect(self._sort)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(22, 18, 22, 18)
        layout.setSpacing(theme.GAP)
        layout.addLayout(self._header())
        self._banner = QVBoxLayout()
        layout.addLayout(self._banner)
        layout.addLayout(self._page_bar())
        self._pages = QStackedWidget()
        self._pages.addWidget(self.tensors)
        self._optimizer_page = ListPage("Optimizer state by parameter")
        self._value_page = ListPage("Values beside the weights")
        self._health_page = HealthPage()
        self._run_page = ListPage("What loading this file would have run")
        for page in (self._optimizer_page, self._value_page, self._health_page, self._run_page):
            self._pages.addWidget(page)
        for page in (self._optimizer_page, self._value_page, self._health_page):
            page.wants_key.connect(self._go_to_path)
        layout.addWidget(self._pages, 1)
        self.set_content(content)
        find_key(content, self._search)

    # -- set-up -----------------------------------------------------------------------------------------------------

    def _header(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(Text("Checkpoint keys", size=theme.TITLE, weight=QFont.Weight.DemiBold, wrap=False))
        self._facts = Elided(tone="muted", sentence=True)
        bar.addWidget(self._facts, 2)
        self._search = SearchField("Search keys")
        self._search.setPlaceholderText("Name, 512x36, float16, NaN")
        self._search.setToolTip("A part of a name, type or value; a shape (512x36 or [512, 36]); NaN, inf or zero")
        self._search.setMinimumWidth(NARROWEST_SEARCH)
        self._search.setMaximumWidth(WIDEST_SEARCH)
        self._search.searched.connect(self._rebuild)
        self._search.returnPressed.connect(self.tensors.enter)
        self._measure = QPushButton("Measure all")
        self._measure.setToolTip("Read every number once: extremes, moments, NaN, and the health of the weights")
        self._measure.clicked.connect(self.measure)
        self._csv = QPushButton("CSV...")
        self._csv.setToolTip("Save the list of tensors as CSV")
        self._csv.clicked.connect(self._ask_csv)
        bar.addWidget(self._search, 1)
        bar.addWidget(self._measure)
        bar.addWidget(self._csv)
        return bar

    def _page_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(2)
        self._tabs = []
        for number, name in enumerate(PAGES):
            tab = QPushButton(name)
            tab.setCheckable(True)
            tab.setAutoExclusive(True)
            tab.setProperty("look", "segment")
            tab.clicked.connect(partial(self.show_page, number))
            bar.addWidget(tab)
            self._tabs.append(tab)
        self._tabs[0].setChecked(True)
        bar.addStretch(1)
        self._progress_words = Text(size=theme.SMALL, tone="muted", wrap=False)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(140)
        self._stop = link_button("Cancel")
        self._stop.clicked.connect(self.wants_stop)
        for widget in (self._progress_words, self._progress, self._stop):
            bar.addWidget(widget)
            widget.hide()
        return bar

    # -- the case ---------------------------------------------------------------------------------------------------

    def show_case(self, case: CaseView) -> None:
        checkpoint = case.checkpoint
        if checkpoint is None:
            self._checkpoint = self._coming = None
            self._jobs.cancel("keys")
            self.wants_stop.emit()
            self.show_empty()
        elif checkpoint is not self._checkpoint:
            self._coming = checkpoint
            self._show_banner(checkpoint)
            self.show_content()
            self.figure_changed.emit(f"{len(checkpoint.tensors):,}")
            self._rebuild()

    def _show_checkpoint(self, page: KeysPage) -> None:
        """A file that was not shown before."""
        checkpoint = self._checkpoint = page.checkpoint
        self.wants_stop.emit()
        self.tensors.forget()
        self._optimizers, self._health = (), None
        show_optimizers(self._optimizer_page, (), {})
        self._value_page.words.setText(page.relations.value_words)
        self._value_page.show_rows(page.relations.value_columns, page.relations.value_paths)
        show_runs(self._run_page, checkpoint.would_run)
        self._health_page.say("")
        self._tabs[HEALTH].setText(PAGES[HEALTH])
        self._tabs[-1].setText(f"{PAGES[-1]} ({len(checkpoint.would_run)})" if checkpoint.would_run else PAGES[-1])
        self.wants_optimizers.emit()

    def _show_banner(self, checkpoint: Checkpoint) -> None:
        empty(self._banner)
        if checkpoint.would_run:
            names = list(dict.fromkeys(run.call for run in checkpoint.would_run))
            head = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
            card = _banner()
            words = f"An ordinary load of this file would import or call {head}. Nothing of it was run here."
            line = QHBoxLayout()
            line.addWidget(Text(words, tone="caution"), 1)
            more = link_button("Show each")
            more.clicked.connect(partial(self.show_page, len(PAGES) - 1))
            line.addWidget(more)
            card.body.addLayout(line)
            self._banner.addWidget(card)
        if checkpoint.notes:
            card = _banner()
            for note in checkpoint.notes:
                card.body.addWidget(Text(note, tone="caution"))
            self._banner.addWidget(card)

    # -- search and sort --------------------------------------------------------------------------------------------

    @Slot(object)
    def _sort(self, order: tuple[int, bool] | None) -> None:
        self._order = order
        self._rebuild()

    @Slot()
    def _rebuild(self) -> None:
        """Have the tree made off the window's thread, of the file that is shown or of the one that is coming."""
        known, relations, search = self._checkpoint, self._relations, self._search.text()
        coming = self._coming or known
        measured, order = dict(self.tensors.model.measured), self._order
        if coming is None:
            return

        def work(_progress: Progress, _cancel: CancelToken, _publish: Publish) -> object:
            if known is not None and (coming is known or coming == known):
                return prepare(known, relations, search, measured, order)
            return prepare(coming, None, search, {}, order)

        self._jobs.start("keys", work)

    @Slot(str, object)
    def _on_job(self, lane: str, result: object) -> None:
        if lane != "keys" or not isinstance(result, KeysPage):
            return
        is_new = result.checkpoint is not self._checkpoint
        self._coming, self._relations = None, result.relations
        if is_new:
            self._show_checkpoint(result)
        self.tensors.show_tree(result, is_new=is_new, is_searched=bool(self._search.text().strip()))
        self._say_found(result)

    def _say_found(self, page: KeysPage) -> None:
        words = page.relations.words
        text = self._search.text().strip()
        if text:
            words = f"{page.found:,} found" if page.found else f"Nothing matches “{text}”"
            if needs_measures(parse_search(text), self.tensors.model.measured, len(page.checkpoint.tensors)):
                words += f" among the {len(self.tensors.model.measured):,} measured tensors; Measure all looks at every number"
        self._facts.set_whole(words)

    # -- one entry --------------------------------------------------------------------------------------------------

    def go_to(self, place: str) -> None:
        """Select a key."""
        self.show_page(0)
        self.tensors.go_to(place.partition(":")[2])
        if self._search.text():
            self._search.clear()

    @Slot(object)
    def _go_to_path(self, path: tuple[str, ...]) -> None:
        self.go_to(f"keys:{'.'.join(path)}")

    @Slot(object)
    def show_tensor(self, view: TensorView | None) -> None:
        """A tensor's numbers arrived."""
        if view is not None:
            self.tensors.show_tensor(view)

    @Slot(object)
    def show_part(self, view: SliceView) -> None:
        """A rectangle of a tensor arrived."""
        self.tensors.detail.slices.show_part(view)

    # -- measures ---------------------------------------------------------------------------------------------------

    @Slot()
    def measure(self) -> None:
        """Measure every tensor."""
        if self._checkpoint is not None and not self._measuring:
            self._show_measuring(is_on=True)
            self.wants_measures.emit()

    def _show_measuring(self, *, is_on: bool) -> None:
        self._measuring = is_on
        self._measure.setEnabled(not is_on)
        self._progress.setRange(0, 0)
        self._progress_words.setText("Measuring" if is_on else "")
        for widget in (self._progress_words, self._progress, self._stop):
            widget.setVisible(is_on)

    @Slot(object)
    def show_step(self, step: Step) -> None:
        """How far the measuring is."""
        if step.total:
            self._progress.setRange(0, step.total)
            self._progress.setValue(step.done)
            self._progress_words.setText(f"{step.what}: {step.done:,} of {step.total:,} {step.unit}")

    @Slot(object)
    def show_statistics(self, part: StatisticsPart) -> None:
        """Facts of some tensors arrived."""
        if self._checkpoint is not None:
            self.tensors.take_measures(part.facts())

    @Slot(object)
    def show_health(self, view: HealthView) -> None:
        """The answers on the weights arrived."""
        checkpoint = self._checkpoint
        if checkpoint is None:
            return
        self._health = view
        self.tensors.take_health(view.notes)
        self._health_page.show_notes(view.notes, checkpoint.contents.weights_path)
        bad = sum(note.verdict in ("ill", "suspect") for note in view.notes)
        self._tabs[HEALTH].setText(f"{PAGES[HEALTH]} ({bad})" if bad else PAGES[HEALTH])

    @Slot(str)
    def show_measured(self, how: str) -> None:
        """The measuring ended."""
        self._show_measuring(is_on=False)
        if how and how != "Cancelled":
            self._facts.set_whole(how)
        self._show_optimizers()
        if self._order is not None or parse_search(self._search.text()).number is not None:
            self._rebuild()

    @Slot(object)
    def show_optimizers(self, views: tuple[OptimizerView, ...]) -> None:
        """The optimizers' states arrived."""
        self._optimizers = views
        self.tensors.take_optimizers(views)
        self._show_optimizers()

    def _show_optimizers(self) -> None:
        checkpoint = self._checkpoint
        if checkpoint is None or not self._optimizers:
            return
        measured = {checkpoint.tensors[index].name: facts for index, facts in self.tensors.model.measured.items()}
        show_optimizers(self._optimizer_page, self._optimizers, measured)

    # -- pages, copies ----------------------------------------------------------------------------------------------

    def show_page(self, number: int, _checked: bool = False) -> None:
        """Show one of the panel's pages."""
        self._pages.setCurrentIndex(number)
        self._tabs[number].setChecked(True)
        if PAGES[number] == "Health" and self._health is None:
            self.measure()

    @Slot()
    def _ask_csv(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the list of tensors", "tensors.csv", "CSV files (*.csv)")
        if path:
            self.write_csv(Path(path))

    def write_csv(self, path: Path) -> None:
        """Write one row a tensor, with statistics where they were measured."""
        checkpoint, measured = self._checkpoint, dict(self.tensors.model.measured)
        if checkpoint is None:
            return

        def work(_progress: Progress, _cancel: CancelToken, _publish: Publish) -> object:
            rows = {
                index: (f.minimum, f.maximum, f.mean, f.std, f.norm, f.zeros, f.nans, f.infinities)
                for index, f in measured.items()
            }
            write_atomically(path, keys_csv(checkpoint.tensors, rows).encode())
            return path

        self._jobs.start("keys csv", work)

    def text(self) -> str:
        page = self._pages.currentWidget()
        return (
            page.text() if self._checkpoint is not None and isinstance(page, ListPage | HealthPage | TensorPage) else ""
        )


def _banner() -> Card:
    card = Card(margins=(14, 8, 14, 8), spacing=2)
    card.setProperty("kind", "banner")
    return card
