"""One window for all files: a second start hands its files to the window that is there, and ends.

The two speak over a local socket that only the same user can open. What comes is a list of paths, bounded, and is treated
as a drop.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from asl_inspector.gui.life.windows import socket_name

MS_TO_CONNECT = 300
MS_TO_HEAR = 3_000  # the window may be busy building its panels
LONGEST = 1 << 20  # bytes of a message
MOST_PATHS = 10_000
TAKEN = b"taken\n"


def hand_over(paths: Sequence[Path], name: str = "") -> bool:
    """Hand the files to the window that is there; False where there is none, or it does not answer."""
    socket = QLocalSocket()
    socket.connectToServer(name or socket_name())
    if not socket.waitForConnected(MS_TO_CONNECT):
        return False
    socket.write(json.dumps([str(path.absolute()) for path in paths]).encode() + b"\n")
    socket.flush()
    while not socket.canReadLine():
        if not socket.waitForReadyRead(MS_TO_HEAR):
            return False
    return bytes(socket.readLine().data()) == TAKEN


class Listener(QObject):
    """The end of the window that is there.

    Args:
        parent: Owns it.
        name: The socket; empty for the user's own.
    """

    arrived = Signal(list)  # of paths

    def __init__(self, parent: QObject | None = None, name: str = "") -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)
        name = name or socket_name()
        if not self._server.listen(name):
            QLocalServer.removeServer(name)  # a window that crashed has left it behind: nobody answered there
            self._server.listen(name)

    @property
    def is_listening(self) -> bool:
        """False where the platform has no such sockets; then every start is a window of its own."""
        return self._server.isListening()

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    @Slot()
    def _on_connection(self) -> None:
        while (connection := self._server.nextPendingConnection()) is not None:
            connection.readyRead.connect(self._on_message)
            connection.disconnected.connect(connection.deleteLater)
            if connection.bytesAvailable():
                self._take(connection)

    @Slot()
    def _on_message(self) -> None:
        connection = self.sender()
        if isinstance(connection, QLocalSocket):
            self._take(connection)

    def _take(self, connection: QLocalSocket) -> None:
        if not connection.canReadLine():
            if connection.bytesAvailable() > LONGEST:
                connection.abort()
            return
        paths = paths_of(bytes(connection.readLine(LONGEST).data()))
        if paths is None:
            connection.abort()
            return
        connection.write(TAKEN)
        connection.flush()
        connection.disconnectFromServer()
        self.arrived.emit(paths)


def paths_of(message: bytes) -> list[Path] | None:
    """The absolute paths of a message, or None where it is none."""
    try:
        held = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(held, list) or len(held) > MOST_PATHS:
        return None
    if not all(isinstance(one, str) and "\0" not in one and Path(one).is_absolute() for one in held):
        return None
    return [Path(one) for one in held]
