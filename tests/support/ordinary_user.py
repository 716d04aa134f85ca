"""Files as a user sees them who is not root: root may write anywhere.

with an_ordinary_user(): ...    with only_readable(folder): ...
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def an_ordinary_user() -> Iterator[None]:
    """What is refused to others has to be tried as one of them."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@contextmanager
def only_readable(folder: Path) -> Iterator[None]:
    """The folder and all in it, by an ordinary user; afterwards it can be removed again."""
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with an_ordinary_user():
            yield
    finally:
        for path in paths:
            path.chmod(0o755)
