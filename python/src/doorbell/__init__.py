"""Waits for event variables at a Doorbell node, and sets them.

This file is the whole client and needs nothing but Python 3.9: copy it as ``doorbell.py``, or
install the package. :class:`Doorbell` blocks, :class:`AsyncDoorbell` is the same for asyncio.

    bell = Doorbell("https://bell.example", secret="the application's own")
    bell.wait(22482)
    bell.set(22482)

An id is text (1 to 39 decimal digits below 2^128, a UUID, or 64 hex digits: a sealed id), an int or
a ``uuid.UUID``; anything else is a ``ValueError``, or a ``TypeError`` by its type.

Failures that may pass (no connection, no answer in time, 408, 429, 5xx) are tried again after a
random pause of up to 1 s, twice that each time, up to 30 s; ``Retry-After`` makes it once to twice
as long as it says. The logger ``doorbell`` tells each kind of them once an hour at level WARNING,
and all of them at level DEBUG.

What can't pass by itself raises a :class:`DoorbellError` at once, an ``OSError`` as all failures of
the network are: TLS that fails, a redirect, any other 4xx, an answer that isn't a node's. Each try
is a connection of its own, straight to the node: proxies in the environment are not used.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import asyncio
import datetime
import email.message
import email.utils
import errno
import hashlib
import hmac
import http.client
import io
import ipaddress
import json
import logging
import math
import operator
import os
import random
import re
import secrets
import socket
import ssl
import sys
import threading
import time
import urllib.parse
import uuid
from typing import IO, Any, Callable, Dict, Generator, Iterable, Iterator, List, NamedTuple
from typing import Optional, Set, Tuple, TypeVar, Union

__version__ = "0.1.0"
__all__ = ["AsyncDoorbell", "Doorbell", "DoorbellError", "Id", "Sealed", "SetCount", "Topic"]

# In seconds.
_HOLD = 25.0  # proxies cut a silent connection at 30 s or later
_SHORTEST_HOLD = 1.0  # a shorter one would be polling
_FIRST_HOLD = 1.0  # of one among several nodes that a wait hasn't heard yet: does it hang?
_LONGEST_HOLD = 3600.0  # a node parks no wait for longer unless it is told to
_PATIENCE = 1.0  # a visitor may wait for a set
_COMMAND_PATIENCE = 30.0  # long enough for a node to restart
_LONGEST_PATIENCE = 86_400.0
_LONGEST_TIMEOUT = 365 * 86_400.0
_LONGEST_SPREAD = 3600.0  # a node refuses more
_ANSWER = 10.0  # silent for that much longer than it was asked to hold: the peer is gone
_GRACE = 2.0  # how late the node's "not yet" may come to a wait that has a timeout
_SOON = 1.0  # "not yet" within this time is a node that goes away; asking at once would hammer it
_FIRST_PAUSE = 1.0  # a crowd that a node's restart cut off comes back over a second at least
_LONGEST_PAUSE = 30.0
_LAST_TRY = 0.05  # a set that has less time left gives up
_ADDRESS = 2.0  # an address that leads nowhere gets no more, if there is another one
_NEXT_ADDRESS = 0.25  # after this time asyncio tries the next one as well (RFC 8305)
_TOLD = 3600.0  # a kind of failure is told once in this time
_CHECK = 10.0  # a doctor's check; what is slower is missing
_BEFORE = 1.0  # before a doctor's set: nothing may end the wait so soon
_LONGEST_RETRY_AFTER = 300.0  # nobody sends a client away for good by a slip of the keyboard

_IDS = 64  # in one wait or header; a node refuses more
_LINES = 10_000  # in one request; a node refuses more
_ANSWER_BYTES = 65_536  # a node's answers are far shorter; what passes it isn't from a node
_LONGEST_SENTENCE = 300
_LONGEST_KEY_FILE = 4096
_LONGEST_WORD = 200  # of somebody else's, in what a doctor says
# A line of a cure is indented by 4 and has 80 columns at most; a longer word stands whole.
_CURE_LINE = re.compile(r"\S.{0,75}(?=\s|$)|\S+")

_NUMBERS = 2**128
_ID = re.compile(
    "[0-9]{1,39}|[0-9a-fA-F]{64}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
_KEY = re.compile("[!-~]{1,128}")
_TOKEN = re.compile("[A-Za-z0-9._~+/-]+=*")  # RFC 6750, 2.1
_URL = re.compile(r"(?i:https?)://[^/?#@\s\x00-\x20\x7f]+(?:/[!-~]*)?")
_SEVERAL_URLS = re.compile(r"(?i),\s*https?://|^https?://[^/]*,")
_PATH = re.compile(r"/(?:[!-.0-~][!-~]*)?")
_HTTP = b"HTTP/1."
_STATUS = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9]{2})(?:[ \r]|\Z)")
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
    """A node refused, there is no node, or a set found none that took it in time.

    The message is the node's own sentence where it gave one. ``status`` is the HTTP status of the
    last answer, or 0 where there was none; ``__cause__`` is the failure of the network, if any.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class _NoHttp(Exception):
    """What came back is no answer in HTTP/1.1, and won't be."""


class Topic:
    """What changes from version to version, and its event for each version.

    Whoever knows the secret finds the same ids, so no table of waiters is needed. Hand out
    ``at(v).id`` together with the state v; on the update to v + 1 write, commit, and then set
    ``at(v)``.
    """

    def __init__(self, secret: str, name: str) -> None:
        """The secret is the application's own; an empty one is a ValueError."""
        if not _string("secret", secret):
            raise ValueError("A secret is not empty.")
        self._secret = secret.encode()
        self.name = _string("topic's name", name)

    def at(self, version: int) -> Sealed:
        """The event that is set when this version, 0 or more, is no longer the latest."""
        try:
            if isinstance(version, bool):
                raise TypeError
            number = int(operator.index(version))
        except TypeError:
            raise TypeError(f"A version is an int, 0 or more, not {_shown(version)}.") from None
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
        return self.status // 100 == 5 or self.status in (408, 429)

    def coding(self) -> str:
        """How the body is packed, though nobody asked for that; empty where it isn't."""
        fields = self.headers.get_all("Content-Encoding", [])
        fields += self.headers.get_all("Transfer-Encoding", [])
        names = [name.strip() for name in ",".join(fields).lower().split(",")]
        return ", ".join(name for name in names if name not in ("", "identity", "chunked"))

    def retry_after(self) -> float:
        """In seconds; 0 where there is none, or none that makes sense."""
        value = self.headers.get("Retry-After", "").strip()
        if re.fullmatch("[0-9]{1,99}", value):
            return min(float(value), _LONGEST_RETRY_AFTER)
        date = _date(value)
        if date is None:
            return 0.0
        # By the clock of whoever wrote the date, where it is told.
        now = _date(self.headers.get("Date", "")) or datetime.datetime.now(datetime.timezone.utc)
        return min(max((date - now).total_seconds(), 0.0), _LONGEST_RETRY_AFTER)

    def sentence(self) -> str:
        """What it says to people; empty where that is a page, or nothing."""
        if 300 <= self.status < 400:
            return f"A redirect to {self.headers.get('Location', 'nowhere')} is not followed."
        detail = self.json("detail")
        sentence = " ".join((detail if isinstance(detail, str) else self.body).split())
        if sentence.startswith("<") or self.coding():
            return ""
        if len(sentence) > _LONGEST_SENTENCE:
            sentence = sentence[:_LONGEST_SENTENCE] + "…"
        return sentence


