"""Bytes of a text file to text: by its mark, as UTF-8, else by a guess, which is reported; unsure ones are refused."""

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from enrichment.identity.list_titles import role_of
from resources.company_lists.tables import UnreadableList

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_WESTERN = "cp1252"
_CANDIDATES = ("gb18030", "shift_jis", "big5", "euc_kr", "cp1251", "koi8_r", "cp1250", "cp1253", "cp1254", "mac_roman")
_SHOWN = 40
_HEADER_WITHIN = 20
_ENOUGH_PAIRS = 8
_CHINESE = re.compile(rb"[\xa1-\xa3\xb0-\xf7][\xa1-\xfe]")
_FIRST_RARE = 0xD8
"""Pairs of GB 2312 that begin below it are signs and the 3,755 most common characters."""
_MOSTLY = 0.9
_PART = 1 << 20
"""How many letters of a long text are examined at a time."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1d\x1f]")
"""Signs that no text has; 0x1E separates the cells of some exports."""
_FOREIGN = re.compile(r"[^\x00-\x7f]{3,}")
"""Three letters in a row beyond ASCII: no Western language writes so, and the bytes are another encoding's."""
_LETTERS_OF_MAC = re.compile(
    r"[a-z][ŠŽŸ‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ¡¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾¿]"
    r"|[‡ˆ‰‹Œ•˜™›Ÿ¡¢£¤¥¦§¨©ª¬®¯±²³µ¶¹¼½¾¿][a-z]|(?<=[A-Za-z])[ŠŽšœž][a-z]|[A-Z][„”][a-z]"
)
"""Letters of Mac OS as they read in the Western encoding; 'Škoda' and 'Žabka' are Western words."""

_WESTERN_SIGNS = re.compile(
    r"(?<=[a-z])’s\b|(?<=s)’(?!\w)|“[^“”\n]*”|(?<=[a-z])[™®…](?!\w)"
    r"|\b(?:[dlnscmtj]|dell|all|nell|dall|sull|qu)’(?!as?\b)(?=[aeiouhà-ÿ])|\bŒ(?=u|il|no|cum)",
    re.IGNORECASE,
)
"""What a Western text has beside its letters: McDonald’s, “Best”, Acme™, l’Art. On Mac OS they are letters."""
_SIGNS_OF_TEXTS = frozenset("’‘“”–—…™®©«»")
_POLISH_BY_ISO = re.compile(rb"[\xa1\xa6\xac\xb1\xb6\xbc]")
"""Bytes of ą, ś, ź in ISO 8859-2; in the Central European encoding of Windows they are signs."""
_WINDOWS_ONLY = re.compile(rb"[\x80-\x9f]")
_OF_COUNTRIES = {
    **dict.fromkeys((b"cz", b"sk", b"pl", b"hu", b"ro", b"hr", b"si"), "cp1250"),
    **dict.fromkeys((b"gr", b"cy"), "cp1253"),
    **dict.fromkeys((b"tw", b"hk"), "big5"),
    b"tr": "cp1254",
    b"kr": "euc_kr",
    b"jp": "shift_jis",
}
"""The encoding that programs of a country write where it is no UTF-8, by the suffix of its websites."""
_SUFFIX = re.compile(rb"\w\.([a-z]{2})(?![\w.@-])", re.IGNORECASE)


def lines_of(path: Path, encoding: str | None = None) -> tuple[Iterator[str], str | None]:
    """The lines of a file, each with its end, and the encoding where it was guessed; as decoded().

    One in UTF-8, or with a mark, is read as its lines are asked for; any other one is looked at as a whole.
    """
    if encoding is None and (plain := _plain_encoding(path)) is not None:
        return _read_lines(path, plain), None
    text, guessed = decoded(path.read_bytes(), encoding)
    return iter(io.StringIO(text, newline="")), guessed  # splitlines() would also split where a form feed is


def _plain_encoding(path: Path) -> str | None:
    """UTF-8, or what its mark says, where all of it is a text in that; None: there is more to find out."""
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    few, found = 0 if marked else _stray(path.stat().st_size), 0
    try:
        with path.open(encoding=marked or "utf-8", newline="") as text:
            while part := text.read(_PART):
                found += sum(1 for _ in islice(_CONTROL.finditer(part), few + 1))
    except UnicodeError:
        return None
    return (marked or "utf-8") if found <= few else None


def _read_lines(path: Path, encoding: str) -> Iterator[str]:
    with path.open(encoding=encoding, newline="") as text:
        yield from text


def decoded(content: bytes, encoding: str | None = None) -> tuple[str, str | None]:
    """The text, and the encoding where it was guessed. encoding: as a person declares it. Raises UnreadableList."""
    if encoding is not None:
        return _as_said(content, encoding), None
    for mark, marked in _MARKS:
        if content.startswith(mark):
            return _marked(content, marked), None
    if (text := _read(content, "utf-8", few=_stray(len(content)))) is not None:
        return text, None
    if b"\0" in content:
        return _utf16_without_mark(content)
    return _guessed(content)


