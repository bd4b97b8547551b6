"""Waits for event variables at a Doorbell node, and sets them.

This file is the whole client and needs nothing but Python 3.9: copy it as ``doorbell.py``, or
install the package. :class:`Doorbell` blocks, :class:`AsyncDoorbell` is the same for asyncio.

    bell = Doorbell("https://bell.example", secret="the application's own")
    bell.wait(22482)
    bell.set(22482)

An id is text (1 to 39 decimal digits below 2^128, a UUID, or 64 hex digits: a sealed id), an int or
a ``uuid.UUID``; anything else is a ``ValueError``, or a ``TypeError`` by its type.

Failures that may pass (no connection, no answer in time, 408, 429, 5xx, an answer that isn't a
node's) are tried again after a random pause of up to 0.2 s, twice that each time, up to 30 s, and
``Retry-After`` on top. Any other refusal raises a :class:`DoorbellError`, an ``OSError`` as all
failures of the network are. Each try is a connection of its own, straight to the node: proxies in
the environment are not used. The logger ``doorbell`` tells failures at level DEBUG.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import asyncio
import datetime
import email.message
import email.utils
import hashlib
import hmac
import http.client
import io
import json
import logging
import math
import operator
import random
import re
import secrets
import socket
import ssl
import sys
import time
import urllib.parse
import uuid
from typing import Any, Callable, Dict, Generator, Iterable, List, NamedTuple, Optional
from typing import Tuple, TypeVar, Union

__version__ = "0.1.0"
__all__ = ["AsyncDoorbell", "Doorbell", "DoorbellError", "Id", "Sealed", "SetCount", "Topic"]

# In seconds.
_HOLD = 25.0  # proxies cut a silent connection at 30 s or later
_SHORTEST_HOLD = 1.0  # a shorter one would be polling
_LONGEST_HOLD = 3600.0  # a node parks no wait for longer unless it is told to
_PATIENCE = 30.0  # long enough for a node to restart
_LONGEST_PATIENCE = 86_400.0
_LONGEST_TIMEOUT = 365 * 86_400.0
_LONGEST_SPREAD = 3600.0  # a node refuses more
_ANSWER = 10.0  # silent for that much longer than it was asked to hold: the peer is gone
_GRACE = 2.0  # how late the node's "not yet" may come to a wait that has a timeout
_SOON = 1.0  # "not yet" within this time is a node that goes away; asking at once would hammer it
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 30.0
_LONGEST_RETRY_AFTER = 300.0  # nobody sends a client away for good by a slip of the keyboard

_IDS = 64  # in one wait; a node refuses more
_LINES = 10_000  # in one request; a node refuses more
_ANSWER_BYTES = 65_536  # a node's answers are far shorter; what passes it isn't from a node
_LONGEST_SENTENCE = 300

_NUMBERS = 2**128
_ID = re.compile(
    "[0-9]{1,39}|[0-9a-fA-F]{64}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
_KEY = re.compile("[!-~]{1,128}")
_URL = re.compile(r"(?i:https?)://[^/?#@\s]+(?:/[!-~]*)?")
_LOG = logging.getLogger("doorbell")

Id = Union[str, int, uuid.UUID]
_T = TypeVar("_T")


class Sealed(NamedTuple):
    """An event variable that only the holder of the key can set: the id is the key's SHA-256.

    Hand out the ``id`` (64 hex digits), keep the ``key`` (1 to 128 printable ASCII characters
    without spaces). Its repr shows the id alone: a key has no place in a log.
    """

    id: str
    key: str

    def __repr__(self) -> str:
        return f"Sealed(id={self.id!r})"


class SetCount(NamedTuple):
    """What setting many came to. An id that was named twice counts once as already set."""

    set: int
    already: int


class DoorbellError(OSError):
    """A node refused, or a set found no node that took it in time.

    The message is the node's own sentence where it gave one. ``status`` is the HTTP status of the
    last answer, or 0 where there was none.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Topic:
    """What changes from version to version, and its event for each version.

    Whoever knows the secret finds the same ids, so no table of waiters is needed. Hand out
    ``at(v).id`` together with the state v; on the update to v + 1 write, commit, and then set
    ``at(v)``.
    """

    def __init__(self, secret: str, name: str) -> None:
        """The secret is the application's own; an empty one is a ValueError."""
        if not secret:
            raise ValueError("A secret is not empty.")
        self._secret = secret.encode()
        self.name = name

    def at(self, version: int) -> Sealed:
        """The event that is set when this version, 0 or more, is no longer the latest."""
        number = int(operator.index(version))
        if number < 0:
            raise ValueError(f"A version is 0 or more, not {number}.")
        text = f"{self.name}\n{number}".encode()
        return _sealed(hmac.new(self._secret, text, hashlib.sha256).hexdigest())


