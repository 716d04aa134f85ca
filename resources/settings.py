"""Settings from the environment and .env: where things are, live or sandbox, and what the vendors' clients need.

environment, .env beside workspace.yaml  ->  Settings: home, config, store URL, strategy; credentials(), base_url()

A provider has <PROVIDER>_<CREDENTIAL> for each of its credentials, and <PROVIDER>_BASE_URL.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from resources.installation import Installation
from resources.providers import credential_names
from resources.providers.proxies import PROXY_VARIABLES, Proxies

_HERE = Path(__file__).resolve().parents[1]
_MARK = "workspace.yaml"


class SettingsError(ValueError):
    """The settings cannot be used; one sentence that states which variable to change."""


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
    enrich_sandbox_store_url: str | None = None
    enrich_strategy: str | None = None
    enrich_world: Installation = "live"
    enrich_sandbox_model: Literal["sandbox", "own"] = "sandbox"
    """Which language model a request in the sandbox asks: the sandbox's filler, or the endpoint of OPENAI_BASE_URL."""

    enrich_webhook_loopback: bool = False
    """Webhooks may be sent to this machine, also without TLS: for trying things out."""

    all_variables: Mapping[str, SecretStr] = Field(default_factory=dict, repr=False, exclude=True)
    """Every variable set in the environment or .env, by its name in lower case: those of the vendors are among them."""

    @property
    def sandbox(self) -> bool:
        return self.enrich_world == "sandbox"

    @cached_property
    def home(self) -> Path:
        """The folder of store, warehouse and policies: of its own in the sandbox."""
        return self.enrich_home / "sandbox" if self.sandbox else self.enrich_home

    @property
    def store_url(self) -> str:
        """ENRICH_STORE_URL counts for the live store alone: what the sandbox invents never gets into a shared one."""
        url = self.enrich_sandbox_store_url if self.sandbox else self.enrich_store_url
        if url:
            return url
        return f"sqlite:///{self.home / 'store.sqlite'}"

    @property
    def warehouse_path(self) -> Path:
        return self.home / "enrichment.duckdb"

    def credentials(self, provider: str) -> dict[str, SecretStr]:
        """The provider's secrets that are set, by the name of their variable."""
        names = _credentials_of(provider)
        return {name.upper(): self.all_variables[name] for name in names if name in self.all_variables}

    def missing(self, provider: str) -> tuple[str, ...]:
        """The variables that would have to be set to ask this provider."""
        return tuple(name.upper() for name in _credentials_of(provider) if name not in self.all_variables)

    def base_url(self, provider: str) -> str | None:
        """The provider's address, if it is set otherwise than in the rules."""
        value = self.all_variables.get(f"{provider}_base_url")
        return None if value is None else value.get_secret_value()

    def proxies(self) -> Proxies:
        """The proxies of the real vendors. Raises ValueError, a sentence that names the variable."""
        return Proxies.read(
            {
                name: self.all_variables[name].get_secret_value()
                for name in PROXY_VARIABLES
                if name in self.all_variables
            }
        )

    def with_variables(self, given: Mapping[str, str]) -> "Settings":
        """The settings, with other values for the store's URL and vendors' variables, by their names in upper case."""
        values = {name.lower(): SecretStr(value) for name, value in given.items() if value}
        url = values.pop("enrich_store_url", None)
        changes: dict[str, object] = {"all_variables": {**self.all_variables, **values}}
        return self.model_copy(update=changes | ({"enrich_store_url": url.get_secret_value()} if url else {}))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The usual sources, and variables as they are written: a vendor's have the names its client gives."""
        written = [source for source in (dotenv_settings, env_settings) if isinstance(source, EnvSettingsSource)]
        set_ = {name: value for source in written for name, value in source.env_vars.items() if value}
        variables = InitSettingsSource(settings_cls, {"all_variables": set_})
        return init_settings, env_settings, dotenv_settings, file_secret_settings, variables


def credential_variables(provider: str) -> tuple[str, ...]:
    """The environment variables with a provider's credentials."""
    return tuple(name.upper() for name in _credentials_of(provider))


def _credentials_of(provider: str) -> list[str]:
    """The names of their variables, in lower case."""
    return [f"{provider}_{name}" for name in credential_names(provider)]


def load_settings(*, sandbox: bool | None = None) -> Settings:
    """Settings from the environment and .env. sandbox: overrides ENRICH_WORLD. Raises SettingsError."""
    project = project_folder()
    env_file = project / ".env" if project else None
    changes = {} if sandbox is None else {"enrich_world": "sandbox" if sandbox else "live"}
    try:
        return Settings(_env_file=env_file, **changes)  # type: ignore[arg-type]  # built by name
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(step) for step in first["loc"]).upper()
        raise SettingsError(f"{name} cannot be used ({first['msg']}); change it in the environment or .env.") from None
    except UnicodeDecodeError:
        raise SettingsError(
            f"{env_file} is not in UTF-8: save it in UTF-8, or take out what is no plain letter."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"{env_file} cannot be read ({error.strerror}): make it readable, or take it away."
        ) from None
