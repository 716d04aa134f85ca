"""Settings from the environment and .env: where things are, which world, and the keys of the vendors.

environment, .env beside workspace.yaml  ->  Settings: home, config, store URL, strategy, credentials, base URLs
"""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

World = Literal["live", "sandbox"]
_HERE = Path(__file__).resolve().parents[1]
_MARK = "workspace.yaml"


class SettingsError(ValueError):
    """The settings cannot be used; one sentence that says which variable to change."""


def project_folder(start: Path | None = None) -> Path | None:
    """The folder with workspace.yaml, looked for upwards; None: there is none above."""
    folder = (start or Path.cwd()).resolve()
    return next((f for f in (folder, *folder.parents) if (f / _MARK).is_file()), None)


def _default_home() -> Path:
    project = project_folder()
    return project / ".enrich" if project else Path.home() / ".local" / "share" / "enrich"


def _default_config() -> Path:
    return (project_folder() or _HERE) / "config"


class Settings(BaseSettings):
    """Empty variables count as unset. Secrets are SecretStr: they never print."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    enrich_home: Path = Field(default_factory=_default_home)
    enrich_config: Path = Field(default_factory=_default_config)
    enrich_store_url: str | None = None
    enrich_strategy: str | None = None
    enrich_world: World = "live"

    serpapi_api_key: SecretStr | None = None
    google_kg_api_key: SecretStr | None = None
    snov_client_id: SecretStr | None = None
    snov_client_secret: SecretStr | None = None
    apollo_api_key: SecretStr | None = None
    brightdata_api_key: SecretStr | None = None
    openai_api_key: SecretStr | None = None

    serpapi_base_url: str | None = None
    google_kg_base_url: str | None = None
    snov_base_url: str | None = None
    apollo_base_url: str | None = None
    brightdata_base_url: str | None = None
    openai_base_url: str | None = None

    @property
    def sandbox(self) -> bool:
        return self.enrich_world == "sandbox"

    @cached_property
    def home(self) -> Path:
        """Where store, warehouse and books of this world live."""
        return self.enrich_home / "sandbox" if self.sandbox else self.enrich_home

    @property
    def store_url(self) -> str:
        if self.enrich_store_url and not self.sandbox:
            return self.enrich_store_url
        return f"sqlite:///{self.home / 'store.sqlite'}"

    @property
    def warehouse_path(self) -> Path:
        return self.home / "enrichment.duckdb"

    def credentials(self, provider: str) -> dict[str, SecretStr]:
        """The provider's secrets that are set, by the name of their variable."""
        names = [f"{provider}_client_id", f"{provider}_client_secret", f"{provider}_api_key"]
        values = {name: getattr(self, name, None) for name in names}
        return {name.upper(): value for name, value in values.items() if value is not None}

    def missing(self, provider: str) -> tuple[str, ...]:
        """The variables that would have to be set to ask this provider."""
        wanted = (f"{provider}_client_id", f"{provider}_client_secret", f"{provider}_api_key")
        known = [name for name in wanted if name in type(self).model_fields]
        return tuple(name.upper() for name in known if getattr(self, name) is None)

    def base_url(self, provider: str) -> str | None:
        """Where this provider answers, if it is set otherwise than in the rules."""
        value: str | None = getattr(self, f"{provider}_base_url", None)
        return value


def load_settings(*, sandbox: bool | None = None) -> Settings:
    """From the environment and .env. sandbox: overrides ENRICH_WORLD. Raises SettingsError."""
    project = project_folder()
    env_file = project / ".env" if project else None
    changes = {} if sandbox is None else {"enrich_world": "sandbox" if sandbox else "live"}
    try:
        return Settings(_env_file=env_file, **changes)  # type: ignore[arg-type]  # built by name
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(step) for step in first["loc"]).upper()
        raise SettingsError(f"{name} cannot be used ({first['msg']}); change it in the environment or .env.") from None
