"""What the real proxy of the tests does besides: every name leads to this machine, one name is forbidden.

Loaded by the proxy's own process (`python -m proxy --plugins …`).
"""

from proxy.http.exception import HttpRequestRejected
from proxy.http.parser import HttpParser
from proxy.http.proxy import HttpProxyBasePlugin

FORBIDDEN = "forbidden.example"
BROKEN = "broken.example"


class LeadsHere(HttpProxyBasePlugin):
    """A name server for names that no other name server knows."""

    def resolve_dns(self, host: str, port: int) -> tuple[str | None, tuple[str, int] | None]:
        return "127.0.0.1", None

    def before_upstream_connection(self, request: HttpParser) -> HttpParser | None:
        if request.host == FORBIDDEN.encode():
            raise HttpRequestRejected(status_code=403, reason=b"Forbidden")
        if request.host == BROKEN.encode():
            raise HttpRequestRejected(status_code=502, reason=b"Bad Gateway")
        return request
