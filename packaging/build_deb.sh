#!/bin/sh
# One command builds build/asl-inspector_VERSION_ARCH.deb: the self-contained folder, then the package around it.
#   sh packaging/build_deb.sh [PYTHON]     as for build_folder.sh
set -eu
here=$(dirname "$0")
python=$here/../build/environment/bin/python
[ $# -eq 0 ] || python=$(command -v "$1")
sh "$here/build_folder.sh" "$@"
exec "$python" "$here/build_deb.py"
