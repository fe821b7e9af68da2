"""How clients are led to this machine: past proxies, and with a throw-away certificate.

``snowflake.cortex`` speaks https, so Local Cortex does, too, for unmodified scripts. Each run has a
new authority, whose key never leaves this process; only the started command trusts it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

HOST = "127.0.0.1"
# Accounts and their services have their names under these; `local_cortex run` leads them here.
SNOWFLAKE_DOMAINS = (
    "snowflakecomputing.com",
    "snowflakecomputing.cn",
    "snowflakecomputing.app",
    "snowflake.app",
)
# Clients read the first of them that is set, and differ in which they try first.
NO_PROXY = ("no_proxy", "NO_PROXY")


def bypass(environment: Mapping[str, str], *hosts: str) -> dict[str, str]:
    """Return variables that keep proxies from loopback, ``hosts`` and what is listed already."""
    listed = [host.strip() for name in NO_PROXY for host in environment.get(name, "").split(",")]
    if "*" in listed:
        # It means every host, and only where it stands alone.
        return {}
    value = ",".join(dict.fromkeys([*filter(None, listed), HOST, "localhost", *hosts]))
    return dict.fromkeys(NO_PROXY, value)


def write_certificate(folder: Path, environment: Mapping[str, str]) -> tuple[Path, Path, str]:
    """Write a certificate and a bundle of authorities into ``folder``.

    Returns the PEM file of the server's key and certificates; the bundle: the public authorities,
    those of ``environment`` and the signer of the certificate; and the signer alone, as text.
    """
    # Imported here: every session needs this module, and only `run` and `--tls` a certificate.
    import certifi
    import trustme

    authority = trustme.CA(organization_name="Local Cortex", organization_unit_name="course")
    server = folder / "server.pem"
    server.touch(mode=0o600)
    names = (HOST, "localhost", *(f"*.{domain}" for domain in SNOWFLAKE_DOMAINS))
    authority.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(server, append=True)
    bundle = folder / "authorities.pem"
    # Somebody behind a proxy that reads TLS has its authority in one of these.
    named = [environment.get(name, "") for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")]
    sources = dict.fromkeys([certifi.where(), *filter(os.path.isfile, named)])
    parts = [Path(source).read_bytes() for source in sources]
    signer = authority.cert_pem.bytes()
    bundle.write_bytes(b"\n".join([*parts, signer]))
    return server, bundle, signer.decode()
