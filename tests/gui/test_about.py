"""The About box: every component with its licence, computed from what is installed."""

from __future__ import annotations

from importlib.metadata import distribution

from pytestqt.qtbot import QtBot

from asl_inspector.about import program_version
from asl_inspector.gui.help.about import AboutDialog
from asl_inspector.gui.help.licences import components, licence_text
from asl_inspector.gui.main_window import MainWindow

DIRECT = ("h5py", "manimgx-fonts", "manimgx-fonts-cjk", "numpy", "platformdirs", "pyarrow", "scipy", "torch", "typst")
EXTRA = ("onnxruntime", "PySide6_Essentials")


def normal(name: str) -> str:
    return name.replace("_", "-").lower()


def test_every_component_has_a_licence() -> None:
    assert [one.name for one in components() if not one.licence or not licence_text(one)] == []


def test_all_that_is_needed_is_listed_and_nothing_of_development() -> None:
    named = {normal(one.name) for one in components()}
    assert {normal(name) for name in (*DIRECT, *EXTRA, "asl-inspector", "Python", "shiboken6", "sympy")} <= named
    assert not named & {"pytest", "ruff", "mypy", "import-linter", "outloud", "pymupdf"}


def test_names_of_licences_are_those_of_the_packages() -> None:
    found = {normal(one.name): one for one in components()}
    assert found["numpy"].licence == distribution("numpy").metadata["License-Expression"]
    assert found["numpy"].version == distribution("numpy").version
    assert "Redistribution and use in source and binary forms" in licence_text(found["numpy"])
    assert found["scipy"].licence == "BSD License"
    assert found["asl-inspector"].licence == "MIT"
    assert "MIT License" in licence_text(found["asl-inspector"])
    fonts = {name: one.licence for name, one in found.items() if name.endswith("(font)")}
    assert fonts == {"inter (font)": "OFL-1.1", "jetbrainsmono (font)": "Apache-2.0"}


def test_the_box_lists_them_and_shows_the_licence_that_is_chosen(window: MainWindow, qtbot: QtBot) -> None:
    window.questions.about()
    dialog = window.findChild(AboutDialog)
    assert dialog is not None
    assert program_version() in dialog.accessibleName()
    assert dialog.list.topLevelItemCount() == len(components())
    assert dialog.text.isHidden()
    place = [one.name for one in components()].index("numpy")
    dialog.list.setCurrentItem(dialog.list.topLevelItem(place))  # type: ignore[arg-type]
    assert dialog.text.isVisibleTo(dialog)
    assert "NumPy" in dialog.text.toPlainText()
    dialog.reject()
