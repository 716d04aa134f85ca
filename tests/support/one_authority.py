"""One certificate authority for tests and their processes, instead of all the world's.

No test speaks by TLS with the world, and each client of HTTP, and each process with one, would read 140 certificates.
"""

import os
import tempfile
from pathlib import Path

import certifi

_END = "-----END CERTIFICATE-----\n"


def of_one_authority() -> None:
    """Unless SSL_CERT_FILE says which; processes that tests start inherit it."""
    if "SSL_CERT_FILE" not in os.environ:
        first, _, _ = Path(certifi.where()).read_text("ascii").partition(_END)
        _FILE.write(first + _END)
        _FILE.flush()
        os.environ["SSL_CERT_FILE"] = _FILE.name


_FILE = tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii")  # noqa: SIM115 - until the process ends
