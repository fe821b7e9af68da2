"""A throw-away certificate for Local Cortex, and a bundle of authorities that trusts it.

``snowflake.cortex`` speaks https to whatever host it is given. For a script that is to run
unmodified, Local Cortex therefore speaks it too; each run has a new authority, whose key
never leaves this process, and only the started command trusts it. The certificate is for
Snowflake's names, too, because `local_cortex run` leads them here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import certifi
import trustme

from local_cortex.proxies import SNOWFLAKE_DOMAINS

__all__ = ["write_certificate"]

NAMES = ("127.0.0.1", "localhost", *(f"*.{domain}" for domain in SNOWFLAKE_DOMAINS))


def write_certificate(folder: Path, environment: Mapping[str, str]) -> tuple[Path, Path, str]:
    """Write a certificate and a bundle of authorities into ``folder``.

    Returns:
        The PEM file with the server's key and certificates; the bundle: the public authorities,
        those that ``environment`` names, and the one that signed the certificate; and the PEM text
        of that one alone.
    """
    authority = trustme.CA(organization_name="Local Cortex", organization_unit_name="course")
    server = folder / "server.pem"
    server.touch(mode=0o600)
    authority.issue_cert(*NAMES).private_key_and_cert_chain_pem.write_to_path(server, append=True)
    bundle = folder / "authorities.pem"
    # Somebody behind a proxy that reads TLS has its authority in one of these.
    named = [environment.get(name, "") for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")]
    sources = dict.fromkeys([certifi.where(), *filter(os.path.isfile, named)])
    parts = [Path(source).read_bytes() for source in sources]
    signer = authority.cert_pem.bytes()
    bundle.write_bytes(b"\n".join([*parts, signer]))
    return server, bundle, signer.decode()
