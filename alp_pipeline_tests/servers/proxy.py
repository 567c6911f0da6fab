"""A real HTTP proxy (proxy.py) as a process of its own.

Belongs here: starting and stopping it, its log. Does not: what it does with names (proxy_plugin).
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Self

_PATIENCE_SECONDS = 30
_ROOT = Path(__file__).resolve().parents[2]


class RealProxy:
    """A proxy on 127.0.0.1; a context manager. `url` is what HTTPS_PROXY takes.

    Args:
        folder: for its log and its port.
        login: `user:password` that it asks for.
    """

    def __init__(self, folder: Path, *, login: str = "") -> None:
        self._folder = folder
        self._login = login
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{self._login + '@' if self._login else ''}127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it did so far, a line for each connection."""
        return (self._folder / "proxy.log").read_text(encoding="utf-8")

    def __enter__(self) -> Self:
        port_file = self._folder / "proxy.port"
        command = [sys.executable, "-m", "proxy", "--hostname", "127.0.0.1", "--port", "0"]
        command += ["--num-workers", "1", "--num-acceptors", "1", "--local-executor", "1"]
        command += ["--port-file", str(port_file), "--log-file", str(self._folder / "proxy.log")]
        command += ["--plugins", "alp_pipeline_tests.servers.proxy_plugin.LeadsHere"]
        command += ["--basic-auth", self._login] if self._login else []
        self._process = subprocess.Popen(command, cwd=_ROOT)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (port_file.is_file() and port_file.read_text().strip()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                raise RuntimeError("the proxy did not start")
            time.sleep(0.02)
        self.port = int(port_file.read_text().split()[0])
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
