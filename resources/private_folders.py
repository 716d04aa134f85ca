"""Folders and files for this user alone: homes have secrets of webhooks, replies that were paid for, and questions.

What is there already stays as it is, with the mode that its owner gave it.
"""

from pathlib import Path

_FOLDER, _FILE = 0o700, 0o600


def make_private_folder(folder: Path) -> None:
    """Makes it and missing folders above it for the owner only, unlike `Path.mkdir`. Raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=_FOLDER, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Empty, where there is none. Raises OSError."""
    if not path.exists():
        path.touch(mode=_FILE)
