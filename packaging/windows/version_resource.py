"""What Windows shows of a program file under Properties > Details, in the form that PyInstaller takes."""

from __future__ import annotations


def version_resource(version: str, name: str, file: str) -> str:
    """The text of PyInstaller's version file.

    Args:
        version: As in `pyproject.toml`; Windows wants four numbers, so what is missing is 0.
        name: Of the program.
        file: The program file.
    """
    numbers = [int(part) for part in version.split(".")[:4] if part.isdigit()]
    four = tuple([*numbers, 0, 0, 0, 0][:4])
    strings = {
        "FileDescription": name,
        "FileVersion": version,
        "InternalName": file,
        "LegalCopyright": "MIT licence",
        "OriginalFilename": file,
        "ProductName": name,
        "ProductVersion": version,
    }
    rows = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in strings.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={four}, prodvers={four}, mask=0x3f, flags=0x0, OS=0x40004, fileType=0x1, "
        f"subtype=0x0, date=(0, 0)), kids=[StringFileInfo([StringTable('040904B0', [{rows}])]), "
        "VarFileInfo([VarStruct('Translation', [1033, 1200])])])\n"
    )
