"""The rules a long-lived process works by: config/ as it is now, or, while an edit is broken, the last good ones.

config/ -> sound? -> in force, and a copy kept in $ENRICH_HOME/rules/<hash>/   else -> the copy, and what is wrong
"""

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from enrichment.rules import Rules, RulesError, load_rules
from resources.private_folders import make_private_folder
from resources.settings import Settings

_POINTER = "last_good"


@dataclass(frozen=True, slots=True)
class ActiveRules:
    """The rules in force. complaint: what is wrong with config/, if older rules are used instead; else None."""

    rules: Rules
    complaint: str | None = None


def active_rules(settings: Settings) -> ActiveRules:
    """The rules in config/, or the last good copy if they are broken. Raises RulesError if there is no copy either."""
    kept = _kept(settings)
    try:
        rules = load_rules(settings.enrich_config)
    except RulesError as error:
        last_good = last_good_rules(settings)
        if last_good is None:
            raise
        return ActiveRules(
            last_good, f"{error}\nthe last good rules ({last_good.hash}) stay in force until this is mended"
        )
    _keep(settings.enrich_config, kept, rules)
    return ActiveRules(rules)


def last_good_rules(settings: Settings) -> Rules | None:
    """The last rules that were in force; None: there never were any, or their copy is gone."""
    kept = _kept(settings)
    try:
        return load_rules(kept / (kept / _POINTER).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RulesError):
        return None


def _kept(settings: Settings) -> Path:
    return settings.enrich_home / "rules"


def _keep(config: Path, kept: Path, rules: Rules) -> None:
    """A folder per hash, never changed: what a plan was made by can be looked up. Safe for processes side by side."""
    make_private_folder(kept.parent)
    kept.mkdir(exist_ok=True)
    if not (kept / rules.hash).is_dir():
        fresh = Path(tempfile.mkdtemp(prefix=".", dir=kept))
        shutil.copytree(config, fresh, dirs_exist_ok=True)
        with suppress(OSError):  # another process was faster with the same
            fresh.rename(kept / rules.hash)
        shutil.rmtree(fresh, ignore_errors=True)
    pointer = kept / f".{_POINTER}.{os.getpid()}"
    pointer.write_text(rules.hash, encoding="utf-8")
    pointer.replace(kept / _POINTER)
