"""A throw-away certificate for 127.0.0.1, and a bundle of authorities that trusts it.

``snowflake.cortex`` speaks https to whatever host it is given. For a script that is to run
unmodified, Local Cortex therefore speaks it too; the authority is made anew each time, its key
never leaves this process, and only the started command is told to trust it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import certifi
import trustme

__all__ = ["write_certificate"]


def write_certificate(folder: Path, environment: Mapping[str, str]) -> tuple[Path, Path]:
    """Write a certificate and a bundle of authorities into ``folder``.

    Returns:
        The PEM file with the server's key and certificates, and the bundle: the public
        authorities, those that ``environment`` names, and the one that signed the certificate.
    """
    authority = trustme.CA(organization_name="Local Cortex", organization_unit_name="course")
    server = folder / "server.pem"
    server.touch(mode=0o600)
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(
        server, append=True
    )
    bundle = folder / "authorities.pem"
    # Somebody behind a proxy that reads TLS has its authority in one of these.
    named = [environment.get(name, "") for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")]
    sources = dict.fromkeys([certifi.where(), *filter(os.path.isfile, named)])
    parts = [Path(source).read_bytes() for source in sources]
    bundle.write_bytes(b"\n".join([*parts, authority.cert_pem.bytes()]))
    return server, bundle
