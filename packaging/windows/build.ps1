# One command builds the folder and the installer on Windows 10 or 11, with Python 3.11 or newer and NSIS 3 (makensis):
#   powershell -ExecutionPolicy Bypass -File packaging\windows\build.ps1
# For CUDA name an interpreter whose environment has the program, PyInstaller and the torch that fits the driver:
#   ... build.ps1 -Python path\to\python.exe
param([string]$Python = "")
$ErrorActionPreference = "Stop"
Set-Location (Join-Path $PSScriptRoot "..\..")

function Invoke-Checked { & $args[0] $args[1..($args.Length - 1)]; if ($LASTEXITCODE -ne 0) { throw "$($args[0]) failed" } }

if ($Python -eq "") {
    $Python = "build\environment\Scripts\python.exe"
    if (-not (Test-Path $Python)) { Invoke-Checked py -3 -m venv build\environment }
    Invoke-Checked $Python -m pip install --quiet --constraint packaging\constraints.txt pyinstaller ".[gui,onnx]"
}
Invoke-Checked $Python packaging\icons.py build\icons
Invoke-Checked $Python -m PyInstaller --noconfirm --log-level WARN --distpath build\folder --workpath build\pyinstaller packaging\asl_inspector.spec
$version = & $Python -c "import sys; sys.path.insert(0, 'packaging'); from project import version_of; print(version_of())"
$here = (Get-Location).Path
Invoke-Checked makensis "-DVERSION=$version" "-DFOLDER=$here\build\folder\asl-inspector" "-DICON=$here\build\icons\asl-inspector.ico" "-DOUT=$here\build\asl-inspector-$version-setup.exe" packaging\windows\asl-inspector.nsi
# A signed installer does not meet SmartScreen's warning. With a certificate in the user's store:
#   signtool sign /fd SHA256 /tr http://timestamp.digicert.com /td SHA256 /a build\asl-inspector-$version-setup.exe
# (sign build\folder\asl-inspector\*.exe before makensis in the same way)
