"""One YAML file as plain data, or one sentence saying in which line and column what is wrong.

text -> nodes: text keys, each once; no tags, no circles, bounded depth and size -> dict | list | scalar
"""

import pickle
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

_MOST_BYTES = 1_000_000
_MOST_VALUES = 100_000  # with every alias expanded
_DEEPEST = 50
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_PLAIN_NUMBER = re.compile(
    r"[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|nan)", re.IGNORECASE
)
"""YAML 1.1 reads 010 as 8, 1:30 as 90, 0x10 as 16 and 1_000 as 1000; a person that writes an amount may not."""
_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"


_WHAT_TO_DO = {
    "while parsing a flow sequence": "a list in [ ]{since} is not closed, or a comma between its items is missing",
    "while parsing a flow mapping": "a mapping in {{ }}{since} is not closed, or a comma in it is missing",
    "while parsing a flow node": "a value is missing here, or a list in [ ] or a mapping in {{ }} is not closed",
    "while scanning a quoted scalar": "a text in quotation marks{since} is not closed: close it",
    "character '\\t'": "a tab: indent with spaces",
    "expected a single document": "a line --- begins a second document: keep one in a file",
    "mapping values are not allowed": "a colon too many: put the text in quotation marks, or begin a new line",
    "while parsing a block mapping": "this line is indented otherwise than the entries beside it: align them",
    "while parsing a block collection": "this line is indented otherwise than the items beside it: align them",
    "could not find expected ':'": "this line is no `key: value`: write a colon and a space after its key",
    "undefined alias": "this alias (*) has no anchor (&) above it: write the value out",
}
"""A part of the parser's sentence -> what is wrong, for a person that writes YAML seldom."""


class NotReadable(ValueError):
    """What is wrong with the file, and where; the message does not name the file."""


def read_yaml(path: Path) -> Any:
    """Raises FileNotFoundError, NotReadable."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise NotReadable(f"is larger than {_MOST_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise NotReadable(f"line {line}: a character is not in UTF-8: save the file in UTF-8") from error
    except OSError as error:
        raise NotReadable(f"cannot be read ({error.strerror}): see that it is a file you may read") from error
    try:
        return pickle.loads(_parsed(text))  # noqa: S301  our own
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotReadable(f"line {line}: the character #x{error.character:x} is not allowed") from error
    except yaml.MarkedYAMLError as error:
        raise NotReadable(_in_one_line(error)) from error


@lru_cache(maxsize=32)
def _parsed(text: str) -> bytes:
    """The data, pickled: unpickling gives each reader its own copy in a tenth of the time of parsing."""
    return pickle.dumps(_data(text))


def _data(text: str) -> Any:
    """The data, read by libyaml, which is ten times faster; what libyaml refuses, PyYAML reads, to say why."""
    try:
        if _is_plain(text):
            return _read_by(_FastLoader(text))
    except (yaml.YAMLError, ValueError):
        pass
    return _read_by(_Loader(text))


def _read_by(loader: "_Loader | _FastLoader") -> Any:
    root = loader.get_single_node()
    if root is None:
        return None
    _check(root)
    return loader.construct_document(root)


def _is_plain(text: str) -> bool:
    """Whether it has no tags and is not deep: libyaml makes nodes by recursion, and forgets written tags."""
    depth = 0
    for event in yaml.parse(text, _FastLoader):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if getattr(event, "tag", None) is not None or depth > _DEEPEST:
            return False
    return True


def _in_one_line(error: yaml.MarkedYAMLError) -> str:
    """Where it is and what to do; in the parser's words only where ours say nothing better."""
    mark, opened = error.problem_mark or error.context_mark, error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    parsers = ": ".join(part for part in (error.context, error.problem) if part)
    since = f" (opened in line {opened.line + 1}, column {opened.column + 1})" if opened else ""
    ours = next((what for sign, what in _WHAT_TO_DO.items() if sign in parsers), None)
    return place + (parsers if ours is None else ours.format(since=since))


def _wrong(problem: str, mark: yaml.Mark | None) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


class _Loader(yaml.SafeLoader):
    """Stops at what would end PyYAML in a traceback: deep nesting, tags, days that do not exist."""

    _depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # untyped in types-PyYAML
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise _wrong(f"the tag {tag} means nothing here: take it out", event.start_mark)
        if self._depth > _DEEPEST:
            raise _wrong(f"this is nested more than {_DEEPEST} deep", event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:  # 2026-13-45 looks like a day, and a number may have too many digits
            raise _wrong(str(error), node.start_mark) from error


class _FastLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # PyYAML may be built without
    """The loader for texts that are plain (see `_is_plain`)."""


def _check(root: Node) -> None:
    """Follows every alias each time it is used, as all later code would."""
    ahead: list[tuple[Node, frozenset[int]]] = [(root, frozenset())]
    seen = 0
    while ahead:
        node, above = ahead.pop()
        seen += 1
        if id(node) in above:
            raise _wrong("this contains itself through an alias: write it out", node.start_mark)
        if seen > _MOST_VALUES or len(above) > _DEEPEST:
            raise _wrong(f"more than {_MOST_VALUES:,} values, or {_DEEPEST} levels, with aliases", node.start_mark)
        if isinstance(node, ScalarNode) and node.tag in _NUMBERS and not _PLAIN_NUMBER.fullmatch(node.value):
            raise _wrong(f"{node.value} is no number in plain digits: write it so, or in quotes", node.start_mark)
        within = above | {id(node)}
        ahead.extend((part, within) for part in _parts(node))


def _parts(node: Node) -> Sequence[Node]:
    if isinstance(node, MappingNode):
        _check_keys([key for key, _ in node.value])
        return list(chain.from_iterable(node.value))
    return node.value if isinstance(node, SequenceNode) else ()


def _check_keys(keys: list[Node]) -> None:
    seen: set[str] = set()
    for key in keys:
        if not isinstance(key, ScalarNode):
            raise _wrong("a key must be text, not a list or a mapping", key.start_mark)
        if key.tag not in (_TEXT, _MERGE):
            raise _wrong(f"the key {key.value} is not text: put it in quotes", key.start_mark)
        if key.value in seen:
            raise _wrong(f"the key {key.value} is written twice: keep one", key.start_mark)
        seen.add(key.value)
