"""One request to an endpoint: to an address that was looked at, within 15 seconds, without redirects.

A name may stand for another address each time that it is asked for. So it is resolved here, all that it stands for is
judged, and the connection is made to the very address that was judged; the certificate is checked for the name. No
proxy is asked, whatever the environment says.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import httpcore2

from plaudit.events import Endpoint
from plaudit.webhooks.addresses import is_public, problem

TOTAL_SECONDS = 15.0
CONNECT_SECONDS = 5.0  # to each address of a name
ANSWER_BYTES_MAX = 64 * 1024
RESOLVING_AT_ONCE = 4  # names
IDLE_SECONDS = 30.0
IDLE_MAX = 64  # connections kept
RETRY_AFTER = b"retry-after"

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class NotSent(Exception):
    """No answer came; the message says why, for operators, and holds nothing that was to be sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    retry_after: str | None

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004  success, by RFC 9110


async def resolve(host: str, port: int, threads: Executor | None = None) -> list[str]:
    """Raises `OSError`."""
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(threads, look_up)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


async def _resolve_in(threads: Executor, host: str, port: int) -> list[str]:
    return await resolve(host, port, threads)


class Poster:
    def __init__(self, *, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None,
                 total_seconds: float = TOTAL_SECONDS) -> None:
        """`resolve`: what tells a name's addresses, if not this machine; `tls`: whose certificates are believed."""
        self._total_seconds = total_seconds
        # Of its own: names that are not told must hold up no other part that resolves some.
        self._threads = ThreadPoolExecutor(RESOLVING_AT_ONCE, thread_name_prefix="plaudit-names")
        tell = resolve or partial(_resolve_in, self._threads)
        self._pools = {private: _pool(tell, tls, allow_private=private) for private in (False, True)}

    async def post(self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises `NotSent`."""
        if wrong := problem(endpoint.url, allow_private=endpoint.allow_private):
            raise NotSent(f"its address {wrong}")
        pool = self._pools[endpoint.allow_private]
        try:
            async with (asyncio.timeout(self._total_seconds),
                        pool.stream("POST", endpoint.url, headers=[*headers.items()], content=body) as response):
                await _read(response)
                return _answer(response)
        except TimeoutError as error:
            raise NotSent(f"no answer within {self._total_seconds:g} seconds") from error
        except ssl.SSLError as error:
            raise NotSent(f"no TLS ({error.reason or type(error).__name__})") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError) as error:
            raise NotSent(f"it cannot be reached ({_why(error)})") from error

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)


async def _read(response: httpcore2.Response) -> None:
    """As much as an answer may have, so that the connection can be used again. More is not read."""
    read = 0
    async for chunk in response.aiter_stream():
        read += len(chunk)
        if read > ANSWER_BYTES_MAX:
            return


def _answer(response: httpcore2.Response) -> Answer:
    found = next((value for name, value in response.headers if name.lower() == RETRY_AFTER), None)
    return Answer(response.status, found.decode("latin-1") if found is not None else None)


def _why(error: BaseException) -> str:
    """What lies behind it, where the libraries' own names say less."""
    network = isinstance(error, httpcore2.NetworkError)
    while network and (cause := error.__cause__ or error.__context__):
        error = cause
    return type(error).__name__


def _pool(resolve: Resolve, tls: ssl.SSLContext | None, *, allow_private: bool) -> httpcore2.AsyncConnectionPool:
    return httpcore2.AsyncConnectionPool(
        ssl_context=tls, max_connections=None, max_keepalive_connections=IDLE_MAX, keepalive_expiry=IDLE_SECONDS,
        network_backend=_Checked(resolve, allow_private=allow_private))


class _Checked(httpcore2.AsyncNetworkBackend):
    """Resolves names itself, and connects to what it has found good."""

    def __init__(self, resolve: Resolve, *, allow_private: bool) -> None:
        self._resolve = resolve
        self._allow_private = allow_private
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None,  # noqa: ASYNC109  as the library has it
                          local_address: str | None = None,
                          socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None
                          ) -> httpcore2.AsyncNetworkStream:
        """Raises `NotSent` where one of the name's addresses is not public: then it is nobody's public name."""
        addresses = await self._resolve(host, port)
        for address in addresses:
            if not self._allow_private and not is_public(address):
                raise NotSent(f"its name stands for {address}, which is not on the public Internet")
        failed: Exception = OSError("the name stands for nothing")
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout=min(timeout or CONNECT_SECONDS, CONNECT_SECONDS),
                    local_address=local_address, socket_options=socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)
