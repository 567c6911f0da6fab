"""A udata portal of one dataset whose files it hosts, over real sockets.

Belongs here: the dataset's record, permanent links that redirect, deleted datasets. Does not: what the tests
expect.
"""

import hashlib
from typing import Any

from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request

DATASET, RESOURCE = "53699934a3a729239d2051a1", "c0ffee00-1234"


class UdataServer(LoopbackServer):
    """Serves `content` as the only file of a dataset, behind a permanent link.

    Attributes, to be changed by tests:
        resource: what the record says of the file, over what is true.
        about: what it says of the dataset.
        is_deleted: answers 410 for the dataset.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content
        self.resource: dict[str, Any] = {}
        self.about: dict[str, Any] = {"title": "Établissements et salariés par commune"}
        self.is_deleted = False

    def answer(self, request: Request) -> Reply:
        if request.path == f"/api/1/datasets/{DATASET}/":
            if self.is_deleted:
                return Reply.json({"message": "Dataset has been deleted"}, 410)
            return Reply.json({"id": DATASET, "resources": [self._recorded()], **self.about})
        if request.path == f"/fr/datasets/r/{RESOURCE}":
            return Reply(302, b"", {"Location": f"{self.url}/resources/salaries.csv"})
        if request.path == "/resources/salaries.csv":
            return Reply(200, self.content, {"Content-Type": "text/csv"})
        return Reply.json({"message": "The requested URL was not found"}, 404)

    def _recorded(self) -> dict[str, Any]:
        true = {
            "id": RESOURCE,
            "url": f"{self.url}/resources/salaries.csv",
            "latest": f"{self.url}/fr/datasets/r/{RESOURCE}",
            "last_modified": "2026-05-13T09:00:00.123000+00:00",
            "checksum": {"type": "sha1", "value": hashlib.sha1(self.content).hexdigest()},  # noqa: S324
            "filesize": len(self.content),
            "filetype": "file",
            "format": "csv",
        }
        return true | self.resource
