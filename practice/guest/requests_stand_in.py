"""``requests.exceptions``, and a ``requests`` that has no network."""

from __future__ import annotations

from types import ModuleType

from practice.guest.channel import NotHere

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["ChunkedEncodingError", "HTTPError", "InvalidJSONError", "failed_connection", "modules"]

FUNCTIONS = ("delete", "get", "head", "options", "patch", "post", "put", "request", "Session")


class RequestException(OSError):
    """Something went wrong with a request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.response = kwargs.pop("response", None)
        self.request = kwargs.pop("request", None)
        super().__init__(*args, **kwargs)


class InvalidJSONError(RequestException):
    """What was to be sent is not JSON."""


class HTTPError(RequestException):
    """The service answered with an error status."""


class ConnectionError(RequestException):  # noqa: A001 - its name in requests
    """The service could not be reached, or hung up."""


class Timeout(RequestException):
    """The service took too long."""


class ConnectTimeout(ConnectionError, Timeout):
    """The service could not be reached in time."""


class ReadTimeout(Timeout):
    """The service sent nothing in time."""


class ChunkedEncodingError(RequestException):
    """The answer was cut off."""


class ProtocolError(Exception):
    """What urllib3 says of an answer that was cut off."""


class Response:
    """The little that there is to know of an answer with an error status."""

    def __init__(self, status_code: int, reason: str, url: str) -> None:
        self.status_code, self.reason, self.url = status_code, reason, url
        self.ok = False

    def __bool__(self) -> bool:
        return False

    def __getattr__(self, name: str) -> NoReturn:
        if name in ("content", "headers", "json", "text"):
            raise NotHere("network", f"response.{name}")
        raise AttributeError(f"'Response' object has no attribute '{name}'")

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"


def failed_connection() -> ChunkedEncodingError:
    """Return the error for an answer that stops in the middle."""
    return ChunkedEncodingError(ProtocolError("Response ended prematurely"))


class _NoNetwork(ModuleType):
    def __getattr__(self, name: str) -> NoReturn:
        if name in FUNCTIONS:
            raise NotHere("network", f"requests.{name}")
        raise AttributeError(f"module 'requests' has no attribute '{name}'", name=name, obj=self)


def modules() -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    requests, exceptions = _NoNetwork("requests"), ModuleType("requests.exceptions")
    requests.__path__ = []
    for kind in (
        *(RequestException, InvalidJSONError, HTTPError, ConnectionError, Timeout),
        *(ConnectTimeout, ReadTimeout, ChunkedEncodingError),
    ):
        kind.__module__ = exceptions.__name__
        setattr(exceptions, kind.__name__, kind)
        setattr(requests, kind.__name__, kind)
    ProtocolError.__module__ = "urllib3.exceptions"
    Response.__module__ = "requests.models"
    requests.__dict__["exceptions"] = exceptions
    return {each.__name__: each for each in (requests, exceptions)}
