#!/bin/sh
# One command builds "ASL Inspector.app" and a disk image on macOS 12 or newer:
#   sh packaging/macos/build.sh [PYTHON]      an interpreter whose environment has the program and PyInstaller
# To sign and notarise, with a Developer ID in the keychain and credentials kept by `xcrun notarytool store-credentials`:
#   SIGN_AS="Developer ID Application: Name (TEAM)" NOTARY_PROFILE=name sh packaging/macos/build.sh
# Without them the bundle has only the local signature that Apple silicon asks for; on another Mac it is opened once by a
# right click and Open.
set -eu
sh "$(dirname "$0")/../build_folder.sh" "$@"
cd "$(dirname "$0")/../.."
app="build/folder/ASL Inspector.app"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
if [ -n "${SIGN_AS:-}" ]; then
    # from the inside out: a signature covers the signatures below it
    find "$app/Contents" -type f \( -name '*.so' -o -name '*.dylib' -o -perm -u+x \) -print0 |
        xargs -0 -n 20 codesign --force --timestamp --options runtime --entitlements packaging/macos/entitlements.plist --sign "$SIGN_AS"
    codesign --force --timestamp --options runtime --entitlements packaging/macos/entitlements.plist --sign "$SIGN_AS" "$app"
    codesign --verify --deep --strict "$app"
fi
image="build/asl-inspector-$version.dmg"
rm -f "$image"
hdiutil create -quiet -volname "ASL Inspector" -srcfolder "$app" -format ULFO "$image"
if [ -n "${SIGN_AS:-}" ] && [ -n "${NOTARY_PROFILE:-}" ]; then
    codesign --timestamp --sign "$SIGN_AS" "$image"
    xcrun notarytool submit "$image" --keychain-profile "$NOTARY_PROFILE" --wait
    xcrun stapler staple "$image"
fi
du -sh "$app" "$image"
