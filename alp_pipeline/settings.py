"""Environment and `alp.toml` → one typed, frozen object, read once at the edge.

Belongs here: every setting that exists, its default, the folders that follow from it. Does not: reading
the environment anywhere else. Precedence: environment (`ALP_…`) over `alp.toml` in the working folder
(or the file that `ALP_CONFIG` names) over the defaults. Secrets come only by environment.
"""

import os
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSetting

from alp_pipeline.errors import AlpError


class SettingsError(AlpError):
    """A setting has a name or a value that cannot be used."""


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _existing(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"{path} is no folder")
    return path


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name} is no time zone") from error
    return name


def _postgres_url(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("a warehouse is postgresql://user:password@host/database")
    return url


_SECRETS = {"warehouse_url", "source_credentials"}
Folder = Annotated[Path, AfterValidator(_absolute)]


class Settings(BaseSettings):
    """Where things are and how much may be used. All folders hang below `data_dir`.

    >>> Settings(data_dir="/srv/alp").warehouse_file.as_posix()
    '/srv/alp/warehouse/alp.duckdb'
    """

    model_config = SettingsConfigDict(env_prefix="ALP_", frozen=True, extra="forbid", validate_default=True)

    data_dir: Folder = Path("data")
    """Root of all that running makes."""
    catalog_dir: Annotated[Folder, AfterValidator(_existing)] | None = None
    """A site's own catalogue entries; `<data_dir>/catalog` when unset."""
    warehouse_url: Annotated[SecretStr, AfterValidator(_postgres_url)] | None = None
    """PostgreSQL to publish to besides DuckDB: `postgresql://user:password@host/database`."""
    allowed_hosts: tuple[str, ...] = ()
    """`host` or `host:port` that may be asked besides the catalogue's hosts, whatever their address, without
    TLS too: loopback servers of tests, mirrors inside the house."""
    sources: tuple[str, ...] = ()
    """Ids of the sources that a refresh asks; all of the catalogue when empty."""
    source_urls: dict[str, str] = Field(default_factory=dict)
    """Source id → base URL in the place of the catalogue's: a mirror."""
    source_credentials: Annotated[dict[str, SecretStr], Field(repr=False)] = Field(default_factory=dict)
    """Source id → token, or `user:password`. By environment only."""
    contact: str = "https://github.com/s3-4alpclusters/alp_pipeline"
    """Stands in the User-Agent, so that a service can reach whoever runs this."""
    poll_minutes: float = Field(default=10, ge=0)
    """How long an answer about what is new is good for within a refresh."""
    fetch_retries: int = Field(default=2, ge=0, le=10)
    """How often a run tries a fetch again that failed for a passing reason."""
    fetch_retry_seconds: float = Field(default=30, ge=0)
    """Before the first of these tries; each later one waits twice as long."""
    threads: int = Field(default=2, ge=1, le=256)
    """Threads of the bulk engines; results do not depend on it."""
    memory_limit_mb: int = Field(default=2048, ge=256)
    """DuckDB's memory limit per step; above it DuckDB spills to disk."""
    keep_releases: int = Field(default=5, ge=1)
    """How many releases stay on disk besides issued ones."""
    schedule_cron: str = Field(default="30 11,23 * * *", pattern=r"^\s*([0-9*,/-]+\s+){2}(\S+\s+){2}\S+\s*$")
    """When the scheduled refresh runs; half an hour after Eurostat's two daily updates."""
    schedule_timezone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Brussels"
    ui_port: int = Field(default=3000, ge=1, le=65535)

    @property
    def archive_dir(self) -> Path:
        return self.data_dir / "archive"

    @property
    def sources_dir(self) -> Path:
        """What the sources said last, and downloads under way."""
        return self.data_dir / "sources"

    @property
    def polls_dir(self) -> Path:
        return self.sources_dir / "polls"

    @property
    def build_dir(self) -> Path:
        return self.data_dir / "build"

    @property
    def warehouse_dir(self) -> Path:
        return self.data_dir / "warehouse"

    @property
    def warehouse_file(self) -> Path:
        """The symlink to the current release's DuckDB file."""
        return self.warehouse_dir / "alp.duckdb"

    @property
    def reports_dir(self) -> Path:
        return self.data_dir / "reports"

    @property
    def dagster_home(self) -> Path:
        return self.data_dir / "dagster"

    @property
    def site_catalog_dir(self) -> Path:
        return self.catalog_dir or self.data_dir / "catalog"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, Path(os.environ.get("ALP_CONFIG", "alp.toml")))
        for name in _SECRETS & set(file.toml_data):
            raise SettingsError(
                f"{name} stands in the file, and it holds a password",
                where="alp.toml",
                todo=f"Secrets come only by environment: ALP_{name.upper()}.",
            )
        return (init_settings, env_settings, file)


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a value that cannot be used, naming the setting and the reason.
    """
    try:
        return Settings(**overrides)
    except TOMLDecodeError as error:
        raise SettingsError(str(error), where="alp.toml", todo="Correct that line.") from error
    except UnreadableSetting as error:
        raise SettingsError(
            f"{error} ({error.__cause__ or 'not readable'})",
            where="settings",
            todo='Lists and objects are written as JSON: \'["a", "b"]\', \'{"a": "b"}\'.',
        ) from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
        raise SettingsError(
            problems, where="settings", todo="Correct the ALP_… variable or the line in alp.toml."
        ) from error
