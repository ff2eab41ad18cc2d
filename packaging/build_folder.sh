#!/bin/sh
# One command builds the self-contained folder build/folder/asl-inspector: no Python is needed to run it.
#   sh packaging/build_folder.sh [PYTHON]     an interpreter whose environment has the program and PyInstaller
# Without PYTHON an environment of its own is made, with the pinned packages and the CPU build of torch.
set -eu
if [ $# -gt 0 ]; then
    python=$(command -v "$1")
    case $python in /*) ;; *) python=$(pwd)/$python ;; esac
    cd "$(dirname "$0")/.."
else
    cd "$(dirname "$0")/.."
    python=build/environment/bin/python
    [ -x "$python" ] || python3 -m venv build/environment
    "$python" -m pip install --quiet --disable-pip-version-check --constraint packaging/constraints.txt \
        pyinstaller ".[gui,onnx]"
fi
[ "$(uname -s)" = Linux ] || "$python" packaging/icons.py build/icons
"$python" -m PyInstaller --noconfirm --log-level WARN --distpath build/folder --workpath build/pyinstaller \
    packaging/asl_inspector.spec
du -sh build/folder/*
