"""Companies as partitions: the partition key is the company's key.

A domain learned later: old key -> new key, with its latest materialisations; then the old partition is deleted.
"""

from collections.abc import Iterable

import dagster as dg

from enrichment_assets.events.materializations import latest_materialization, report

COMPANIES = "companies"
companies = dg.DynamicPartitionsDefinition(name=COMPANIES)


def new_among(instance: dg.DagsterInstance, keys: Iterable[str]) -> list[str]:
    """The keys that are no partition yet, each once."""
    named = list(dict.fromkeys(keys))
    partitions = instance.get_existing_dynamic_partitions(COMPANIES, named) if named else frozenset()
    return [key for key in named if key not in partitions]


def add_companies(instance: dg.DagsterInstance, keys: Iterable[str]) -> list[str]:
    """Makes sure that each key is a partition; returns those that were not one yet."""
    new = new_among(instance, keys)
    if new:
        instance.add_dynamic_partitions(COMPANIES, new)
    return new


def rekey(instance: dg.DagsterInstance, assets: Iterable[dg.AssetKey], *, old: str, new: str) -> None:
    """Moves a company to its new key: what was last materialised under the old one is reported under the new one."""
    add_companies(instance, [new])
    move_materializations(instance, assets, old=old, new=new)
    instance.delete_dynamic_partition(COMPANIES, old)


def move_materializations(instance: dg.DagsterInstance, assets: Iterable[dg.AssetKey], *, old: str, new: str) -> None:
    """Reports what was last materialised under the old key under the new one; what that already has is newer."""
    moved = []
    for asset in assets:
        was = latest_materialization(instance, asset, old)
        if was is not None and latest_materialization(instance, asset, new) is None:
            metadata = {**was.metadata, "moved_from": dg.MetadataValue.text(old)}
            moved.append(dg.AssetMaterialization(asset, partition=new, metadata=metadata))
    report(instance, moved)
