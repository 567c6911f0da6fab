import pytest

from alp_pipeline.sources.address import AddressRule, Target, refuse_unless_public, shown
from alp_pipeline.sources.errors import AddressRefused

RULE = AddressRule({"ec.europa.eu", "data.example:8443"}, {"127.0.0.1:8080", "mirror.lan", "[::1]:9000"})


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://ec.europa.eu/eurostat", Target("https", "ec.europa.eu", 443)),
        ("HTTPS://EC.Europa.EU.:443/x", Target("https", "ec.europa.eu", 443)),
        ("https://data.example:8443/", Target("https", "data.example", 8443)),
        ("http://127.0.0.1:8080/a", Target("http", "127.0.0.1", 8080)),
        ("http://mirror.lan:81/", Target("http", "mirror.lan", 81)),
        ("http://[::1]:9000/", Target("http", "::1", 9000)),
    ],
)
def test_listed_hosts_are_asked(url: str, target: Target) -> None:
    assert RULE.target(url) == target


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://ec.europa.eu/x", "over https"),
        ("https://ec.europa.eu:8443/x", "at the port"),
        ("https://data.example/", "at the port"),
        ("https://ec.europa.eu.evil.example/", "no host of the catalogue"),
        ("https://evil.example/?x=ec.europa.eu", "no host of the catalogue"),
        ("https://evil.example#@ec.europa.eu/", "no host of the catalogue"),
        ("https://ec.europa.eu@evil.example/", "carries a user"),
        ("https://user:secret@ec.europa.eu/", "carries a user"),
        ("http://127.0.0.1:8081/", "no host of the catalogue"),
        ("http://127.1:8080/", "no host of the catalogue"),
        ("http://2130706433:8080/", "no host of the catalogue"),
        ("http://[::ffff:127.0.0.1]:8080/", "no host of the catalogue"),
        ("https://169.254.169.254/latest", "no host of the catalogue"),
        ("file:///etc/passwd", "no http or https URL"),
        ("ftp://ec.europa.eu/", "no http or https URL"),
        ("//ec.europa.eu/", "no http or https URL"),
        ("https://", "no http or https URL"),
        ("https://evil.example\\@ec.europa.eu/", "no http or https URL"),
        ("https://ec.europa.eu:99999/", "no http or https URL"),
        ("https://[ec.europa.eu/", "no http or https URL"),
    ],
)
def test_everything_else_is_refused_by_name(url: str, why: str) -> None:
    with pytest.raises(AddressRefused, match=why) as refused:
        RULE.target(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.3",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "2002:7f00:1::1",
        "2002:c0a8:101::1",
        "2001:0:7f00:1::1",
    ],
)
def test_an_address_inside_some_network_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match="is not public"):
        refuse_unless_public(address, host="ec.europa.eu")


@pytest.mark.parametrize(
    "address", ["147.67.34.30", "2a01:7080:14:100::666:30", "::ffff:147.67.34.30", "64:ff9b::9343:221e"]
)
def test_a_public_address_passes(address: str) -> None:
    refuse_unless_public(address, host="ec.europa.eu")


def test_a_catalogue_host_that_resolves_to_this_machine_is_refused() -> None:
    with pytest.raises(AddressRefused, match="is not public"):
        AddressRule({"localhost"}).addresses("localhost", 443)


def test_a_catalogue_host_written_as_a_private_address_is_refused_without_asking() -> None:
    with pytest.raises(AddressRefused, match=r"192\.168\.0\.7 is not public"):
        AddressRule({"192.168.0.7"}).target("https://192.168.0.7/")


def test_what_the_settings_allow_may_have_any_address() -> None:
    found = AddressRule(set(), {"localhost:80"}).addresses("localhost", 80)
    assert {address[0] for _, address in found} <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://x.eu/a?token=1&geo=AT&$$app_token=2", "https://x.eu/a?token=***&geo=AT&$$app_token=***"),
        ("https://x.eu/a?API%5FKEY=1&apikey=2&key=3", "https://x.eu/a?API%5FKEY=***&apikey=***&key=***"),
        ("https://x.eu/a?password=p&username=u", "https://x.eu/a?password=***&username=***"),
        ("https://s3.eu/f?X-Amz-Signature=1&X-Amz-Credential=2&X-Amz-Date=3",
         "https://s3.eu/f?X-Amz-Signature=***&X-Amz-Credential=***&X-Amz-Date=3"),
        ("https://me:pw@x.eu:8443/a#token=1", "https://x.eu:8443/a"),
        ("http://[::1]:80/a?keyword=wood", "http://[::1]:80/a?keyword=wood"),
        ("https://x.eu/\na", "a URL that cannot be read"),
    ],
)  # fmt: skip
def test_a_shown_url_holds_no_secret(url: str, seen: str) -> None:
    assert shown(url) == seen
