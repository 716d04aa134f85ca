"""Folders and files that only this user may read: they contain webhook secrets, paid replies and questions.

A folder or file that exists keeps the mode that its owner gave it.
"""

from pathlib import Path

_FOLDER, _FILE = 0o700, 0o600


def make_private_folder(folder: Path) -> None:
    """Makes the folder and missing folders above it, all for the owner only, unlike `Path.mkdir`. Raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=_FOLDER, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Makes an empty file, unless there is one. Raises OSError."""
    if not path.exists():
        path.touch(mode=_FILE)
