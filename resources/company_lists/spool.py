"""Values that are read again later and are too many for memory: in a temporary file that ends with the object.

values  ->  Spool: iterated any number of times, also several at once; a value by its place
"""

import dataclasses
import pickle
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar, cast, overload

from resources.company_lists.tables import UnreadableList

T_co = TypeVar("T_co", covariant=True)
_LOT = 500
"""How many values are written or read at a time."""
_IN_MEMORY = 256 * 1024
"""Above so many bytes the values go to a file."""


class Spool(Sequence[T_co]):
    """Reads all values at once and keeps one lot of them in memory. Raises UnreadableList: no file can be written."""

    def __init__(self, values: Iterable[T_co]) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  closed with the object
        weakref.finalize(self, self._file.close)
        self._begins: list[int] = []
        self._length = 0
        self._lot: tuple[int, list[T_co]] = (-1, [])
        coming = iter(values)
        while lot := list(islice(coming, _LOT)):
            self._begins.append(self._write(lot))
            self._length += len(lot)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T_co]:
        for number in range(len(self._begins)):
            yield from self._read(number)

    @overload
    def __getitem__(self, at: int) -> T_co: ...
    @overload
    def __getitem__(self, at: slice) -> list[T_co]: ...
    def __getitem__(self, at: int | slice) -> T_co | list[T_co]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(self._length))]
        if not 0 <= at < self._length:
            raise IndexError(at)
        number, place = divmod(at, _LOT)
        if self._lot[0] != number:
            self._lot = number, self._read(number)
        return self._lot[1][place]

    def _write(self, lot: list[T_co]) -> int:
        """Writes a lot; returns the place where it begins."""
        try:
            begin = self._file.seek(0, 2)
            _Packer(cast("IO[bytes]", self._file)).dump(lot)
        except OSError as error:
            raise UnreadableList(
                f"The list is too long for memory, and no temporary file can be written ({error.strerror or error}): "
                "make room there, or name another folder in TMPDIR."
            ) from None
        return begin

    def _read(self, number: int) -> list[T_co]:
        self._file.seek(self._begins[number])
        lot: list[T_co] = pickle.load(self._file)  # noqa: S301  a file without a name, that only this process has
        return lot


class _Packer(pickle.Pickler):
    """Records by their values: what dataclasses do by themselves takes four times as long to read."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._values_of: dict[type[Any], Callable[[object], tuple[object, ...]] | None] = {}

    def reducer_override(self, value: object) -> Any:
        kind: type[Any] = type(value)
        if kind not in self._values_of:
            self._values_of[kind] = _values_of(kind)
        of_record = self._values_of[kind]
        return NotImplemented if of_record is None else (kind, of_record(value))


def _values_of(kind: type[Any]) -> Callable[[object], tuple[object, ...]] | None:
    """Reads all fields of a record, in the order of its constructor; None: no record of two fields or more."""
    names = [field.name for field in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
    return attrgetter(*names) if len(names) > 1 else None
