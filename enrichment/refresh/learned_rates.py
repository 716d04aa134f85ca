"""How often each dataset changes, learned from renewals: for all companies, by industry and size, and for each company.

    renewals + traits of companies -> LearnedRates: .rows() to read, .beliefs() of the facts of many companies

A company's belief begins at the narrowest group with ENOUGH renewals: its industry and size band, its industry, its
size band, all companies; else at the time its sources' answers are valid. Its own renewals then sharpen it. Pinned
rates stay.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from enrichment.refresh.change_rates import Floats, RateBelief, priors_of
from enrichment.refresh.history import Traits
from enrichment.refresh.observed_renewals import ObservedRenewal

ENOUGH = 50
"""Renewals from which a group has a rate of its own."""
_SURE = 1_000.0
"""Shape of a pinned rate: as good as certain."""
_DAY = 86_400
Numbers = NDArray[np.int64]
Name = TypeVar("Name")


@dataclass(frozen=True, slots=True)
class ChangeRate:
    """The change rate of one group. industry, size_band None: of any.

    belief: None where there are too few looks for one.
    """

    dataset: str
    industry: str | None
    size_band: str | None
    renewals: int
    changes: int
    belief: RateBelief | None

    @property
    def days_between_changes(self) -> float | None:
        return None if self.belief is None else float(1 / self.belief.rate) / _DAY


@dataclass(frozen=True, slots=True)
class _RenewalArrays:
    """Renewals as arrays, oldest first. codes: of dataset, industry and size band; 0 is 'not known' of the last two."""

    company_ids: Sequence[str]
    dataset: Numbers
    industry: Numbers
    size_band: Numbers
    seconds: Floats
    changed: NDArray[np.bool_]


class LearnedRates:
    """What all renewals so far show. traits: company_id -> Traits, of those that are known."""

    def __init__(self, renewals: Iterable[ObservedRenewal], traits: Mapping[str, Traits]) -> None:
        ordered = sorted(renewals, key=attrgetter("at"))
        ids, datasets, _, seconds, changed = zip(*ordered, strict=True) if ordered else ((), (), (), (), ())
        self._traits = traits
        self._datasets = _codes(datasets)
        self._industries = _codes([None, *(its.industry for its in traits.values())])
        self._bands = _codes([None, *(its.size_band for its in traits.values())])
        industry, band = self._trait_codes(ids)
        self._renewals = _RenewalArrays(
            company_ids=ids,
            dataset=np.array([self._datasets[name] for name in datasets], np.int64),
            industry=industry,
            size_band=band,
            seconds=np.array(seconds, float),
            changed=np.array(changed, bool),
        )
        self._groups = self._of_groups()

    def rows(self) -> tuple[ChangeRate, ...]:
        """Every group with a renewal, by dataset, then industry, then size band; None first."""
        datasets, industries, bands = list(self._datasets), list(self._industries), list(self._bands)
        rows = [
            ChangeRate(datasets[d], industries[i], bands[b], renewals, changes, belief)
            for (d, i, b), (renewals, changes, belief) in self._groups.items()
        ]
        return tuple(sorted(rows, key=lambda row: (row.dataset, row.industry or "", row.size_band or "")))

    def beliefs(
        self,
        company_ids: Sequence[str],
        datasets: Sequence[str],
        *,
        valid_seconds: Mapping[str, float],
        pinned: Mapping[str, float],
    ) -> RateBelief:
        """One row per company, one column per dataset.

        valid_seconds: dataset -> what is assumed where nothing was learned. pinned: dataset -> seconds between changes.
        """
        shape, seconds = self._priors(company_ids, datasets, valid_seconds)
        self._sharpen(shape, seconds, company_ids, datasets)
        for column, dataset in enumerate(datasets):
            if dataset in pinned:
                shape[:, column], seconds[:, column] = _SURE, _SURE * pinned[dataset]
        return RateBelief(shape, seconds)

    def _priors(
        self, company_ids: Sequence[str], datasets: Sequence[str], valid_seconds: Mapping[str, float]
    ) -> tuple[Floats, Floats]:
        sizes = (len(datasets), len(self._industries), len(self._bands))
        shape, seconds = np.ones(sizes), np.ones(sizes)
        seconds *= np.array([valid_seconds[dataset] for dataset in datasets])[:, None, None]
        columns = {self._datasets[name]: column for column, name in enumerate(datasets) if name in self._datasets}
        whole = slice(None)
        for (d, i, b), (_, _, belief) in sorted(self._groups.items(), key=lambda group: _width(group[0])):
            if belief is not None and d in columns:
                where = (columns[d], i if i else whole, b if b else whole)
                shape[where], seconds[where] = float(belief.shape), float(belief.seconds)
        industry, band = self._trait_codes(company_ids)
        return shape[:, industry, band].T.copy(), seconds[:, industry, band].T.copy()

    def _sharpen(self, shape: Floats, seconds: Floats, company_ids: Sequence[str], datasets: Sequence[str]) -> None:
        """Each fact by its own renewals, one after another; the n-th renewals of all facts at once."""
        renewals, columns = self._renewals, len(datasets)
        row_of = {company_id: row for row, company_id in enumerate(company_ids)}
        rows = np.array([row_of.get(company_id, -1) for company_id in renewals.company_ids], np.int64)
        column_of = {name: column for column, name in enumerate(datasets)}
        column = np.array([column_of.get(name, -1) for name in self._datasets], np.int64)
        at = column[renewals.dataset] if len(column) else renewals.dataset
        ours = np.flatnonzero((rows >= 0) & (at >= 0))
        cells = rows[ours] * columns + at[ours]
        for some in _in_rounds(cells):
            cell, its = cells[some], ours[some]
            row, col = np.divmod(cell, columns)
            after = RateBelief(shape[row, col], seconds[row, col]).observed(
                renewals.seconds[its], renewals.changed[its]
            )
            shape[row, col], seconds[row, col] = after.shape, after.seconds

    def _trait_codes(self, company_ids: Sequence[str]) -> tuple[Numbers, Numbers]:
        nothing = Traits()
        traits = [self._traits.get(company_id, nothing) for company_id in company_ids]
        industries = np.array([self._industries[its.industry] for its in traits], np.int64)
        return industries, np.array([self._bands[its.size_band] for its in traits], np.int64)

    def _of_groups(self) -> dict[tuple[int, int, int], tuple[int, int, RateBelief | None]]:
        """(dataset, industry, size band) -> renewals, changes, belief; 0: of any. A trait not known is in no group."""
        renewals = self._renewals
        groups: dict[tuple[int, int, int], tuple[int, int, RateBelief | None]] = {}
        for by_industry in (False, True):
            for by_band in (False, True):
                industry = renewals.industry * by_industry
                band = renewals.size_band * by_band
                known = np.flatnonzero(((industry > 0) | (not by_industry)) & ((band > 0) | (not by_band)))
                groups |= _grouped(
                    np.stack([renewals.dataset[known], industry[known], band[known]], axis=1),
                    renewals.seconds[known],
                    renewals.changed[known],
                )
        return groups


def _grouped(
    keys: Numbers, seconds: Floats, changed: NDArray[np.bool_]
) -> dict[tuple[int, int, int], tuple[int, int, RateBelief | None]]:
    if not len(keys):
        return {}
    sizes = tuple(keys.max(axis=0) + 1)
    codes, group = np.unique(np.ravel_multi_index(tuple(keys.T), sizes), return_inverse=True)
    unique = np.stack(np.unravel_index(codes, sizes), axis=1)
    renewals = np.bincount(group, minlength=len(unique))
    changes = np.bincount(group, weights=changed, minlength=len(unique))
    prior = priors_of(group, seconds, changed, groups=len(unique))
    return {
        (int(d), int(i), int(b)): (
            int(renewals[n]),
            int(changes[n]),
            RateBelief(prior.shape[n], prior.seconds[n]) if renewals[n] >= ENOUGH else None,
        )
        for n, (d, i, b) in enumerate(unique)
    }


def _in_rounds(cells: Numbers) -> Iterable[Numbers]:
    """Positions in `cells`: the first of each cell, then the second of each that has one, and so on."""
    order = np.argsort(cells, kind="stable")
    ordered = cells[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else ordered
    starts = np.repeat(first, np.diff(np.r_[first, len(ordered)]))
    turn = np.arange(len(ordered)) - starts
    for number in range(int(turn.max(initial=-1)) + 1):
        yield order[turn == number]


def _codes(names: Iterable[Name]) -> dict[Name, int]:
    return {name: code for code, name in enumerate(dict.fromkeys(names))}


def _width(group: tuple[int, int, int]) -> tuple[int, int]:
    """Wide groups first, so that narrower ones replace them; an industry says more than a size band."""
    _, industry, band = group
    return ((industry > 0) + (band > 0), int(industry > 0))
