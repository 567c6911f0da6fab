"""Environment and `alp.toml` → one typed, frozen object, read once at the edge.

Belongs here: every setting that exists, its default, the folders that follow from it. Does not: reading
the environment anywhere else. Precedence: environment (`ALP_…`) over `alp.toml` in the working folder
(or the file that `ALP_CONFIG` names) over the defaults. Secrets come only by environment.
"""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from alp_pipeline.errors import AlpError


class SettingsError(AlpError):
    """A setting has a name or a value that cannot be used."""


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


Folder = Annotated[Path, AfterValidator(_absolute)]


class Settings(BaseSettings):
    """Where things are and how much may be used. All folders hang below `data_dir`.

    >>> Settings(data_dir="/srv/alp").warehouse_file.as_posix()
    '/srv/alp/warehouse/alp.duckdb'
    """

    model_config = SettingsConfigDict(env_prefix="ALP_", frozen=True, extra="forbid", validate_default=True)

    data_dir: Folder = Path("data")
    """Root of all that running makes."""
    catalog_dir: Folder | None = None
    """A site's own catalogue entries; `<data_dir>/catalog` when unset."""
    warehouse_url: SecretStr | None = None
    """PostgreSQL to publish to besides DuckDB: `postgresql://user:password@host/database`."""
    threads: int = Field(default=2, ge=1, le=256)
    """Threads of the bulk engines; results do not depend on it."""
    memory_limit_mb: int = Field(default=2048, ge=256)
    """DuckDB's memory limit per step; above it DuckDB spills to disk."""
    keep_releases: int = Field(default=5, ge=1)
    """How many releases stay on disk besides issued ones."""
    schedule_cron: str = "30 11,23 * * *"
    """When the scheduled refresh runs; half an hour after Eurostat's two daily updates."""
    schedule_timezone: str = "Europe/Brussels"
    ui_port: int = Field(default=3000, ge=1, le=65535)

    @property
    def archive_dir(self) -> Path:
        return self.data_dir / "archive"

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
        toml = Path(os.environ.get("ALP_CONFIG", "alp.toml"))
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml))


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a value that cannot be used, naming the setting and the reason.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
        raise SettingsError(
            problems, where="settings", todo="Correct the ALP_… variable or the line in alp.toml."
        ) from error
