"""Breaking a connection whose answer does not come on.

Belongs here: the clock beside one request. Does not: what happens after (http).

A socket's own timeout starts anew with every byte, so a server that drips one byte a minute holds a client
for ever, in the middle of a header or of a TLS handshake too. So a thread of its own shuts the line when a
portion of the answer has not come in its time.
"""

import contextlib
import socket
import threading
import time
from typing import Self


class Watchdog:
    """The clock beside one request; a context manager.

    Args:
        first_seconds: time for everything until the first byte of the body: connecting, TLS, headers.
        portion_seconds: time for each further portion, and for the last, smaller one.
        portion_bytes: how much a portion is.
    """

    def __init__(self, *, first_seconds: float, portion_seconds: float, portion_bytes: int) -> None:
        self._portion_seconds = portion_seconds
        self._portion_bytes = portion_bytes
        self._in_portion = 0
        self._deadline = time.monotonic() + first_seconds
        self._line: socket.socket | None = None
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="alp-watchdog", daemon=True)
        self.has_barked = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def guard(self, line: socket.socket) -> None:
        """Shut this line when time is up: a duplicate of the connection's socket, below any TLS."""
        with self._lock:
            self._line = line
            if self.has_barked:
                self._shut()

    def body_begins(self) -> None:
        """Headers are there; from now on portions count."""
        self._deadline = time.monotonic() + self._portion_seconds

    def arrived(self, size: int) -> None:
        """So many bytes of the body came."""
        self._in_portion += size
        if self._in_portion >= self._portion_bytes:
            self._in_portion = 0
            self._deadline = time.monotonic() + self._portion_seconds

    def _watch(self) -> None:
        while not self._done.wait(max(0.0, self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline:
                with self._lock:
                    self.has_barked = True
                    self._shut()
                return

    def _shut(self) -> None:
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
