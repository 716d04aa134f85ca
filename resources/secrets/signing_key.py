"""The secret that the service signs consents with: 256 random bits in the home, for its owner only.

home -> consent.key (0600), made when it is first needed
"""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from resources.private_folders import make_private_folder
from resources.settings import SettingsError

_BYTES = 32
_FILE = "consent.key"


def signing_key(home: Path) -> bytes:
    """The signing key of a home, the same for all its processes. Raises SettingsError."""
    path = home / _FILE
    try:
        if not path.exists():
            _make(path)
        mode, secret = stat.S_IMODE(path.stat().st_mode), path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be used ({error.strerror}): check its owner and ENRICH_HOME.") from error
    if mode & 0o077:
        raise SettingsError(f"Others may read {path}: run `chmod 600 {path}`, or delete it for a new one.")
    if len(secret) != _BYTES:
        raise SettingsError(f"{path} is not a key of {_BYTES} bytes: delete it for a new one.")
    return secret


def _make(path: Path) -> None:
    """Writes a new key in one step; if two processes do so at once, the first one's key stays."""
    make_private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
