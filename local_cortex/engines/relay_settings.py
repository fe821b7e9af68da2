"""The relay's settings, checked: an error names the setting and the fix."""

from __future__ import annotations

import ipaddress

import httpx

from local_cortex.settings import SettingsError

__all__ = ["API_KEY", "MODELS", "URL", "check_key", "check_models", "check_url", "is_loopback"]

URL = "COURSE_RELAY_URL"
MODELS = "COURSE_RELAY_MODELS"
API_KEY = "COURSE_RELAY_API_KEY"


def check_url(given: str) -> httpx.URL:
    """Check an endpoint's address and take ``/chat/completions`` off its end, if it is there.

    Raises:
        SettingsError: it is not an address that can be called, or has a secret in it.
    """
    example = "for Ollama it is http://127.0.0.1:11434/v1"
    try:
        url = httpx.URL(given.strip().rstrip("/").removesuffix("/chat/completions"))
    except httpx.InvalidURL as error:
        raise SettingsError(f"{URL} is not a URL ({error}); {example}.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError(f"{URL} must start with http:// or https:// and a host; {example}.")
    if url.userinfo:
        raise SettingsError(f"{URL} has a user or a password in it; put a key in {API_KEY}.")
    if url.query or url.fragment:
        raise SettingsError(f"{URL} must end with its path, without ? or #; {example}.")
    return url


def check_models(given: str) -> dict[str, str]:
    """Read ``name=target,name=target``; the names come out in lower case.

    Raises:
        SettingsError: an entry is not of that form, or a name is there twice.
    """
    models: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in given.split(","))):
        name, separator, target = (part.strip() for part in entry.partition("="))
        if not (name and separator and target):
            raise SettingsError(
                f"{MODELS}: {entry!r} is not of the form name=target; "
                "write for example llama3.1-8b=llama3.2:1b,*=qwen3:0.6b."
            )
        if name.lower() in models:
            raise SettingsError(f"{MODELS}: {name!r} is there twice; keep one of the two.")
        models[name.lower()] = target
    return models


def check_key(given: str) -> str:
    """Check that a key can be sent in a header; ``""`` stays ``""``.

    Raises:
        SettingsError: it cannot. The text does not show it.
    """
    key = given.strip()
    if key.isascii() and key.isprintable() and " " not in key:
        return key
    raise SettingsError(f"{API_KEY} has a character that no key has; paste it again.")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine's loopback, by its name or number."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