class _Node(NamedTuple):
    """Where a node answers: its URL, without a slash at its end, and what that consists of."""

    url: str
    is_tls: bool
    host: str
    port: int
    host_header: str
    prefix: str

    @staticmethod
    def of(given: str) -> _Node:
        if isinstance(given, str) and _SEVERAL_URLS.search(given):
            raise ValueError(f"A node is one URL, and several are a list, not {_shown(given)}.")
        base = _base(given)
        url = urllib.parse.urlsplit(base)
        is_tls = url.scheme == "https"
        host = _host(url.hostname or "")
        # An interface is this machine's own matter.
        name = f"[{host.partition('%')[0]}]" if ":" in host else host
        header = f"{name}:{url.port}" if url.port else name
        return _Node(base, is_tls, host, url.port or (443 if is_tls else 80), header, url.path)

    def request(self, method: str, target: str, headers: str, body: str = "") -> bytes:
        return (
            f"{method} {self.prefix}/{target} HTTP/1.1\r\nHost: {self.host_header}\r\n"
            f"User-Agent: doorbell-python/{__version__}\r\nAccept-Encoding: identity\r\n"
            f"Connection: close\r\n{headers}\r\n{body}"
        ).encode("ascii")


class _Ask(NamedTuple):
    """A step: ask this, and tell the answer, or the exception that there was instead."""

    node: _Node
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
        node: Union[str, List[str], Tuple[str, ...]],
        *,
        secret: Optional[str] = None,
        hold: float = _HOLD,
        patience: float = _PATIENCE,
        spread: float = 0.0,
        public: Optional[str] = None,
        context: Optional[ssl.SSLContext] = None,
        token: Optional[str] = None,
    ) -> None:
        """The node at that URL, ``https://bell.example`` or ``https://example.com/doorbell``.

        node: or a list of nodes that share a store, of which each takes any set. Where one fails by
            what may pass, the next is tried at once, all within the time that one has: each gets
            an equal part of what is left. The first is asked until it fails, and then the next
            one, since who stays has few connections; who failed last is tried last. A wait first
            asks a node to hold it for up to 1 s, to see that it doesn't hang: one that does is
            left after its part, or after some 11 s.
        secret: of the derived ids, see :meth:`topic`.
        hold: seconds that the node is asked to hold a wait, each time: 1 to 3600.
        patience: seconds that a set is tried for, in total: up to a day. Nothing on a page waits
            for a set in the background: give it 30 there, as long as a node takes to restart.
        spread: sets wake their waiters evenly over so many seconds (up to 3600), so that a crowd
            doesn't come to the application at one moment.
        public: the node's URL as pages know it, for :meth:`header`: an absolute one, or a path
            such as ``/doorbell``. Without it, a page asks the node that it was made for.
        context: for https, in place of the default one.
        token: what a node of ``--set-policy token`` wants of who sets; waits go without. A set that
            is refused for it is a DoorbellError at once, with status 401 or 403.
        """
        nodes: Dict[object, _Node] = {}  # who is named twice has one turn
        for one in map(_Node.of, node if isinstance(node, (list, tuple)) else [node]):
            nodes.setdefault((one.is_tls, one.host, one.port, one.prefix), one)
        self._nodes = list(nodes.values())
        if not self._nodes:
            raise ValueError("Give the URL of a node, or of several.")
        self._first = 0  # of the nodes: whom the next call asks first
        self._public = None if public is None else _public(public)
        self._secret = None if secret is None else _string("secret", secret)
        self._hold = _within("hold", hold, _SHORTEST_HOLD, _LONGEST_HOLD)
        self._patience = _within("patience", patience, 0.0, _LONGEST_PATIENCE)
        spread = _within("spread", spread, 0.0, _LONGEST_SPREAD)
        self._spread = f"?spread={_decimal(spread)}" if spread else ""
        is_tls = any(node.is_tls for node in self._nodes)
        self._context = (context or ssl.create_default_context()) if is_tls else None
        self._told: Dict[object, float] = {}
        self._lookups: Dict[_Node, _Lookup] = {}
        if token is not None and not _TOKEN.fullmatch(_string("token", token)):
            raise ValueError("A token has letters, digits and . _ ~ + / - alone.")
        self._authorization = "" if token is None else f"Authorization: Bearer {token}\r\n"

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

    def header(self, *ids: Id) -> Tuple[str, str]:
        """The name and value of the header that tells a page what to wait for: 1 to 64 ids."""
        texts = [_text(id) for id in ids]
        if not 1 <= len(texts) <= _IDS:
            raise ValueError(f"A header names 1 to {_IDS} ids, not {len(texts)}.")
        value = ",".join(texts)
        return "Doorbell-Wait", value if self._public is None else f"{self._public}/{value}"

    def _wait(self, ids: Iterable[Id], timeout: Optional[float]) -> _Steps[List[Id]]:
        texts: Dict[Id, str] = {id: _text(id) for id in _several(ids)}
        asked = list(dict.fromkeys(texts.values()))
        if not 1 <= len(asked) <= _IDS:
            raise ValueError(f"A wait is for 1 to {_IDS} ids, not {len(asked)}.")
        limit = math.inf
        if timeout is not None:
            limit = _within("timeout", timeout, 0.0, _LONGEST_TIMEOUT)
        names = ",".join(asked)

        def request(node: _Node, hold: float) -> bytes:
            target = f"{names}?timeout={_decimal(hold)}"
            return node.request("GET", target, "Accept: application/json\r\n")

        def read(answer: _Answer) -> Optional[List[Id]]:
            named = answer.json("set") if answer.status == 200 else None
            if not isinstance(named, list):
                return None
            return [id for id, text in texts.items() if text in named] or None

        return self._insist(names, limit, self._hold, request, read)

    def _set(self, id: Union[Id, Sealed], key: str, timeout: Optional[float]) -> _Steps[bool]:
        if isinstance(id, tuple):
            id, key = _pair(id)
        path, body = _text(id), "" if key in ("", None) else _key(key)

        # A node's answer to a set has no body; a page that says 200 to everything has one.
        def read(answer: _Answer) -> Optional[bool]:
            is_set = answer.status in (200, 201) and not answer.body.strip()
            return answer.status == 201 if is_set else None

        return self._post(path, path, body, self._limit(timeout), read)

    def _set_all(
        self, ids: Iterable[Union[Id, Tuple[Id, str]]], timeout: Optional[float]
    ) -> _Steps[SetCount]:
        lines = [_line(id) for id in _several(ids)]
        limit = self._limit(timeout)

        def steps() -> _Steps[SetCount]:
            count = SetCount(0, 0)
            for start in range(0, len(lines), _LINES):
                some = lines[start : start + _LINES]
                body = "\n".join(some)
                name = f"{len(some)} events"
                more = yield from self._post(name, "", body, limit, _counts(len(some)))
                count = SetCount(count.set + more.set, count.already + more.already)
            return count

        return steps()

    def _limit(self, timeout: Optional[float]) -> float:
        if timeout is None:
            return self._patience
        return _within("timeout", timeout, 0.0, _LONGEST_PATIENCE)

    def _post(
        self,
        name: str,
        path: str,
        body: str,
        limit: float,
        read: Callable[[_Answer], Optional[_T]],
    ) -> _Steps[_T]:
        headers = f"Content-Type: text/plain; charset=us-ascii\r\nContent-Length: {len(body)}\r\n"
        headers += self._authorization

        def request(node: _Node, hold: float) -> bytes:
            return node.request("POST", path + self._spread, headers, body)

        return self._insist(name, limit, 0.0, request, read)

    def _insist(
        self,
        name: str,
        limit: float,
        longest_hold: float,  # 0 for a set
        request: Callable[[_Node, float], bytes],
        read: Callable[[_Answer], Optional[_T]],
    ) -> _Steps[_T]:
        """Asks again and again until it is answered.

              set, refused, late
        ask ─────────────────────▶ done
         ▲│ held and not yet, or failed and there is another node: at once
         └┘ failed, or not yet too soon: after a pause that grows
        """
        is_wait = longest_hold > 0
        grace = _GRACE if is_wait else 0.0
        end = self._clock() + limit
        count = len(self._nodes)
        failures = 0
        heard = self._nodes[0] if count == 1 else None  # who has just held this wait as it should
        tried: Dict[_Node, Exception] = {}  # with the last failure of each
        while True:
            if failures % count == 0:  # a round, in which each node has a try
                first, retry_after = self._first, 0.0
            left_to_try = count - failures % count
            index = (first + failures) % count
            node = self._nodes[index]
            asked = self._clock()
            left = end - asked
            part = (left + grace) / (1 if node is heard else left_to_try)
            hold = longest_hold if node is heard else min(longest_hold, _FIRST_HOLD, part / 2)
            hold = max(min(self._jittered(hold), left), 0.0)
            answer = yield _Ask(node, request(node, hold), min(hold + _ANSWER, part))
            if is_wait and isinstance(answer, _Answer) and answer.status == 204:
                tried.clear()
                now = self._clock()
                if now >= end:
                    raise self._late(name, limit, is_wait, tried)
                if now - asked >= min(_SOON, hold / 2):
                    failures, heard = 0, node
                    continue
            else:
                if isinstance(answer, _Answer) and answer.status // 100 == 2:
                    result = read(answer)
                    if result is not None:
                        return result
                assert answer is not None
                tried.pop(node, None)  # the last failure is told last
                tried[node], may_pass = self._failed(node, answer)
                if not may_pass:
                    raise self._final(tried)
                if isinstance(answer, _Answer):
                    retry_after = max(retry_after, answer.retry_after())
            failures += 1
            if count > 1:
                heard = None
                if self._first == index:  # others may have found the same, at this moment too
                    self._first = (index + 1) % count
            left = end - self._clock()
            if left_to_try > 1 and left + grace > 0:
                continue
            if left <= (0 if is_wait else max(retry_after, _LAST_TRY)):
                raise self._late(name, limit, is_wait, tried)
            pause = self._pause(failures // count, retry_after, math.inf if is_wait else left)
            _LOG.debug("%s: again in %.3f s, %s", name, pause, tried.get(node))
            yield min(pause, left)
            if self._clock() >= end:
                raise self._late(name, limit, is_wait, tried)

    def _failed(
        self, node: _Node, outcome: Union[_Answer, Exception]
    ) -> Tuple[Exception, bool]:
        """What went wrong, and whether another try may fare better; that is told to the log."""
        if isinstance(outcome, _Answer):
            failure: Exception = self._refused(node, outcome)
            if not outcome.is_passing():
                return failure, False
            self._tell(node, outcome.status, failure)
            return failure, True
        # A peer that hangs up in the midst of it may be one that restarts.
        is_hang_up = isinstance(outcome, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
        if isinstance(outcome, _NoHttp):
            failure = DoorbellError(f"{node.url} is not a Doorbell node: {outcome}")
        elif isinstance(outcome, ssl.SSLError) and not is_hang_up:
            failure = DoorbellError(f"No TLS with {node.url}: {outcome}")
        else:
            self._tell(node, (type(outcome), getattr(outcome, "errno", None)), outcome)
            return outcome, True
        failure.__cause__ = outcome
        return failure, False

    def _final(self, tried: Dict[_Node, Exception]) -> Exception:
        """What can't pass, in the sentence of its node, or of all that were tried before it."""
        last = list(tried.values())[-1]
        if len(self._nodes) == 1:
            return last
        error = DoorbellError(self._reasons(tried), getattr(last, "status", 0))
        error.__cause__ = last
        return error

    def _late(
        self, name: str, limit: float, is_wait: bool, tried: Dict[_Node, Exception]
    ) -> OSError:
        last = list(tried.values())[-1] if tried else None
        reason = f": {self._reasons(tried)}" if tried else "."
        within = f"within {_decimal(limit)} s{reason}"
        if is_wait:
            error: OSError = TimeoutError(f"{name} was not set {within}")
        else:
            status = getattr(last, "status", 0)
            error = DoorbellError(f"{name} could not be set {within}", status)
        error.__cause__ = last
        return error

    def _reasons(self, tried: Dict[_Node, Exception]) -> str:
        """Of each node that was tried, what it failed by; of a single one, in its own words."""
        reasons = {node.url: str(why) or type(why).__name__ for node, why in tried.items()}
        if len(self._nodes) == 1:
            return "".join(reasons.values())
        named = (why if url in why else f"{url}: {why}" for url, why in reasons.items())
        return "; ".join(why.rstrip(".") for why in named) + "."

    def _refused(self, node: _Node, answer: _Answer) -> DoorbellError:
        status, coding = answer.status, answer.coding()
        if status // 100 == 2:
            kind = answer.headers.get_content_type() if answer.body else "empty"
            what = f"in {coding}, which nobody asked for" if coding else kind
            sentence = f"{node.url} is not a Doorbell node: its answer is {what}."
        elif status == 404:
            sentence = answer.sentence() or f"There is no Doorbell node at {node.url}."
        else:
            sentence = answer.sentence() or "The node refused."
        return DoorbellError(f"{sentence} (status {status})", status)

    def _tell(self, node: _Node, kind: object, failure: Exception) -> None:
        now = self._clock()
        if now - self._told.get((node, kind), -math.inf) >= _TOLD:
            self._told[node, kind] = now
            _LOG.warning("%s is tried again: %s", node.url, failure)

    def _pause(self, failures: int, retry_after: float, left: float) -> float:
        """Full jitter: anything up to 1 s after the first failure, up to 30 s after many.

        A crowd that was sent away for a time comes back over as much time again.
        """
        longest = min(_FIRST_PAUSE * 2.0 ** min(failures - 1, 20), _LONGEST_PAUSE, left)
        spread = min(retry_after, left - retry_after)
        return max(longest * self._chance(), retry_after + spread * self._chance())

    def _jittered(self, hold: float) -> float:
        """Up to a fifth shorter, so that a crowd that began together doesn't stay together."""
        return hold * (1 - self._chance() / 5)


class Doorbell(_Client):
    """A node's waits and sets, as calls that block. It is thread-safe: keep one."""

    def wait(self, id: Id, timeout: Optional[float] = None) -> None:
        """Returns when the variable is set.

        timeout: seconds, up to a year; 0 only asks. A TimeoutError tells that the variable was not
            set in time; its ``__cause__`` is the failure of the last try, if it failed. Where the
            node is silent, that comes 2 s late. A DoorbellError tells that a node refused, or that
            there is none.
        """
        self._take(self._wait([id], timeout))

    def wait_any(self, ids: Iterable[Id], timeout: Optional[float] = None) -> List[Id]:
        """Returns those of 1 to 64 ids that are set, as soon as one is. Timeout as in wait."""
        return self._take(self._wait(ids, timeout))

    def set(
        self, id: Union[Id, Sealed], key: str = "", timeout: Optional[float] = None
    ) -> bool:
        """Sets a variable; a sealed one with its key, ``set(sealed)`` or ``set(id, key)``.

        timeout: seconds that it is tried for, in place of the client's patience.

        Returns True where this call set it, False where it was set already. Where an answer got
        lost on its way, the set was tried again, and its own first try may be what set it already.
        A DoorbellError tells that a node refused (403: a wrong key), or took no set in time.
        """
        return self._take(self._set(id, key, timeout))

    def set_all(
        self, ids: Iterable[Union[Id, Tuple[Id, str]]], timeout: Optional[float] = None
    ) -> SetCount:
        """Sets any number of ids and pairs of id and key, 10,000 by a request.

        timeout: seconds that each request is tried for, in place of the client's patience.

        Where one request fails, those before it are set; setting again does no harm.
        """
        return self._take(self._set_all(ids, timeout))

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
                except (OSError, _NoHttp) as failure:
                    outcome = failure
            else:
                time.sleep(step)

    def _exchange(self, ask: _Ask) -> _Answer:
        end = time.monotonic() + ask.seconds
        with self._connect(ask.node, end) as connection:
            return self._put(connection, ask.data, end)

    def _put(self, connection: socket.socket, question: bytes, end: float) -> _Answer:
        connection.settimeout(_left(end))
        connection.sendall(question)
        data, answer = b"", None
        while answer is None:
            connection.settimeout(_left(end))
            more = connection.recv(_ANSWER_BYTES)
            data += more
            answer = _parsed(data, is_whole=not more)
        return answer

    def _connect(self, node: _Node, end: float) -> socket.socket:
        plain = self._reach(node, end)
        if self._context is None or not node.is_tls:
            return plain
        try:
            plain.settimeout(_left(end))
            return self._context.wrap_socket(plain, server_hostname=node.host)
        except BaseException:
            plain.close()
            raise

    def _reach(self, node: _Node, end: float) -> socket.socket:
        """A connection to the first of the host's addresses that takes one."""
        places = self._places(node, end)
        failure = OSError(f"{node.host} has no address.")
        for i, (family, kind, protocol, _, address) in enumerate(places):
            others = len(places) - 1 - i
            try:
                plain = socket.socket(family, kind, protocol)
            except OSError as failed:  # such as one of a family that the kernel doesn't know
                failure = failed
                continue
            try:
                # An address that leads nowhere leaves time for the next.
                share = _left(end) / (others + 1)
                plain.settimeout(min(share, _ADDRESS) if others else share)
                plain.connect(address)
                return plain
            except OSError as failed:
                plain.close()
                failure = failed
            except BaseException:
                plain.close()
                raise
        raise failure

    def _places(self, node: _Node, end: float) -> List[Any]:
        if _is_address(node.host):
            return socket.getaddrinfo(node.host, node.port, type=socket.SOCK_STREAM)
        lookup = self._lookups.get(node)
        # One that is late is waited for by all; after a fork it is the parent's.
        if lookup is None or not lookup.is_alive():
            lookup = _Lookup(node.host, node.port)
            try:
                lookup.start()
            except RuntimeError:  # no more threads, as while the interpreter ends
                lookup.run()
            self._lookups[node] = lookup
        if lookup.is_alive():
            lookup.join(_left(end))
        if not lookup.is_alive():
            self._lookups.pop(node, None)
        if lookup.places is None:
            sentence = f"The name {node.host} is still looked up."
            raise lookup.failure or socket.gaierror(socket.EAI_AGAIN, sentence)
        return lookup.places


class _Lookup(threading.Thread):
    """Looks a host's name up, in a thread of its own, since Python gives that no time limit."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(name=f"doorbell: look up {host}", daemon=True)
        self._host, self._port = host, port
        self.places: Optional[List[Any]] = None
        self.failure: Optional[Exception] = None

    def run(self) -> None:
        try:
            self.places = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except Exception as failure:
            self.failure = failure


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

    async def set(
        self, id: Union[Id, Sealed], key: str = "", timeout: Optional[float] = None
    ) -> bool:
        """As :meth:`Doorbell.set`."""
        return await self._take(self._set(id, key, timeout))

    async def set_all(
        self, ids: Iterable[Union[Id, Tuple[Id, str]]], timeout: Optional[float] = None
    ) -> SetCount:
        """As :meth:`Doorbell.set_all`."""
        return await self._take(self._set_all(ids, timeout))

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
                except (OSError, _NoHttp) as failure:
                    outcome = failure
            else:
                await asyncio.sleep(step)

    async def _in_time(self, ask: _Ask) -> _Answer:
        exchange = asyncio.ensure_future(self._exchange(ask))
        try:
            # Not wait_for, which before Python 3.12 can lose a cancellation.
            await asyncio.wait({exchange}, timeout=ask.seconds)
            if not exchange.done():
                raise TimeoutError("The node is silent.")
            return exchange.result()
        finally:
            exchange.cancel()

    async def _exchange(self, ask: _Ask) -> _Answer:
        reader, writer = await self._connect(ask.node)
        try:
            writer.write(ask.data)
            await writer.drain()
            data, answer = b"", None
            while answer is None:
                more = await reader.read(_ANSWER_BYTES)
                data += more
                answer = _parsed(data, is_whole=not more)
            return answer
        finally:
            writer.transport.abort()

    async def _connect(self, node: _Node) -> _Streams:
        """A connection to the first of the host's addresses that takes one.

        Not asyncio's own race of them, which other event loops don't have.
        """
        places = await self._places(node)
        failure = OSError(f"{node.host} has no address.")
        tries: List[asyncio.Future[_Streams]] = []
        running: Set[asyncio.Future[_Streams]] = set()
        first: Optional[asyncio.Future[_Streams]] = None
        try:
            while places or running:
                if places:
                    tries.append(asyncio.ensure_future(self._open(node, places.pop(0))))
                    running.add(tries[-1])
                ended, running = await asyncio.wait(
                    running,
                    timeout=_NEXT_ADDRESS if places else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for one in ended:
                    try:
                        streams = one.result()
                    except ssl.SSLError:  # there is somebody, and another address is as good
                        raise
                    except OSError as failed:
                        failure = failed
                    else:
                        first = one
                        return streams
            raise failure
        finally:
            for late in tries:
                if late is not first:
                    late.cancel()
                    late.add_done_callback(_abort)

    async def _open(self, node: _Node, place: str) -> _Streams:
        return await asyncio.open_connection(
            place,
            node.port,
            ssl=self._context if node.is_tls else None,
            server_hostname=node.host if node.is_tls else None,
        )

    async def _places(self, node: _Node) -> List[str]:
        if _is_address(node.host):
            return [node.host]
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(node.host, node.port, type=socket.SOCK_STREAM)
        # A link-local address leads nowhere without its scope.
        places = [f"{to[0]}%{to[3]}" if to[3:] and to[3] else to[0] for *_, to in found]
        return list(dict.fromkeys(places))


_Streams = Tuple[asyncio.StreamReader, asyncio.StreamWriter]


def _abort(late: asyncio.Future[_Streams]) -> None:
    if not late.cancelled() and late.exception() is None:
        late.result()[1].transport.abort()


def _is_address(host: str) -> bool:
    """No name: there is nothing to look up."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.partition("%")[0])
            return True
        except OSError:
            pass
    return False


class _Wire:
    """What an HTTPResponse takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def _parsed(data: bytes, is_whole: bool) -> Optional[_Answer]:
    """None where there is more to come."""
    data = _without_interim(data)
    if not (data.startswith(_HTTP) or _HTTP.startswith(data)):
        raise _NoHttp(f"it says {ascii(data[:20].decode('latin-1'))}, which is no HTTP/1.1.")
    if b"\r\n\r\n" not in data:
        if len(data) > _ANSWER_BYTES:
            raise _NoHttp(f"its answer's head has more than {_ANSWER_BYTES} bytes.")
        if is_whole:
            raise ConnectionResetError(errno.ECONNRESET, "The node hung up without an answer.")
        return None
    response = http.client.HTTPResponse(_Wire(data))  # type: ignore[arg-type]
    try:
        response.begin()
    except (http.client.HTTPException, ValueError, OverflowError) as failure:
        raise _NoHttp(f"its answer is no HTTP/1.1: {ascii(str(failure))}.") from failure
    is_open = response.length is None and not response.chunked  # it ends with the connection
    body: Optional[bytes] = None
    if is_whole or not is_open:
        try:
            body = response.read()
        except http.client.HTTPException:
            pass
        except (ValueError, OverflowError) as failure:  # a length that is none
            raise _NoHttp(f"its answer is no HTTP/1.1: {ascii(str(failure))}.") from failure
    if body is None:
        body = data.partition(b"\r\n\r\n")[2][:_ANSWER_BYTES]
        is_page = body and response.headers.get_content_type() == "text/html"
        is_redirect = response.status // 100 == 3
        is_error = response.status >= 400 and (is_open or is_whole)
        if not (is_page or is_redirect or is_error or len(data) > _ANSWER_BYTES):
            if is_whole:
                raise ConnectionResetError(errno.ECONNRESET, "The node hung up amid its answer.")
            return None
    return _Answer(response.status, response.headers, body.decode("utf-8", "replace"))


def _without_interim(data: bytes) -> bytes:
    """Answers of 1xx say that the answer is still to come; 101 would be another protocol."""
    while True:
        status = _STATUS.match(data)
        head, end, rest = data.partition(b"\r\n\r\n")
        if status is None or status[1][:1] != b"1" or status[1] == b"101" or not end:
            return data
        data = rest


def _counts(lines: int) -> Callable[[_Answer], Optional[SetCount]]:
    def read(answer: _Answer) -> Optional[SetCount]:
        count = SetCount(answer.json("set"), answer.json("already"))
        are_numbers = type(count.set) is int and type(count.already) is int
        # An answer that doesn't account for all lines isn't one to this question.
        return count if are_numbers and sum(count) == lines else None

    return read


def _date(value: str) -> Optional[datetime.datetime]:
    try:
        date = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=datetime.timezone.utc)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("The node is silent.")
    return left


def _text(id: Id) -> str:
    if isinstance(id, tuple):  # its key has no place in a sentence
        raise TypeError("A pair of id and key is not a valid event id: give its id alone.")
    if isinstance(id, bool) or not isinstance(id, (str, int, uuid.UUID)):
        raise TypeError(_no_id(id))
    if isinstance(id, int):
        if not 0 <= id < _NUMBERS:
            raise ValueError(_no_id(id))
        return str(int(id))
    text = str.__str__(id) if isinstance(id, str) else str(id)
    if not _ID.fullmatch(text) or (len(text) == 39 and int(text) >= _NUMBERS):
        raise ValueError(_no_id(text))
    return text


def _no_id(value: object) -> str:
    return (
        f"{_shown(value)} is not a valid event id (a decimal number below 2^128, a UUID or 64 hex"
        " digits): did the answer name one?"
    )


def _shown(value: object) -> str:
    """In a sentence: short, in ASCII, and not what may be somebody's secret."""
    if isinstance(value, int) and not isinstance(value, bool):
        text = str(value) if abs(value) < _NUMBERS else f"{value:#x}"
    elif value is None or isinstance(value, (str, bytes, bool, float, complex)):
        text = ascii(value[:80] if isinstance(value, (str, bytes)) else value)
    else:
        text = f"A {type(value).__name__}"
    return text if len(text) <= 90 else text[:90] + "…"


def _several(ids: Iterable[_T]) -> Iterable[_T]:
    # Their parts would pass for ids.
    if isinstance(ids, (str, bytes, bytearray, memoryview, Sealed)):
        raise TypeError("One id was given in place of several: [id].")
    try:
        iter(ids)
    except TypeError:
        raise TypeError(
            f"{_shown(ids)} is not a list of event ids: did the answer name any?"
        ) from None
    return ids


def _string(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"A {name} is a str, not {_shown(value)}.")
    return value


def _key(key: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"A key is a str, not a {type(key).__name__}.")
    if not _KEY.fullmatch(key):
        raise ValueError("A key is 1 to 128 printable ASCII characters without spaces.")
    return key


def _pair(pair: Tuple[Id, str]) -> Tuple[Id, str]:
    if len(pair) != 2:
        raise TypeError(f"What sets a sealed event is an id and a key, not {len(pair)} parts.")
    return pair


def _line(id: Union[Id, Tuple[Id, str]]) -> str:
    if isinstance(id, tuple):
        id, key = _pair(id)
        return f"{_text(id)} {_key(key)}"
    return _text(id)


def _sealed(key: str) -> Sealed:
    return Sealed(hashlib.sha256(key.encode("ascii")).hexdigest(), key)


def _base(node: str) -> str:
    """Without the slash at its end."""
    try:
        if not isinstance(node, str) or not _URL.fullmatch(node) or "?" in node or "#" in node:
            raise ValueError
        url = urllib.parse.urlsplit(node)
        # The port raises where it is none, as an impossible host does.
        if url.port == 0 or not (url.hostname or "").encode("idna"):
            raise ValueError
    except ValueError:
        raise ValueError(
            f"A node is an http or https URL without query and fragment, not {_shown(node)}."
        ) from None
    return node.rstrip("/")


def _host(name: str) -> str:
    """As the system looks it up: in ASCII, and the interface of an address as it is named."""
    if ":" in name:
        return re.sub("%(25)?", "%", name, count=1)
    return name.encode("idna").decode()


def _public(base: str) -> str:
    """As it stands in a header: in ASCII, and a comma would end it."""
    if isinstance(base, str) and _PATH.fullmatch(base) and not re.search("[?#]", base):
        return base.rstrip("/").replace(",", "%2C")
    base = _base(base)
    url = urllib.parse.urlsplit(base)
    if "," in url.netloc:
        raise ValueError(f"No host has a comma: {_shown(base)}.")
    if not base.isascii():
        host = (url.hostname or "").encode("idna").decode()
        base = url._replace(netloc=f"{host}:{url.port}" if url.port else host).geturl()
    return base.replace(",", "%2C")


def _within(name: str, value: float, least: float, most: float) -> float:
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"The {name} is a number of seconds, not {_shown(value)}.")
    if not least <= value <= most:
        raise ValueError(f"The {name} is from {least:g} to {most:g} s, not {_shown(value)}.")
    return float(value)


def _decimal(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


# What a doctor says, in the words of all clients: spec/doctor.json.
_MARKS = {
    "utf8": {"ok": "\u2713", "bad": "\u2717", "note": "!"},
    "other": {"ok": "ok ", "bad": "BAD", "note": "!  "},
}
_CHECKS = {"reached": "reached", "tls": "TLS", "wake": "set to wake"}
_TRUST = "SSL_CERT_FILE in the environment"
_FINDINGS = {  # CHECK/KIND: mark, sentence, cure
    "reached/well": ("ok", "a Doorbell node answers at {url}.", ""),
    "reached/name": (
        "bad",
        "the name {host} leads to no address.",
        "Is it spelt right? Does the name server of this machine know it?",
    ),
    "reached/refused": (
        "bad",
        "nobody listens at {place}.",
        "Does the node run, and is the port right? A node that listens at 127.0.0.1 is reached "
        "from its own machine alone.",
    ),
    "reached/blocked": (
        "bad",
        "no connection to {place} in {seconds} s.",
        "A firewall, or a wrong address? Many hosts let their programs out to the ports 80 and "
        "443 only.",
    ),
    "reached/none": (
        "bad",
        "no connection to {place}: {why}.",
        "Is there a way from this machine to {host}?",
    ),
    "reached/silent": (
        "bad",
        "{place} takes a connection, and gives no answer in {seconds} s.",
        "Does another server listen there, or a proxy that waits for its node?",
    ),
    "reached/cut": (
        "bad",
        "{place} hangs up without an answer.",
        "Does it speak TLS? Its URL begins with https: then. Or is it a proxy without its node?",
    ),
    "reached/plain": (
        "bad",
        "{place} speaks no TLS.",
        "Give the URL with http: if that is meant, or start the node with --tls-cert and "
        "--tls-key.",
    ),
    "reached/alien": ("bad", "{place} speaks no HTTP.", "Is the port right?"),
    "reached/page": (
        "bad",
        "a web page answers at {url}, and no Doorbell node.",
        "Is it the login page of a network, or the application itself? Look at {url}/ from this "
        "machine.",
    ),
    "reached/login": (
        "bad",
        "whoever answers at {url} wants a login, or refuses strangers (status {status}).",
        "A node does neither. Have the proxy before it let this machine in.",
    ),
    "reached/redirect": (
        "bad",
        "{url} redirects to {to}.",
        "A client of Doorbell follows no redirect. If the node is there, give its URL.",
    ),
    "reached/absent": (
        "bad",
        "there is a server and no Doorbell node at {url} (status 404).",
        "Is the path right? Behind a web server it is mostly /doorbell, and by itself a node "
        "needs none.",
    ),
    "reached/gateway": (
        "bad",
        "a proxy answers at {url}, and does not reach its node (status {status}).",
        "Does the node run, at the address that the proxy has for it?",
    ),
    "reached/full": (
        "bad",
        "whoever answers at {url} has no room (status {status}).",
        "Try again in a minute. If it is the node, its log tells why.",
    ),
    "reached/other": (
        "bad",
        "another server answers at {url}, and no Doorbell node (status {status}).",
        "Are host, port and path right?",
    ),
    "reached/stale": (
        "bad",
        "{url} says that an event is set which nobody has set.",
        "Is a cache in between? A node's answers say Cache-Control: no-store, and it must not "
        "keep them.",
    ),
    "tls/well": ("ok", "the certificate is trusted, and names {host}.", ""),
    "tls/here": ("ok", "none, and none is needed: {host} is this machine.", ""),
    "tls/open": (
        "note",
        "none: anyone between this machine and {host} can read ids, and set them.",
        "Take https, unless the network between is your own.",
    ),
    "tls/untried": ("note", "not tried.", ""),
    "tls/untrusted": (
        "bad",
        "this machine does not trust the certificate of {place}.",
        "Has the node the whole chain (fullchain.pem)? A certificate of your own is trusted by "
        "{trust}.",
    ),
    "tls/expired": (
        "bad",
        "the certificate of {place} has expired.",
        "Renew it: a node takes the new files while it runs. Is the clock of this machine "
        "right?",
    ),
    "tls/early": (
        "bad",
        "the certificate of {place} is not valid yet.",
        "Is the clock of this machine right?",
    ),
    "tls/name": (
        "bad",
        "the certificate of {place} does not name {host}.",
        "Give the URL with a name that it has, or the node a certificate with this one.",
    ),
    "tls/failed": (
        "bad",
        "no TLS with {place}: {why}.",
        "Does something in between let no TLS through, or speak another version of it?",
    ),
    "wake/well": ("ok", "{millis} ms, with a new connection for the set.", ""),
    "wake/untried": ("note", "not tried.", ""),
    "wake/early": (
        "bad",
        "the wait was answered, and not by the set (status {status}).",
        "Is a cache or a login page in between? Nothing may answer for the node, or keep what "
        "it says.",
    ),
    "wake/short": (
        "bad",
        "the wait was ended by a \"not yet\" within {seconds} s.",
        "Does a cache keep what the node says, or a proxy let nothing hang? Or is the "
        "node shutting down?",
    ),
    "wake/refused": (
        "bad",
        "the wait was refused (status {status}).",
        "With 504 a proxy cuts off what hangs: give it more time. With 429 or 503 the node is "
        "full.",
    ),
    "wake/cut": (
        "bad",
        "the wait was cut off without an answer.",
        "Does a proxy end requests that hang? Clients ask for 25 s, and go on after that.",
    ),
    "wake/unset": (
        "bad",
        "the set was not taken: {why}.",
        "Does what stands in between let a POST through, and to the same node?",
    ),
    "wake/asleep": (
        "bad",
        "the event was set, and the wait was not woken in {seconds} s.",
        "Are there two nodes behind this URL? They don't know of each other. Or a proxy that "
        "holds answers back?",
    ),
}

_LOGIN = (401, 403, 407, 511)
_GATEWAY = (502, 503, 504)
_NO_TLS = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
# OpenSSL's codes of what it finds wrong with a certificate; others are a chain that leads nowhere.
_DISTRUST = {9: "early", 10: "expired", 62: "name", 64: "name"}


class _Doctor:
    """Looks from here whether a node is reached, whether its certificate is good, and whether a set
    wakes a wait.

    It asks for an id of its own, and judges by what is missing, never by what is slow.
    """

    def __init__(self, node: str) -> None:
        self._bell = bell = Doorbell(node, token=_token())
        (self._node,) = bell._nodes
        self._id = bell.new_id()
        self._is_connected = self._is_here = False
        name = self._node.host
        host = f"[{name}]" if ":" in name else name
        self.words: Dict[str, object] = {
            "url": self._node.url,
            "host": name,
            "place": f"{host}:{self._node.port}",
            "seconds": int(_CHECK),
            "trust": _TRUST,
        }

    def examine(self) -> Iterator[str]:
        """Findings, a check each, as they come; the words of each are filled in by then."""
        reached = self._reached()
        yield f"reached/{reached}"
        tls = self._trusted() if self._is_connected else "untried"
        yield f"tls/{tls}"
        is_tried = reached == "well" and _FINDINGS[f"tls/{tls}"][0] != "bad"
        yield f"wake/{self._woken() if is_tried else 'untried'}"

    def _ask(self, method: str, target: str) -> bytes:
        is_set = method != "GET"
        headers = "Content-Length: 0\r\n" if is_set else "Accept: application/json\r\n"
        headers += self._bell._authorization if is_set else ""
        return self._node.request(method, target, headers)

    def _reached(self) -> str:
        """Who answers there? Its certificate is the next question, so any will do here."""
        end = time.monotonic() + _CHECK
        try:
            connection = self._bell._reach(self._node, end)
        except OSError as failure:
            return self._unconnected(failure)
        with connection:
            here, there = connection.getsockname()[0], connection.getpeername()[0]
            self._is_here = here == there or _is_loopback(there)
            try:
                if self._node.is_tls:
                    connection.settimeout(_left(end))
                    connection = _believing().wrap_socket(
                        connection, server_hostname=self._node.host
                    )
            except OSError as failure:
                return self._no_tls(failure)
            self._is_connected = True
            with connection:
                try:
                    ask = self._ask("GET", f"{self._id}?timeout=0")
                    return self._whose(self._bell._put(connection, ask, end))
                except _NoHttp:
                    return "alien"
                except OSError as failure:
                    return "silent" if isinstance(failure, _LATE) else "cut"

    def _unconnected(self, failure: OSError) -> str:
        if isinstance(failure, socket.gaierror):
            return "name"
        if isinstance(failure, ConnectionRefusedError):
            return "refused"
        if isinstance(failure, _LATE) or failure.errno == errno.ETIMEDOUT:
            return "blocked"
        self.words["why"] = _reason(failure)
        return "none"

    def _no_tls(self, failure: OSError) -> str:
        if isinstance(failure, _LATE):
            return "silent"
        if isinstance(failure, ssl.SSLError) and failure.reason in _NO_TLS:
            return "plain"
        if isinstance(failure, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)):
            return "cut"
        self.words["why"] = _reason(failure)
        return "none"

    def _whose(self, answer: _Answer) -> str:
        """What an answer to an ask for what nobody has set shows."""
        status = self.words["status"] = answer.status
        self.words["to"] = answer.headers.get("Location", "nowhere")
        kind = answer.headers.get_content_type()
        if status == 204:
            return "well"
        if 300 <= status < 400:
            return "redirect"
        if status == 200 and answer.json("set") is not None:
            return "stale"
        if status < 300 and (kind == "text/html" or answer.body.lstrip().startswith("<")):
            return "page"
        if status == 429 or (status == 503 and kind == "application/problem+json"):
            return "full"
        if status == 404:
            return "absent"
        return "login" if status in _LOGIN else "gateway" if status in _GATEWAY else "other"

    def _trusted(self) -> str:
        if not self._node.is_tls:
            return "here" if self._is_here else "open"
        try:
            self._bell._connect(self._node, time.monotonic() + _CHECK).close()
            return "well"
        except ssl.SSLCertVerificationError as distrust:
            return _DISTRUST.get(distrust.verify_code, "untrusted")
        except OSError as failure:
            self.words["why"] = _reason(failure)
            return "failed"

    def _woken(self) -> str:
        wait = _Asking(self._bell, self._ask("GET", f"{self._id}?timeout={_decimal(_HOLD)}"))
        wait.start()
        wait.join(_BEFORE)
        if wait.outcome is not None:
            return self._unwoken(wait.outcome)
        began = time.monotonic()
        setting = _Asking(self._bell, self._ask("POST", self._id))
        setting.run()
        taken = setting.outcome
        if not isinstance(taken, _Answer):
            self.words["why"] = "no answer"
            return "unset"
        if taken.status not in (200, 201) or taken.body.strip():
            is_page = taken.status < 300
            self.words["why"] = "a page answered" if is_page else f"status {taken.status}"
            return "unset"
        wait.join()
        if isinstance(wait.outcome, _Answer) and wait.outcome.status == 200:
            if wait.outcome.json("set") == [self._id]:
                self.words["millis"] = math.ceil((wait.ended - began) * 1000)
                return "well"
        return self._unwoken(wait.outcome)

    def _unwoken(self, outcome: Union[_Answer, Exception, None]) -> str:
        if isinstance(outcome, _LATE):
            return "asleep"
        if not isinstance(outcome, _Answer):
            return "cut"
        self.words["status"] = outcome.status
        if outcome.status == 204:
            return "short"
        return "early" if outcome.status < 300 else "refused"


_LATE = (socket.timeout, TimeoutError)  # one, from Python 3.10 on


class _Asking(threading.Thread):
    """Puts one question to a node, and ends in time."""

    def __init__(self, bell: Doorbell, question: bytes) -> None:
        super().__init__(name="doorbell: doctor", daemon=True)
        self._bell, self._question = bell, question
        self.outcome: Union[_Answer, Exception, None] = None
        self.ended = 0.0

    def run(self) -> None:
        try:
            ask = _Ask(self._bell._nodes[0], self._question, _CHECK)
            outcome: Union[_Answer, Exception] = self._bell._exchange(ask)
        except Exception as failure:
            outcome = failure
        self.ended = time.monotonic()
        self.outcome = outcome


def _believing() -> ssl.SSLContext:
    """For whoever answers: to look who it is, and for nothing else."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _reason(failure: OSError) -> str:
    return str(getattr(failure, "reason", None) or failure.strerror or failure).rstrip(".")


def _finding(finding: str, words: Dict[str, object], is_utf8: bool) -> str:
    """The line of a finding, and the cure beneath."""
    mark, sentence, cure = _FINDINGS[finding]
    check = _CHECKS[finding.partition("/")[0]]
    # A terminal would obey what a stranger says.
    safe = {name: re.sub("[^ -~]", "?", str(word))[:_LONGEST_WORD] for name, word in words.items()}
    line = f"{_MARKS['utf8' if is_utf8 else 'other'][mark]} {check}: {sentence}".format_map(safe)
    return "\n    ".join([line, *_CURE_LINE.findall(cure.format_map(safe))])


def _doctor(node: str) -> int:
    """Prints what it finds; 0 where all is well, else 1."""
    encoding = (getattr(sys.stdout, "encoding", None) or "").replace("-", "").lower()
    doctor, code = _Doctor(node), 0
    for finding in doctor.examine():
        print(_finding(finding, doctor.words, encoding.startswith("utf")), flush=True)
        code = 1 if _FINDINGS[finding][0] == "bad" else code
    return code


_USAGE = """\
wait NODE ID[,ID…] [SECONDS] | set NODE ID [KEY | --key-file FILE] | setAll NODE <LINES | derive \
SECRET TOPIC VERSION | derive --secret-file FILE TOPIC VERSION | doctor NODE; FILE is - for \
standard input, NODE is a URL or, of nodes that share a store, several with commas, but for the \
doctor, and DOORBELL_TOKEN is what a node may want of who sets\
"""


def _command(arguments: List[str]) -> str:
    """What a command prints."""
    name, rest = (arguments or [""])[0], arguments[1:]
    if name == "wait" and len(rest) in (2, 3):
        return "\n".join(map(str, _command_wait(*rest)))
    if name == "set" and len(rest) == 4 and rest[2] == "--key-file":
        rest[2:] = [_file(rest[3]).strip()]
        _key(rest[2])
    if name == "set" and len(rest) in (2, 3):
        bell = Doorbell(_command_nodes(rest[0]), patience=_COMMAND_PATIENCE, token=_token())
        return "first" if bell.set(*rest[1:]) else "already"
    if name == "setAll" and len(rest) == 1:
        bell = Doorbell(_command_nodes(rest[0]), patience=_COMMAND_PATIENCE, token=_token())
        return "%d %d" % bell.set_all(map(_command_line, enumerate(_input(), 1)))
    if name == "derive" and len(rest) == 4 and rest[0] == "--secret-file":
        rest[:2] = [_file(rest[1]).rstrip("\r\n")]
    if name == "derive" and len(rest) == 3:
        secret, topic, version = rest
        if not re.fullmatch("0|[1-9][0-9]{0,999}", version):
            raise ValueError(f"A version is a decimal number, not {ascii(version)}.")
        return "%s %s" % Topic(secret, topic).at(int(version))
    raise ValueError(f"usage: python3 -m doorbell {_USAGE}")


def _token() -> Optional[str]:
    """What a node may want of who sets; an argument would show it in the list of processes."""
    return os.environ.get("DOORBELL_TOKEN") or None


def _input() -> IO[str]:
    if sys.stdin is None:
        raise ValueError("Standard input is closed.")
    return sys.stdin


def _file(path: str) -> str:
    """What stands in a file, or in standard input: what `ps` would show of an argument."""
    if path == "-":
        text = _input().read(_LONGEST_KEY_FILE + 1)
    else:
        with open(path, encoding="utf-8") as file:
            text = file.read(_LONGEST_KEY_FILE + 1)
    if len(text) > _LONGEST_KEY_FILE:
        raise ValueError(f"{path} has more than {_LONGEST_KEY_FILE} characters.")
    return text


def _command_wait(node: str, ids: str, seconds: Optional[str] = None) -> List[Id]:
    if seconds is not None and not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", seconds):
        raise ValueError(f"SECONDS is a number such as 2 or 0.5, not {ascii(seconds)}.")
    limit = None if seconds is None else float(seconds)
    return Doorbell(_command_nodes(node)).wait_any(ids.split(","), limit)


def _command_nodes(text: str) -> List[str]:
    """The URLs; a comma in a path begins no other one."""
    return re.split("(?i),(?=https?://)", text)


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
    logging.basicConfig(format="doorbell: %(message)s")
    try:
        if sys.argv[1:2] == ["doctor"] and len(sys.argv) == 3:
            return _doctor(sys.argv[2])
        print(_command(sys.argv[1:]))
    except (ValueError, OSError) as error:
        if isinstance(error, TimeoutError) and error.__cause__ is None:
            return 1  # the node says that it isn't set
        print("doorbell:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(_main())
