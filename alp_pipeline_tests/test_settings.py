"""Settings: environment over file over defaults, refused by name."""

from pathlib import Path

import pytest

from alp_pipeline.settings import SettingsError, load_settings
from alp_pipeline.workspace import Workspace


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "alp.toml").write_text('threads = 3\nschedule_timezone = "Europe/Zurich"\n')
    monkeypatch.setenv("ALP_CONFIG", str(tmp_path / "alp.toml"))
    monkeypatch.setenv("ALP_THREADS", "5")
    settings = load_settings()
    assert (settings.threads, settings.schedule_timezone) == (5, "Europe/Zurich")


def test_a_wrong_value_is_refused_with_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALP_THREADS", "many")
    with pytest.raises(SettingsError, match="threads"):
        load_settings()


def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "alp.toml").write_text("thread = 3\n")
    monkeypatch.setenv("ALP_CONFIG", str(tmp_path / "alp.toml"))
    with pytest.raises(SettingsError, match="thread:"):
        load_settings()


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALP_WAREHOUSE_URL", "postgresql://alp:secret@localhost/alp")
    assert "secret" not in repr(load_settings())


def test_a_list_that_is_no_json_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALP_ALLOWED_HOSTS", "[127")
    with pytest.raises(SettingsError, match="allowed_hosts"):
        load_settings()


def test_a_source_that_the_catalogue_does_not_have_is_refused_by_name(tmp_path: Path) -> None:
    for setting in ({"sources": ("eurostatt",)}, {"source_urls": {"eurostatt": "https://x.org"}}):
        with pytest.raises(SettingsError, match="eurostatt"):
            _ = Workspace(load_settings(data_dir=tmp_path, **setting)).catalog
