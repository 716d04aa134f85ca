"""One certificate authority for tests and their processes, instead of all the world's.

No test speaks by TLS with the world, and each client of HTTP, and each process with one, would read 140 certificates:
31 ms of CPU, of which a call on loopback takes one.
"""

import os
import ssl
import tempfile
from pathlib import Path

import certifi

NO_AUTHORITY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""What a client of httpx verifies by, if it ignores the environment, and so SSL_CERT_FILE."""
_END = "-----END CERTIFICATE-----\n"


def of_one_authority() -> None:
    """Processes that tests start inherit it."""
    first, _, _ = Path(certifi.where()).read_text("ascii").partition(_END)
    _FILE.write(first + _END)
    _FILE.flush()
    os.environ["SSL_CERT_FILE"] = _FILE.name


_FILE = tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii")  # noqa: SIM115 - until the process ends
