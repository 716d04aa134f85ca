"""The public suffix list is read as tldextract reads it, over every rule that it ships."""

import idna
import pytest
import tldextract

from enrichment.identity.public_suffixes import SplitHost, split_host

REFERENCE = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
EVERY_SUFFIX = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True).tlds
OTHERS = ("localhost", "acme.invalid", "Acme.COM", "www.ck", "x.city.kawasaki.jp", "acme。jp")


def hosts_of(rule: str) -> list[str]:
    """What a rule is about, above and below it; in letters and as they are sent."""
    name = rule.lstrip("!").replace("*", "any")
    return [name, f"acme.{name}", f"www.acme.{name}", f"acme.{_encoded(name)}"]


def _encoded(name: str) -> str:
    try:
        return idna.encode(name).decode("ascii")
    except idna.IDNAError:
        return name


def as_the_library_reads(host: str, *, private_suffixes: bool) -> SplitHost:
    found = REFERENCE.extract_str(host, include_psl_private_domains=private_suffixes)
    return SplitHost(found.domain, found.suffix, private=found.is_private)


@pytest.mark.parametrize("private_suffixes", [False, True])
def test_every_rule_of_the_list_splits_hosts_as_the_library_that_ships_it(private_suffixes: bool) -> None:
    hosts = [host for rule in EVERY_SUFFIX for host in hosts_of(rule)] + list(OTHERS)
    assert len(hosts) > 30_000
    differing = [
        host
        for host in hosts
        if split_host(host, private_suffixes=private_suffixes)
        != as_the_library_reads(host, private_suffixes=private_suffixes)
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("host", "domain"),
    [("shop.acme.co.uk", "acme.co.uk"), ("www.ck", "www.ck"), ("acme.any.ck", "acme.any.ck"), ("co.uk", None)],
)
def test_a_domain_is_the_label_below_the_suffix_with_it(host: str, domain: str | None) -> None:
    assert split_host(host).domain == domain


def test_a_suffix_of_a_site_counts_only_where_it_is_asked_for() -> None:
    assert split_host("acme.github.io").domain == "github.io"
    assert split_host("acme.github.io", private_suffixes=True) == SplitHost("acme", "github.io", private=True)