def _stray(size: int) -> int:
    """Control characters that may stray into a text of so many bytes."""
    return max(2, size // 100)


def _as_said(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except LookupError:
        raise UnreadableList(
            f"There is no encoding named {encoding!r}; try utf-8, cp1252, cp1251 or gb18030."
        ) from None
    except UnicodeError:
        raise UnreadableList(f"The file is not in {encoding}; leave --encoding out, or name another one.") from None


def _marked(content: bytes, encoding: str) -> str:
    text = _read(content, encoding)
    if text is None:
        raise UnreadableList("The file is no text; save the table as CSV in UTF-8.")
    return text


def _utf16_without_mark(content: bytes) -> tuple[str, str | None]:
    """A text of mostly ASCII in UTF-16 has a zero in every second byte."""
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = content[start::2].count(0)
        if zeros > len(content) / 5 and (text := _read(content, encoding)) is not None:
            return text, encoding
    raise UnreadableList("The file is no text; save the table as CSV in UTF-8.")


def _guessed(content: bytes) -> tuple[str, str | None]:
    fitting = [candidate for candidate in (_WESTERN, *_CANDIDATES) if _has_known_title(content, candidate)]
    if len(fitting) == 1 and fitting != [_WESTERN] and (text := _read(content, fitting[0])) is not None:
        return text, fitting[0]
    local = _encoding_of_countries(content)
    if local == "cp1250" and _POLISH_BY_ISO.search(content) and not _WINDOWS_ONLY.search(content):
        local = "iso8859_2"
    if local not in (None, _WESTERN) and (text := _read(content, str(local))) is not None:
        return text, local
    if _is_simplified_chinese(content) and (text := _read(content, "gb18030")) is not None:
        return text, "gb18030"
    text = _line_by_line(content)
    if text is None and local == _WESTERN:
        return _of_another_program(content)
    if text is None:
        raise UnreadableList(_sentence(content, [c for c in _CANDIDATES if _read(content, c) is not None]))
    return _of_another_program(content) if _LETTERS_OF_MAC.search(_WESTERN_SIGNS.sub(" ", text)) else (text, _WESTERN)


def _has_known_title(content: bytes, encoding: str) -> bool:
    """Whether a first line has, in this encoding, a title of a column that is known and is not ASCII."""
    if _read(content, encoding) is None:
        return False
    lines = content.split(b"\n", _HEADER_WITHIN)[:_HEADER_WITHIN]
    cells = [cell.strip(' "\r') for line in lines for cell in re.split(r"[,;\t|]", line.decode(encoding, "replace"))]
    return any(not cell.isascii() and role_of(cell) is not None for cell in cells)


def _encoding_of_countries(content: bytes) -> str | None:
    """The encoding of most countries of the websites beside names that are not ASCII; None: they show none."""
    lines = [line for line in content.splitlines() if not line.isascii()]
    suffixes = (found[-1] for line in lines if (found := _SUFFIX.findall(line)))
    of = Counter(_OF_COUNTRIES.get(suffix.lower(), _WESTERN) for suffix in suffixes)
    encoding, count = next(iter(of.most_common(1)), (_WESTERN, 0))
    return encoding if count > len(lines) / 2 else None


def _is_simplified_chinese(content: bytes) -> bool:
    """Whether all that is not ASCII is pairs of bytes of GB 2312, mostly of its common characters.

    Korean pairs begin with 0xB0 to 0xC8, Russian words in KOI8-R with 0xC0 to 0xDF: there are others than these.
    """
    leads = [pair[0] for pair in _CHINESE.findall(content)]
    if len(leads) < _ENOUGH_PAIRS or not _CHINESE.sub(b"", content).isascii():
        return False
    common = sum(lead < _FIRST_RARE for lead in leads) / len(leads)
    return common >= _MOSTLY and any(lead < 0xC0 for lead in leads) and any(lead > 0xC8 for lead in leads)


def _of_another_program(content: bytes) -> tuple[str, str | None]:
    """The text as Mac OS or DOS encodes it, if all that is not ASCII is then a letter or a usual sign."""
    for encoding in ("mac_roman", "cp850"):
        text = _read(content, encoding) or ""
        beyond = set(re.findall(r"[^\x00-\x7f]", text)) - _SIGNS_OF_TEXTS
        if text and all(map(str.isalpha, beyond)):
            return text, encoding
    raise UnreadableList(_sentence(content, ["mac_roman", "cp1250", "cp1252", "cp850"]))


def _line_by_line(content: bytes) -> str | None:
    """The text with each line read as UTF-8 or, where it is not, in the Western encoding; None: a line is neither."""
    lines: list[str] = []
    for line in content.splitlines(keepends=True):
        text = _read(line, "utf-8")
        if text is None:
            text = _read(line, _WESTERN)
            if text is None or _FOREIGN.search(text):
                return None
        lines.append(text)
    return "".join(lines)


def _read(content: bytes, encoding: str, few: int = 0) -> str | None:
    """few: so many control characters may stray into a text."""
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None
    return None if sum(1 for _ in islice(_CONTROL.finditer(text), few + 1)) > few else text


def _sentence(content: bytes, candidates: Sequence[str]) -> str:
    """Names the ways in which the first words beyond ASCII can be read."""
    line = next((one for one in content.splitlines() if not one.isascii()), content)
    readings = [(name, text) for name in candidates if (text := _read(line, name)) is not None][:4]
    if not readings or len(_CONTROL.findall(content.decode("latin-1"))) > len(content) / 20:
        return "The file is no text; save the table as CSV in UTF-8."
    shown = "; ".join(f"{text.strip()[:_SHOWN]!r} in {name}" for name, text in readings)
    first = readings[0][0]
    return f"The file's encoding is unclear ({shown}): name it, as in --encoding {first}, or save it in UTF-8."
