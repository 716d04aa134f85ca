"""The rules and settings a command runs with."""

from enrichment.rules import Rules, load_rules
from resources.settings import Settings, load_settings


def settings_and_rules(*, sandbox: bool) -> tuple[Settings, Rules]:
    """Raises SettingsError, RulesError. Without --sandbox the environment decides which world it is."""
    settings = load_settings(sandbox=True if sandbox else None)
    return settings, load_rules(settings.enrich_config)
