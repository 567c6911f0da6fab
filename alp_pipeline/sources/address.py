"""Whom we may ask: the hosts of the catalogue over TLS, what the settings allow besides, and nothing else.

Belongs here: judging a URL and the addresses its host has, how a URL is shown without its secrets. Does not:
connecting (connection), redirects (http).
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from alp_pipeline.sources.errors import AddressRefused

DEFAULT_PORTS = {"https": 443, "http": 80}
_NAT64 = IPv6Network("64:ff9b::/96")
_SECRET_NAME = re.compile(
    r"key$|token|secret|passw|pwd|credential|signature|^sig$|^auth|^user(name)?$|^pass$", re.IGNORECASE
)
# Parsers disagree about these; a URL that holds one may name another host to each of them.
_IMPOSSIBLE = re.compile(r"[\x00-\x20\\\x7f]")


@dataclass(frozen=True)
class Target:
    """The end of one request: scheme, host in lower case without a final dot, port."""

    scheme: str
    host: str
    port: int

    @property
    def key(self) -> str:
        """`host`, with the port where it is not the scheme's own: what rates and locks go by.

        >>> Target("https", "ec.europa.eu", 443).key, Target("http", "127.0.0.1", 8080).key
        ('ec.europa.eu', '127.0.0.1:8080')
        """
        bare = f"[{self.host}]" if ":" in self.host else self.host
        return bare if DEFAULT_PORTS[self.scheme] == self.port else f"{bare}:{self.port}"


class AddressRule:
    """What may be asked.

    Args:
        hosts: `host` (port 443) or `host:port`, over https only, and never at an address that is not public.
        allowed_hosts: `host` (any port) or `host:port`, http too, whatever the address.

    >>> rule = AddressRule({"ec.europa.eu"}, {"127.0.0.1:8080"})
    >>> rule.target("https://EC.europa.eu./eurostat/api").host
    'ec.europa.eu'
    >>> rule.target("http://ec.europa.eu/")
    Traceback (most recent call last):
    ...
    alp_pipeline.sources.errors.AddressRefused: AddressRefused: http://ec.europa.eu/: hosts of the ...
    """

    def __init__(self, hosts: Iterable[str], allowed_hosts: Iterable[str] = ()) -> None:
        self._hosts = {_entry(host, default_port=443) for host in hosts}
        self._allowed = {_entry(host, default_port=None) for host in allowed_hosts}

    def target(self, url: str) -> Target:
        """The target of a URL.

        Raises:
            AddressRefused: no http(s) URL, one with a user in it, a host that is not listed, http where only
                https is, or an address written out that may not be asked.
        """
        where = shown(url)
        parts = _split(url)
        if parts is None or parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise AddressRefused("this is no http or https URL", where=where, todo="Correct the URL.")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused(
                "the URL carries a user or a password",
                where=where,
                todo="Take them out; credentials come by ALP_SOURCE_CREDENTIALS.",
            )
        host = _plain(parts.hostname)
        target = Target(parts.scheme, host, DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port)
        if self.is_free(host, target.port):
            return target
        if all(host != listed for listed, _ in self._hosts):
            raise AddressRefused(
                f"{target.key} is no host of the catalogue",
                where=where,
                todo="Correct the URL, name the host in the source's entry, or allow it by allowed_hosts.",
            )
        if parts.scheme != "https" or (host, target.port) not in self._hosts:
            raise AddressRefused(
                "hosts of the catalogue are asked over https and at the port that it names only",
                where=where,
                todo="Correct the URL, or allow the host by the setting allowed_hosts.",
            )
        _refuse_written_address(host, where)
        return target

    def is_free(self, host: str, port: int) -> bool:
        """Whether the settings allow this host and port whatever its address."""
        host = _plain(host)
        return (host, None) in self._allowed or (host, port) in self._allowed

    def addresses(self, host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
        """The socket addresses of a host, judged. Whoever connects uses these and resolves no second time.

        Raises:
            AddressRefused: one of them is not public and the host is not free.
            socket.gaierror: the name is not known.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if not self.is_free(host, port):
            for *_, address in found:
                refuse_unless_public(str(address[0]), host=host)
        return [(family, address) for family, _, _, _, address in found]


def refuse_unless_public(address: str, *, host: str) -> None:
    """Raise `AddressRefused` for an address that no public service has: loopback, private, link-local …

    IPv4 inside IPv6 (mapped, NAT64) is judged as the IPv4 address that it stands for; the old tunnels (6to4,
    Teredo) lead no public service.

    >>> refuse_unless_public("147.67.34.30", host="ec.europa.eu")
    >>> refuse_unless_public("::ffff:127.0.0.1", host="ec.europa.eu")
    Traceback (most recent call last):
    ...
    alp_pipeline.sources.errors.AddressRefused: AddressRefused: ec.europa.eu: its address ::ffff:127.0.0.1 ...
    """
    if not _is_public(ip_address(address.partition("%")[0])):
        raise AddressRefused(
            f"its address {address} is not public",
            where=host,
            todo="Look at the name server; a mirror in the house is allowed by the setting allowed_hosts.",
        )


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if address in _NAT64:
            return _is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address.is_site_local or address.sixtofour is not None or address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _refuse_written_address(host: str, where: str) -> None:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return
    refuse_unless_public(host, host=where)


def is_loopback(host: str) -> bool:
    """Whether a host as written is this machine itself; no proxy stands between.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("ec.europa.eu")
    (True, True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def shown(url: str) -> str:
    """A URL as it may be shown and kept: without user and fragment, secrets in the query as `***`.

    >>> shown("https://me:pw@x.eu/api?geo=AT&app_token=abc#top")
    'https://x.eu/api?geo=AT&app_token=***'
    """
    parts = _split(url)
    if parts is None:
        return "a URL that cannot be read"
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    place = host if parts.port is None else f"{host}:{parts.port}"
    return urlunsplit((parts.scheme, place, parts.path, _shown_query(parts.query), ""))


def _shown_query(query: str) -> str:
    def one(pair: str) -> str:
        name, equals, value = pair.partition("=")
        return f"{name}=***" if value and is_secret(_decoded(name)) else f"{name}{equals}{value}"

    return "&".join(one(pair) for pair in query.split("&"))


def _decoded(name: str) -> str:
    pairs = parse_qsl(f"{name}=x")
    return pairs[0][0] if pairs else name


def is_secret(name: str) -> bool:
    """Whether a parameter of this name holds a secret.

    >>> is_secret("app_token"), is_secret("X-Amz-Signature"), is_secret("geo")
    (True, True, False)
    """
    return _SECRET_NAME.search(name) is not None


def _split(url: str) -> SplitResult | None:
    if _IMPOSSIBLE.search(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return parts._replace(scheme=parts.scheme.lower())


def _entry(text: str, *, default_port: int | None) -> tuple[str, int | None]:
    """`host`, `host:port`, `[2001:db8::1]:port` → host and port."""
    host, colon, port = text.strip().rpartition(":")
    if colon and port.isdecimal() and (":" not in host or host.endswith("]")):
        return _plain(host), int(port)
    return _plain(text.strip()), default_port


def _plain(host: str) -> str:
    return host.lower().strip("[]").removesuffix(".")
