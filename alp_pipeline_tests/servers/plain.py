"""A web server with files, over real sockets.

Belongs here: files and their headers. Does not: what the tests expect.
"""

from collections.abc import Mapping

from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request


class PlainServer(LoopbackServer):
    """Serves files.

    Attributes, to be changed by tests:
        files: path → content.
        headers: path → headers, e.g. ETag and Last-Modified.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__()
        self.files = dict(files)
        self.headers: dict[str, dict[str, str]] = {}

    def answer(self, request: Request) -> Reply:
        if request.path not in self.files:
            return Reply(404, b"<html><title>Not found</title></html>", {"Content-Type": "text/html"})
        body = b"" if request.method == "HEAD" else self.files[request.path]
        return Reply(200, body, self.headers.get(request.path, {}))

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]
