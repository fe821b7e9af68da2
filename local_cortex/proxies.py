"""Keeping a proxy of the environment out of requests that stay on this machine."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SNOWFLAKE_DOMAINS", "bypass"]

# Accounts and their services have their names under these; `local_cortex run` leads them here.
SNOWFLAKE_DOMAINS = (
    "snowflakecomputing.com",
    "snowflakecomputing.cn",
    "snowflakecomputing.app",
    "snowflake.app",
)
LOOPBACK = ("127.0.0.1", "localhost")
# Clients read the first of them that is set, and differ in which they try first.
VARIABLES = ("no_proxy", "NO_PROXY")


def bypass(environment: Mapping[str, str], *hosts: str) -> dict[str, str]:
    """Return the variables to set so that no proxy stands before loopback, or before ``hosts``.

    What the environment lists already stays listed.
    """
    listed = [host.strip() for name in VARIABLES for host in environment.get(name, "").split(",")]
    if "*" in listed:
        # It means every host, and only where it stands alone.
        return {}
    value = ",".join(dict.fromkeys([*filter(None, listed), *LOOPBACK, *hosts]))
    return dict.fromkeys(VARIABLES, value)
