#!/bin/sh
# The system libraries that Qt needs and no Python package brings, and the tools of the desktop tests.
#   system_libraries.sh qt PYTHON     fails with a message where a library is missing and cannot be installed
#   system_libraries.sh desktop       never fails: without its tools the desktop tests are skipped by name
set -u

QT_PACKAGES="libegl1 libgl1 libglx0 libglvnd0 libxkbcommon0 libdbus-1-3 libfontconfig1 libfreetype6 libglib2.0-0 libx11-6 \
libxcb1 libxcb-icccm4 libxcb-keysyms1 libxcb-cursor0 libxcb-image0 libxcb-randr0 libxcb-render0 libxcb-render-util0 \
libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libx11-xcb1 libxkbcommon-x11-0"
DESKTOP_PACKAGES="xvfb xauth x11-utils xdotool openbox pcmanfm poppler-utils shared-mime-info desktop-file-utils dbus-x11 \
wmctrl scrot nsis"
DESKTOP_TOOLS="Xvfb openbox xdotool pcmanfm dbus-launch scrot wmctrl pdftotext pdftoppm"

[ "$(uname -s)" = Linux ] || exit 0  # Qt's packages for Windows and macOS bring all they need

missing_libraries() {
    folder=$("$1" -c 'import importlib.util, pathlib; print(pathlib.Path(importlib.util.find_spec("PySide6").origin).parent / "Qt")') || return
    for file in "$folder"/lib/libQt6Gui.so.6 "$folder"/lib/libQt6Widgets.so.6 "$folder"/plugins/platforms/libqxcb.so \
        "$folder"/plugins/platforms/libqoffscreen.so; do
        [ -e "$file" ] && ldd "$file" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p'
    done | sort -u
}

missing_tools() {
    for tool in $DESKTOP_TOOLS; do
        command -v "$tool" >/dev/null 2>&1 || printf '%s ' "$tool"
    done
}

install_packages() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo"
    else
        return 1
    fi
    echo "Installing system packages: $*"
    $as_root env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh "$@" \
        >/dev/null 2>&1
}

case "$1" in
qt)
    missing=$(missing_libraries "$2")
    [ -z "$missing" ] && exit 0
    # shellcheck disable=SC2086
    install_packages $QT_PACKAGES
    missing=$(missing_libraries "$2")
    [ -z "$missing" ] && exit 0
    echo "Qt needs system libraries that are not installed:" >&2
    echo "$missing" | sed 's/^/    /' >&2
    echo "There are no rights to install them here. On Debian or Ubuntu:" >&2
    echo "    sudo apt-get install $QT_PACKAGES" >&2
    exit 1
    ;;
desktop)
    [ -z "$(missing_tools)" ] && exit 0
    # shellcheck disable=SC2086
    install_packages $DESKTOP_PACKAGES
    missing=$(missing_tools)
    [ -z "$missing" ] && exit 0
    echo "Not installed, so some desktop tests will be skipped: $missing" >&2
    echo "On Debian or Ubuntu: sudo apt-get install $DESKTOP_PACKAGES" >&2
    ;;
esac
exit 0
