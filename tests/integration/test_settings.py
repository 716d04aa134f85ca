"""What a provider needs is read from the variables that its client names, of the environment and of .env."""

from pathlib import Path

import pytest

from resources.settings import Settings, credential_variables, load_settings


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with an empty .env, and none of a vendor's variables set."""
    (tmp_path / "workspace.yaml").write_text("", encoding="utf-8")
    (tmp_path / ".env").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for provider in ("snov", "serpapi", "hunter"):
        for name in (*credential_variables(provider), f"{provider.upper()}_BASE_URL"):
            monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_a_providers_variables_are_those_its_client_names() -> None:
    assert credential_variables("serpapi") == ("SERPAPI_API_KEY",)
    assert credential_variables("snov") == ("SNOV_CLIENT_ID", "SNOV_CLIENT_SECRET")


def test_what_is_set_is_a_secret_and_what_is_not_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".env").write_text("SNOV_CLIENT_ID=an-id-nobody-may-see\n", encoding="utf-8")
    monkeypatch.setenv("SERPAPI_API_KEY", "a-key-nobody-may-see")
    settings = load_settings()
    assert settings.missing("snov") == ("SNOV_CLIENT_SECRET",)
    assert settings.missing("serpapi") == ()
    assert settings.credentials("serpapi")["SERPAPI_API_KEY"].get_secret_value() == "a-key-nobody-may-see"
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.credentials('snov')}"
    assert "nobody-may-see" not in shown


def test_the_environment_wins_over_the_file_and_an_empty_variable_is_unset(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".env").write_text(
        "SERPAPI_API_KEY=of-the-file\nSERPAPI_BASE_URL=http://file.example\nSNOV_CLIENT_ID=\n", encoding="utf-8"
    )
    monkeypatch.setenv("SERPAPI_API_KEY", "of-the-environment")
    monkeypatch.setenv("SERPAPI_BASE_URL", "")
    settings = load_settings()
    assert settings.credentials("serpapi")["SERPAPI_API_KEY"].get_secret_value() == "of-the-environment"
    assert settings.base_url("serpapi") == "http://file.example"
    assert "SNOV_CLIENT_ID" in settings.missing("snov")


def test_a_provider_without_a_client_yet_has_a_key_and_a_base_url(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUNTER_API_KEY", "a-key")
    assert load_settings().missing("hunter") == ()
    assert Settings().base_url("hunter") is None


def test_the_url_of_the_store_counts_for_the_live_store_alone(tmp_path: Path) -> None:
    url = "postgresql://user@host/name"
    live = Settings(enrich_home=tmp_path, enrich_store_url=url, enrich_world="live")
    sandbox = Settings(enrich_home=tmp_path, enrich_store_url=url, enrich_world="sandbox")
    assert (live.store_url, sandbox.store_url) == (url, f"sqlite:///{tmp_path}/sandbox/store.sqlite")
