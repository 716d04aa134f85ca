"""Which part of a host name is a public suffix, and which was registered under it. Pure.

    shop.acme.co.uk  -> registered 'acme', suffix 'co.uk'        acme.github.io -> suffix 'github.io', a private one

The list is the one that tldextract ships. It is looked up here: that package imports an HTTP client to renew the list
and builds a tree of 17,000 nodes, a seventh of a second of CPU for the first company of a process.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

import idna

_RULE = re.compile(r"^[.*!]*\w\S*", re.MULTILINE)
_PRIVATE_PART = "// ===BEGIN PRIVATE DOMAINS==="
_DOTS = re.compile("[\u3002\uff0e\uff61]")


@dataclass(frozen=True, slots=True)
class SplitHost:
    """registered: the label directly below the suffix. Each is '' where there is none.

    private: the suffix is a site's, under which it gives names to others, such as github.io.
    """

    registered: str
    suffix: str
    private: bool = False

    @property
    def domain(self) -> str | None:
        """The registrable domain; None where there is no suffix, or nothing below it."""
        return f"{self.registered}.{self.suffix}" if self.registered and self.suffix else None


@lru_cache(maxsize=256)  # a host is looked at several times in a row
def split_host(host: str, *, private_suffixes: bool = False) -> SplitHost:
    """A host name, in ASCII or not. private_suffixes: those of sites count as well as those of registries."""
    labels = _DOTS.sub(".", host).rstrip(".").split(".")
    names = [_decoded(label) for label in labels]
    registries, sites = _rules()
    for first in range(len(labels)):
        for rules in (registries, sites) if private_suffixes else (registries,):
            if (begins := _suffix_begins(names, first, rules)) is not None:
                registered = labels[begins - 1] if begins else ""
                return SplitHost(registered, ".".join(labels[begins:]), private=rules is sites)
    return SplitHost(labels[-1], "")


def _suffix_begins(names: list[str], first: int, rules: frozenset[str]) -> int | None:
    """The index of a suffix's first label by a rule for all labels from `first` on: '!www.ck', 'co.uk' or '*.ck'."""
    whole = ".".join(names[first:])
    if f"!{whole}" in rules:
        return first + 1
    wildcard = f"*.{'.'.join(names[first + 1 :])}"
    return first if whole in rules or wildcard in rules else None


@cache
def _rules() -> tuple[frozenset[str], frozenset[str]]:
    """Rules of registries, and of sites; found without importing the package, which is what takes long."""
    package = find_spec("tldextract")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("tldextract, whose list of public suffixes is read, is not installed")
    text = Path(package.origin).with_name(".tld_set_snapshot").read_text(encoding="utf-8")
    of_registries, _, of_sites = text.partition(_PRIVATE_PART)
    return frozenset(_RULE.findall(of_registries)), frozenset(_RULE.findall(of_sites))


def _decoded(label: str) -> str:
    lowered = label.lower()
    if not lowered.startswith("xn--"):
        return lowered
    try:
        return idna.decode(lowered)
    except (UnicodeError, IndexError):
        return lowered
