"""From a source's catalogue entry to a connector that may speak to it.

Belongs here: which class speaks which family, the session's policy from catalogue and settings. Does not:
any protocol.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from alp_pipeline import __version__
from alp_pipeline.catalog.models import Catalog, DatasetEntry, SourceEntry
from alp_pipeline.settings import Settings, SettingsError
from alp_pipeline.sources.family import Connector
from alp_pipeline.sources.http import Policy, PoliteSession
from alp_pipeline.sources.rate import Rate

FAMILIES: Final[Mapping[str, tuple[str, str]]] = {
    "eurostat": ("alp_pipeline.sources.eurostat.connector", "EurostatConnector"),
    "socrata": ("alp_pipeline.sources.socrata", "SocrataConnector"),
    "ckan": ("alp_pipeline.sources.ckan", "CkanConnector"),
    "opendatasoft": ("alp_pipeline.sources.opendatasoft", "OpendatasoftConnector"),
    "pxweb": ("alp_pipeline.sources.pxweb", "PxWebConnector"),
    "udata": ("alp_pipeline.sources.udata", "UdataConnector"),
    "sdmx": ("alp_pipeline.sources.sdmx", "SdmxConnector"),
    "genesis": ("alp_pipeline.sources.genesis", "GenesisConnector"),
    "plain": ("alp_pipeline.sources.plain", "PlainConnector"),
}
"""Family → (module, class); a module is imported when a source of its family is asked."""


def base_url(source: SourceEntry, settings: Settings) -> str:
    """The mirror that the settings name, else the catalogue's."""
    return (settings.source_urls.get(source.id) or source.base_url or "").rstrip("/")


def host_of(source: SourceEntry, settings: Settings) -> str:
    """The host that is asked for this source: what its pool in Dagster is named after."""
    return urlsplit(base_url(source, settings)).hostname or source.id


def refuse_unknown_sources(catalog: Catalog, settings: Settings) -> None:
    """Refuse settings that name a source which the catalogue does not have.

    Raises: SettingsError.
    """
    named = {
        "sources": settings.sources,
        "source_urls": settings.source_urls,
        "source_credentials": settings.source_credentials,
    }
    for setting, ids in named.items():
        unknown = sorted(set(ids) - set(catalog.sources))
        if unknown:
            raise SettingsError(
                f"names {', '.join(unknown)}, which is no source of the catalogue",
                where=f"settings: {setting}",
                todo=f"The sources are {', '.join(sorted(catalog.sources))}.",
            )


def why_not_asked(dataset: DatasetEntry, catalog: Catalog, settings: Settings) -> str | None:
    """Why a refresh does not fetch a dataset, or None where it does.

    >>> from alp_pipeline.catalog.loader import load_catalog
    >>> catalog = load_catalog()
    >>> gdp, settings = catalog.datasets["eurostat.nama_10r_2gdp"], Settings(sources=("bfs",))
    >>> why_not_asked(gdp, catalog, settings)
    'the setting sources leaves eurostat out'
    """
    source = catalog.sources[dataset.source]
    if dataset.access.family == "import":
        return "its documents are imported"
    if not dataset.verified:
        return "to verify: alp sources verify"
    if settings.sources and source.id not in settings.sources:
        return f"the setting sources leaves {source.id} out"
    if source.needs_account and source.id not in settings.source_credentials:
        return f"{source.id} needs an account: ALP_SOURCE_CREDENTIALS"
    return None


def policy(catalog: Catalog, settings: Settings) -> Policy:
    """What the session keeps to: the catalogue's hosts and rates, the settings' exceptions."""
    sources = list(catalog.sources.values())
    rates: dict[str, Rate] = {}
    for source in sources:
        rate = (source.politeness.requests, source.politeness.per_seconds)
        for host in source.all_hosts:
            # Two sources on one host: the slower pace holds.
            rates[host] = max(rates.get(host, rate), rate, key=lambda r: r[1] / r[0])
    return Policy(
        user_agent=f"alp_pipeline/{__version__} (+{settings.contact})",
        hosts=frozenset(host for source in sources for host in source.all_hosts),
        allowed_hosts=frozenset(settings.allowed_hosts),
        rates=rates,
    )


def connector(source: SourceEntry, settings: Settings, session: PoliteSession, folder: Path) -> Connector:
    """The connector of a source."""
    module, name = FAMILIES[source.family]
    kind: type[Connector] = getattr(import_module(module), name)
    secret = settings.source_credentials.get(source.id)
    return kind(
        source,
        base_url=base_url(source, settings),
        http=session,
        folder=folder,
        credential=secret.get_secret_value() if secret else None,
    )