class _Answer(NamedTuple):
    """What came back from a node, or from whatever stands in its place."""

    status: int
    headers: email.message.Message
    body: str

    def json(self, name: str) -> Any:
        """None where the body is no JSON with that field."""
        try:
            return json.loads(self.body)[name]
        except (ValueError, TypeError, LookupError, RecursionError):
            return None

    def is_passing(self) -> bool:
        """Another try may fare better. A 408 is a head that was slow on its way."""
        return self.status >= 500 or self.status in (408, 429)

    def retry_after(self) -> float:
        """In seconds; 0 where there is none, or none that makes sense."""
        value = self.headers.get("Retry-After", "").strip()
        if re.fullmatch("[0-9]{1,9}", value):
            wait = float(value)
        else:
            try:
                date = email.utils.parsedate_to_datetime(value)
                wait = (date - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
            except (ValueError, TypeError, IndexError, OverflowError):
                return 0.0
        return min(max(wait, 0.0), _LONGEST_RETRY_AFTER)

    def refusal(self) -> DoorbellError:
        if 300 <= self.status < 400:
            place = self.headers.get("Location", "nowhere")
            sentence = f"A redirect to {place} is not followed."
        else:
            detail = self.json("detail")
            sentence = " ".join((detail if isinstance(detail, str) else self.body).split())
        if len(sentence) > _LONGEST_SENTENCE:
            sentence = sentence[:_LONGEST_SENTENCE] + "…"
        return DoorbellError(f"{sentence or 'The node refused.'} (status {self.status})", self.status)


class _Ask(NamedTuple):
    """A step: send this, and tell the answer, or the exception that there was instead."""

    data: bytes
    seconds: float


# A step is a request or a pause. What a method does is written once, as steps; each client takes
# them in its own way.
_Steps = Generator[Union[_Ask, float], Union[_Answer, Exception, None], _T]


class _Client:
    """What both clients share: everything but the connection."""

    _clock: Callable[[], float] = staticmethod(time.monotonic)
    _chance: Callable[[], float] = staticmethod(random.random)

    def __init__(
        self,
        node: str,
        *,
        secret: Optional[str] = None,
        hold: float = _HOLD,
        patience: float = _PATIENCE,
        spread: float = 0.0,
        public: Optional[str] = None,
        context: Optional[ssl.SSLContext] = None,
    ) -> None:
        """The node at that URL, ``https://bell.example`` or ``https://example.com/doorbell``.

        secret: of the derived ids, see :meth:`topic`.
        hold: seconds that the node is asked to hold a wait, each time: 1 to 3600.
        patience: seconds that a set is tried for: up to a day. 0.2 where a page waits for it.
        spread: sets wake their waiters evenly over so many seconds (up to 3600), so that a crowd
            doesn't come to the application at one moment.
        public: the node's URL as pages know it, for :meth:`header`, if that is another one.
        context: for https, in place of the default one.
        """
        url = urllib.parse.urlsplit(_base(node))
        self._tls = url.scheme == "https"
        self._host = (url.hostname or "").encode("idna").decode()
        self._port = url.port or (443 if self._tls else 80)
        name = f"[{self._host}]" if ":" in self._host else self._host
        self._host_header = f"{name}:{url.port}" if url.port else name
        self._prefix = url.path
        self._public = _base(node if public is None else public)
        self._secret = secret
        self._hold = _within("hold", hold, _SHORTEST_HOLD, _LONGEST_HOLD)
        self._patience = _within("patience", patience, 0.0, _LONGEST_PATIENCE)
        spread = _within("spread", spread, 0.0, _LONGEST_SPREAD)
        self._spread = f"?spread={_decimal(spread)}" if spread else ""
        self._context = (context or ssl.create_default_context()) if self._tls else None

    @staticmethod
    def new_id() -> str:
        """A fresh number of 128 random bits: nobody else picks it, and nobody guesses it."""
        return str(secrets.randbits(128))

    @staticmethod
    def new_sealed() -> Sealed:
        """A fresh sealed id, with a key of 256 random bits."""
        return _sealed(secrets.token_hex(32))

    def topic(self, name: str) -> Topic:
        """The topic of that name, under the client's secret (a ValueError if it has none)."""
        if self._secret is None:
            raise ValueError("Derived ids need a secret: Doorbell(node, secret=…).")
        return Topic(self._secret, name)

    def header(self, id: Id) -> Tuple[str, str]:
        """The name and value of the header that tells a page what to wait for."""
        return "Doorbell-Wait", f"{self._public}/{_text(id)}"

    def _wait(self, ids: Iterable[Id], timeout: Optional[float]) -> _Steps[List[Id]]:
        texts: Dict[Id, str] = {id: _text(id) for id in _several(ids)}
        asked = list(dict.fromkeys(texts.values()))
        if not 1 <= len(asked) <= _IDS:
            raise ValueError(f"A wait is for 1 to {_IDS} ids, not {len(asked)}.")
        limit = math.inf
        if timeout is not None:
            limit = _within("timeout", timeout, 0.0, _LONGEST_TIMEOUT)
        names = ",".join(asked)

        def request(hold: float) -> bytes:
            target = f"{names}?timeout={_decimal(hold)}"
            return self._request("GET", target, "Accept: application/json\r\n")

        def read(answer: _Answer) -> Optional[List[Id]]:
            named = answer.json("set") if answer.status == 200 else None
            if not isinstance(named, list):
                return None
            return [id for id, text in texts.items() if text in named] or None

        return self._insist(names, limit, self._hold, request, read)

    def _set(self, id: Union[Id, Sealed], key: str) -> _Steps[bool]:
        if isinstance(id, tuple):
            id, key = id
        path, body = _text(id), _key(key) if key else ""

        # A node's answer to a set has no body; a page that says 200 to everything has one.
        def read(answer: _Answer) -> Optional[bool]:
            is_set = answer.status in (200, 201) and not answer.body.strip()
            return answer.status == 201 if is_set else None

        return self._post(path, path, body, read)

    def _set_all(self, ids: Iterable[Union[Id, Tuple[Id, str]]]) -> _Steps[SetCount]:
        lines = [_line(id) for id in _several(ids)]

        def steps() -> _Steps[SetCount]:
            count = SetCount(0, 0)
            for start in range(0, len(lines), _LINES):
                some = lines[start : start + _LINES]
                body = "\n".join(some)
                more = yield from self._post(f"{len(some)} events", "", body, _counts(len(some)))
                count = SetCount(count.set + more.set, count.already + more.already)
            return count

        return steps()

    def _post(
        self, name: str, path: str, body: str, read: Callable[[_Answer], Optional[_T]]
    ) -> _Steps[_T]:
        headers = f"Content-Type: text/plain; charset=us-ascii\r\nContent-Length: {len(body)}\r\n"
        data = self._request("POST", path + self._spread, headers, body)
        return self._insist(name, self._patience, 0.0, lambda hold: data, read)

    def _request(self, method: str, target: str, headers: str, body: str = "") -> bytes:
        return (
            f"{method} {self._prefix}/{target} HTTP/1.1\r\nHost: {self._host_header}\r\n"
            f"User-Agent: doorbell-python/{__version__}\r\nConnection: close\r\n{headers}\r\n{body}"
        ).encode("ascii")

    def _insist(
        self,
        name: str,
        limit: float,
        longest_hold: float,  # 0 for a set
        request: Callable[[float], bytes],
        read: Callable[[_Answer], Optional[_T]],
    ) -> _Steps[_T]:
        """Asks again and again until it is answered.

              set, refused, late
        ask ─────────────────────▶ done
         ▲│ held and not yet: at once
         └┘ failed, or not yet too soon: after a pause that grows
        """
        is_wait = longest_hold > 0
        end = self._clock() + limit
        failures = 0
        failure: Optional[Exception] = None
        while True:
            asked = self._clock()
            hold = min(self._jittered(longest_hold), max(end - asked, 0.0))
            # A wait's end comes from the node, so it may be on its way.
            latest = end - asked + (_GRACE if is_wait else 0.0)
            answer = yield _Ask(request(hold), min(hold + _ANSWER, latest))
            retry_after = 0.0
            if not isinstance(answer, _Answer):
                failure = answer
            elif is_wait and answer.status == 204:
                now = self._clock()
                if now < end and now - asked >= min(_SOON, hold / 2):
                    failures = 0
                    continue
            elif answer.status // 100 == 2:
                result = read(answer)
                if result is not None:
                    return result
                failure = DoorbellError(
                    f"{self._host_header} gave no answer of a Doorbell node.", answer.status
                )
            elif answer.is_passing():
                failure, retry_after = answer.refusal(), answer.retry_after()
            else:
                raise answer.refusal()
            failures += 1
            pause = retry_after + self._pause(failures)
            left = end - self._clock()
            if left <= 0 or (not is_wait and pause >= left):  # a set has no try left
                raise _late(name, limit, is_wait, failure) from failure
            _LOG.debug("%s: again in %.3f s, %s", name, pause, failure)
            yield min(pause, left)
            if self._clock() >= end:
                raise _late(name, limit, is_wait, failure) from failure

    def _pause(self, failures: int) -> float:
        """Full jitter: anything up to 0.2 s after the first failure, up to 30 s after many."""
        return min(_FIRST_PAUSE * 2.0 ** min(failures - 1, 20), _LONGEST_PAUSE) * self._chance()

    def _jittered(self, hold: float) -> float:
        """Up to a fifth shorter, so that a crowd that began together doesn't stay together."""
        return hold * (1 - self._chance() / 5)


class Doorbell(_Client):
    """A node's waits and sets, as calls that block. Immutable and thread-safe: keep one.

    Only the look-up of a host's name has no time limit: Python gives it none.
    """

    def wait(self, id: Id, timeout: Optional[float] = None) -> None:
        """Returns when the variable is set.

        timeout: seconds, up to a year; 0 only asks. A TimeoutError tells that the variable was not
            set in time. Where the node is silent, that comes 2 s late.
        """
        self._take(self._wait([id], timeout))

    def wait_any(self, ids: Iterable[Id], timeout: Optional[float] = None) -> List[Id]:
        """Returns those of 1 to 64 ids that are set, as soon as one is. Timeout as in wait."""
        return self._take(self._wait(ids, timeout))

    def set(self, id: Union[Id, Sealed], key: str = "") -> bool:
        """Sets a variable; a sealed one with its key, ``set(sealed)`` or ``set(id, key)``.

        Returns True where this call set it, False where it was set already. Where an answer got
        lost on its way, the set was tried again, and its own first try may be what set it already.
        A DoorbellError tells that a node refused (403: a wrong key), or took no set in time.
        """
        return self._take(self._set(id, key))

    def set_all(self, ids: Iterable[Union[Id, Tuple[Id, str]]]) -> SetCount:
        """Sets any number of ids and pairs of id and key, 10,000 by a request.

        Where one request fails, those before it are set; setting again does no harm.
        """
        return self._take(self._set_all(ids))

    def _take(self, steps: _Steps[_T]) -> _T:
        outcome: Union[_Answer, Exception, None] = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as done:
                result: _T = done.value
                return result
            outcome = None
            if isinstance(step, _Ask):
                try:
                    outcome = self._exchange(step)
                except socket.timeout:  # no TimeoutError before Python 3.10
                    outcome = TimeoutError("The node is silent.")
                except (OSError, http.client.HTTPException) as failure:
                    outcome = failure
            else:
                time.sleep(step)

    def _exchange(self, ask: _Ask) -> _Answer:
        end = time.monotonic() + ask.seconds
        with self._connect(end) as connection:
            connection.settimeout(_left(end))
            connection.sendall(ask.data)
            data, answer = b"", None
            while answer is None:
                connection.settimeout(_left(end))
                more = connection.recv(_ANSWER_BYTES)
                data += more
                answer = _parsed(data, is_whole=not more)
            return answer

    def _connect(self, end: float) -> socket.socket:
        places = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        for i, (family, kind, protocol, _, address) in enumerate(places):
            plain = socket.socket(family, kind, protocol)
            try:
                # An address that leads nowhere leaves time for the next.
                plain.settimeout(_left(end) / (len(places) - i))
                plain.connect(address)
                if self._context is None:
                    return plain
                plain.settimeout(_left(end))
                return self._context.wrap_socket(plain, server_hostname=self._host)
            except OSError:
                plain.close()
                if i == len(places) - 1:
                    raise
            except BaseException:
                plain.close()
                raise
        raise OSError(f"{self._host} has no address.")


class AsyncDoorbell(_Client):
    """As :class:`Doorbell`, for asyncio: a wait costs a connection and no thread.

    A task that is cancelled hangs up at once.
    """

    async def wait(self, id: Id, timeout: Optional[float] = None) -> None:
        """As :meth:`Doorbell.wait`."""
        await self._take(self._wait([id], timeout))

    async def wait_any(self, ids: Iterable[Id], timeout: Optional[float] = None) -> List[Id]:
        """As :meth:`Doorbell.wait_any`."""
        return await self._take(self._wait(ids, timeout))

    async def set(self, id: Union[Id, Sealed], key: str = "") -> bool:
        """As :meth:`Doorbell.set`."""
        return await self._take(self._set(id, key))

    async def set_all(self, ids: Iterable[Union[Id, Tuple[Id, str]]]) -> SetCount:
        """As :meth:`Doorbell.set_all`."""
        return await self._take(self._set_all(ids))

    async def _take(self, steps: _Steps[_T]) -> _T:
        outcome: Union[_Answer, Exception, None] = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as done:
                result: _T = done.value
                return result
            outcome = None
            if isinstance(step, _Ask):
                try:
                    outcome = await self._in_time(step)
                except (OSError, http.client.HTTPException) as failure:
                    outcome = failure
            else:
                await asyncio.sleep(step)

    async def _in_time(self, ask: _Ask) -> _Answer:
        exchange = asyncio.ensure_future(self._exchange(ask.data))
        try:
            # Not wait_for, which before Python 3.12 can lose a cancellation.
            await asyncio.wait({exchange}, timeout=ask.seconds)
            if not exchange.done():
                raise TimeoutError("The node is silent.")
            return exchange.result()
        finally:
            exchange.cancel()

    async def _exchange(self, ask: bytes) -> _Answer:
        reader, writer = await asyncio.open_connection(
            self._host,
            self._port,
            ssl=self._context,
            server_hostname=self._host if self._tls else None,
            happy_eyeballs_delay=0.25,
        )
        try:
            writer.write(ask)
            await writer.drain()
            data, answer = b"", None
            while answer is None:
                more = await reader.read(_ANSWER_BYTES)
                data += more
                answer = _parsed(data, is_whole=not more)
            return answer
        finally:
            writer.transport.abort()


class _Wire:
    """What an HTTPResponse takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def _parsed(data: bytes, is_whole: bool) -> Optional[_Answer]:
    """None where there is more to come."""
    if len(data) > _ANSWER_BYTES:
        raise http.client.HTTPException(f"An answer of more than {_ANSWER_BYTES} bytes.")
    if b"\r\n\r\n" not in data and not is_whole:
        return None
    response = http.client.HTTPResponse(_Wire(data))  # type: ignore[arg-type]
    try:
        response.begin()
        if response.length is None and not response.chunked and not is_whole:
            return None  # it ends with the connection
        body = response.read()
    except http.client.IncompleteRead:
        if is_whole:
            raise
        return None
    return _Answer(response.status, response.headers, body.decode("utf-8", "replace"))


def _counts(lines: int) -> Callable[[_Answer], Optional[SetCount]]:
    def read(answer: _Answer) -> Optional[SetCount]:
        count = SetCount(answer.json("set"), answer.json("already"))
        are_numbers = type(count.set) is int and type(count.already) is int
        # An answer that doesn't account for all lines isn't one to this question.
        return count if are_numbers and sum(count) == lines else None

    return read


def _late(name: str, limit: float, is_wait: bool, failure: Optional[Exception]) -> OSError:
    within = f"within {_decimal(limit)} s"
    if is_wait:
        return TimeoutError(f"{name} was not set {within}.")
    sentence = f"{name} could not be set {within}: {failure or 'no answer'}"
    return DoorbellError(sentence, getattr(failure, "status", 0))


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("The node is silent.")
    return left


def _text(id: Id) -> str:
    if isinstance(id, bool) or not isinstance(id, (str, int, uuid.UUID)):
        raise TypeError(f"An event id is a str, an int or a UUID, not {type(id).__name__}.")
    if isinstance(id, int):
        is_id = 0 <= id < _NUMBERS
        text = str(id) if is_id else f"{id:#x}"
    else:
        text = str(id)
        is_id = _ID.fullmatch(text) is not None
        if len(text) == 39:
            is_id = is_id and int(text) < _NUMBERS
    if not is_id:
        shown = ascii(text[:80]) + ("…" if len(text) > 80 else "")
        raise ValueError(
            f"An event id is a decimal number below 2^128, a UUID or 64 hex digits, not {shown}."
        )
    return text


def _several(ids: Iterable[_T]) -> Iterable[_T]:
    # Their parts would pass for ids.
    if isinstance(ids, (str, Sealed)):
        raise TypeError("One id was given in place of several: [id].")
    return ids


def _key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError("A key is 1 to 128 printable ASCII characters without spaces.")
    return key


def _line(id: Union[Id, Tuple[Id, str]]) -> str:
    if isinstance(id, tuple):
        return f"{_text(id[0])} {_key(id[1])}"
    return _text(id)


def _sealed(key: str) -> Sealed:
    return Sealed(hashlib.sha256(key.encode("ascii")).hexdigest(), key)


def _base(node: str) -> str:
    """Without the slash at its end."""
    try:
        if not _URL.fullmatch(node) or "?" in node or "#" in node:
            raise ValueError
        url = urllib.parse.urlsplit(node)
        url.port  # raises where it is none, as an impossible host does
        if not (url.hostname or "").encode("idna"):
            raise ValueError
    except ValueError:
        raise ValueError(
            f"A node is an http or https URL without query and fragment, not {ascii(node)}."
        ) from None
    return node.rstrip("/")


def _within(name: str, value: float, least: float, most: float) -> float:
    if not least <= value <= most:
        raise ValueError(f"The {name} is from {least:g} to {most:g} s, not {value}.")
    return float(value)


def _decimal(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


_USAGE = """\
wait NODE ID[,ID…] [SECONDS] | set NODE ID [KEY] | setAll NODE <LINES | derive SECRET TOPIC VERSION\
"""


def _command(arguments: List[str]) -> str:
    """What a command prints."""
    name, rest = (arguments or [""])[0], arguments[1:]
    if name == "wait" and len(rest) in (2, 3):
        return "\n".join(map(str, _command_wait(*rest)))
    if name == "set" and len(rest) in (2, 3):
        return "first" if Doorbell(rest[0]).set(*rest[1:]) else "already"
    if name == "setAll" and len(rest) == 1:
        bell = Doorbell(rest[0])
        return "%d %d" % bell.set_all(map(_command_line, enumerate(sys.stdin, 1)))
    if name == "derive" and len(rest) == 3:
        secret, topic, version = rest
        if not re.fullmatch("0|[1-9][0-9]{0,999}", version):
            raise ValueError(f"A version is a decimal number, not {ascii(version)}.")
        return "%s %s" % Topic(secret, topic).at(int(version))
    raise ValueError(f"usage: python3 -m doorbell {_USAGE}")


def _command_wait(node: str, ids: str, seconds: Optional[str] = None) -> List[Id]:
    if seconds is not None and not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", seconds):
        raise ValueError(f"SECONDS is a number such as 2 or 0.5, not {ascii(seconds)}.")
    return Doorbell(node).wait_any(ids.split(","), None if seconds is None else float(seconds))


def _command_line(numbered: Tuple[int, str]) -> Union[Id, Tuple[Id, str]]:
    number, line = numbered
    words = line.rstrip("\r\n").split(" ")
    try:
        if len(words) > 2:
            raise ValueError("A line is ID or ID KEY.")
        pair = _text(words[0]), _key(words[1]) if len(words) == 2 else ""
    except ValueError as malformed:
        raise ValueError(f"Line {number}: {malformed}") from None
    return pair if pair[1] else pair[0]


def _main() -> int:
    try:
        print(_command(sys.argv[1:]))
    except TimeoutError:
        return 1
    except (ValueError, OSError) as error:
        print("doorbell:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(_main())
