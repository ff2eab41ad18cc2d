"""What the macOS bundle says of itself: Info.plist beyond what PyInstaller writes."""

from __future__ import annotations

from collections.abc import Sequence

from project import FileType

IDENTIFIER = "org.asl-inspector.app"
OLDEST_SYSTEM = "12.0"  # Qt 6.8's


def info_plist(version: str, types: Sequence[FileType]) -> dict[str, object]:
    """Names, version, and the documents that Finder offers the program for.

    A case is ours and exported; the other types are imported: they are declared only where nobody else has declared them,
    and the program is an alternative for them, never the first choice.
    """
    return {
        "CFBundleDisplayName": "ASL Inspector",
        "CFBundleShortVersionString": version,
        "CFBundleVersion": version,
        "LSMinimumSystemVersion": OLDEST_SYSTEM,
        "LSApplicationCategoryType": "public.app-category.developer-tools",
        "NSHighResolutionCapable": True,
        "NSRequiresAquaSystemAppearance": False,  # dark mode too
        "CFBundleDocumentTypes": [
            {
                "CFBundleTypeName": one.name,
                "CFBundleTypeRole": "Editor" if one.ours else "Viewer",
                "LSHandlerRank": "Owner" if one.ours else "Alternate",
                "LSItemContentTypes": [one.uti],
            }
            for one in types
        ],
        "UTExportedTypeDeclarations": [declaration(one) for one in types if one.ours],
        "UTImportedTypeDeclarations": [declaration(one) for one in types if not one.ours],
    }


def declaration(one: FileType) -> dict[str, object]:
    """A type as Apple's Uniform Type Identifiers have it."""
    return {
        "UTTypeIdentifier": one.uti,
        "UTTypeDescription": one.name,
        "UTTypeConformsTo": ["public.data"],
        "UTTypeTagSpecification": {"public.filename-extension": list(one.endings), "public.mime-type": one.mime},
    }
