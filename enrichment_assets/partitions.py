"""Companies as partitions: the partition key is the company's key.

domain learned later: old key -> new key, with its latest materialisations, then the old partition goes
"""

from collections.abc import Iterable

import dagster as dg

from enrichment_assets.materializations import latest_materialization, report

COMPANIES = "companies"
companies = dg.DynamicPartitionsDefinition(name=COMPANIES)


def add_companies(instance: dg.DagsterInstance, keys: Iterable[str]) -> list[str]:
    """Makes sure that each key is a partition; returns those that were not one yet."""
    there = set(instance.get_dynamic_partitions(COMPANIES))
    new = [key for key in dict.fromkeys(keys) if key not in there]
    if new:
        instance.add_dynamic_partitions(COMPANIES, new)
    return new


def rekey(instance: dg.DagsterInstance, assets: Iterable[dg.AssetKey], *, old: str, new: str) -> None:
    """Moves a company to its new key: what was last materialised under the old one is reported under the new one.

    A materialisation that the new key already has is newer and stays.
    """
    add_companies(instance, [new])
    moved = []
    for asset in assets:
        was = latest_materialization(instance, asset, old)
        if was is not None and latest_materialization(instance, asset, new) is None:
            metadata = {**was.metadata, "moved_from": dg.MetadataValue.text(old)}
            moved.append(dg.AssetMaterialization(asset, partition=new, metadata=metadata))
    report(instance, moved)
    instance.delete_dynamic_partition(COMPANIES, old)
