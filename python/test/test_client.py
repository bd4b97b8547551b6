"""What both clients do, over real sockets: once for Doorbell, and once for AsyncDoorbell in each
kind of event loop."""

import asyncio
import enum
import errno
import gzip
import inspect
import logging
import os
import pathlib
import pickle
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import typing
import unittest
import unittest.mock
import uuid

import doorbell
from doorbell import AsyncDoorbell, Doorbell, DoorbellError, Sealed

from fake import FakeNode, answer, nobody, wake
from node import Node

try:
    import uvloop
except ImportError:
    uvloop = None

LONG = "550E8400-E29B-41D4-A716-446655440000"
NO_ID = "is not a valid event id .*: did the answer name one?"
HOURS = 7200  # seconds, of what ends by an answer, however slow the machine is
PAGE = "<html>Log in</html>"
# What a wait and a set find where there is no node, and never will be: answers in pieces.
NO_NODE = {
    "a login page": [answer(200, PAGE, "Content-Type: text/html")],
    "a page that was made": [answer(201, PAGE, "Content-Type: text/html; charset=utf-8")],
    "a page without a type": [answer(200, PAGE)],
    "a page in chunks": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                         b"00000013\r\n<html>Log in</html>\r\n0\r\n\r\n"],
    "a page that never ends": [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", HOURS],
    "an endless answer": [b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000, HOURS],
    "deep JSON": [answer(200, "[" * 60_000)],
    "JavaScript": [answer(200, "doorbell(1);\n", "Content-Type: text/javascript")],
    "another protocol": [b"SSH-2.0-OpenSSH_9.2\r\n", HOURS],
    "another protocol that hangs up": [b"SSH-2.0-OpenSSH_9.2\r\n"],
    "an alert of TLS": [b"\x15\x03\x01\x00\x02\x02\x46"],
    "binary": [bytes(range(256)) + b"\r\n\r\n"],
    "HTTP without a status": [b"HTTP/1.1 OK\r\n\r\n"],
    "an endless head": [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, HOURS],
    "a thousand fields": [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000 + b"\r\n"],
}
# What may be a node that restarts.
BROKEN = {
    "half an answer": wake("22482")[:-5],
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a word": b"HTT",
    "nothing": b"",
}


class Blocking:
    def __init__(self, url, **options):
        self.bell = Doorbell(url, **{"patience": HOURS, **options})

    def __getattr__(self, name):
        return getattr(self.bell, name)


class InALoop:
    loop = staticmethod(asyncio.new_event_loop)

    def __init__(self, url, **options):
        self.bell = AsyncDoorbell(url, **{"patience": HOURS, **options})

    def __getattr__(self, name):
        method = getattr(self.bell, name)
        if not inspect.iscoroutinefunction(method):
            return method
        return lambda *args, **options: self.run(method(*args, **options))

    @classmethod
    def run(cls, work):
        loop = cls.loop()
        try:
            return loop.run_until_complete(work)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()


class PlainLoop(asyncio.SelectorEventLoop):
    """Takes what all event loops take: it knows no race of addresses."""

    async def create_connection(self, factory, host=None, port=None, *, ssl=None, family=0, proto=0,
                                flags=0, sock=None, local_addr=None, server_hostname=None):
        return await super().create_connection(
            factory, host, port, ssl=ssl, family=family, proto=proto, flags=flags, sock=sock,
            local_addr=local_addr, server_hostname=server_hostname)


class InAPlainLoop(InALoop):
    loop = PlainLoop


if uvloop:

    class Uvloop(uvloop.Loop):
        """Looks names up as Python does, so that a test may give them addresses."""

        async def getaddrinfo(self, host, port, **options):
            return await self.run_in_executor(
                None, lambda: socket.getaddrinfo(host, port, **options))

    class InUvloop(InALoop):
        loop = Uvloop


class NoIpv6(socket.socket):
    """As in a kernel without it."""

    def __init__(self, family=-1, *args, **options):
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        super().__init__(family, *args, **options)


class Promises:
    """Mixed into a test of each client."""

    def failing(self, error, pattern, call, *args, **options):
        with self.assertRaisesRegex(error, pattern) as failed:
            call(*args, **options)
        return failed.exception

    # A real node

    def test_a_wait_ends_when_somebody_sets(self):
        bell = self.client(self.real.url)
        id = bell.new_id()
        done = threading.Event()
        waiting = threading.Thread(target=lambda: (bell.wait(id), done.set()), daemon=True)
        waiting.start()
        self.assertRaises(TimeoutError, bell.wait, id, 0.2)
        self.assertFalse(done.is_set())
        self.assertTrue(bell.set(id))
        self.assertTrue(done.wait(HOURS))
        waiting.join(HOURS)
        self.assertFalse(bell.set(id))

    def test_an_id_may_be_a_text_an_int_or_a_UUID(self):
        bell = self.client(self.real.url)
        id = uuid.uuid4()
        self.assertTrue(bell.set(id))
        self.assertFalse(bell.set(id.int))
        self.assertIsNone(bell.wait(str(id).upper(), HOURS))

    def test_wait_any_gives_those_that_are_set_as_they_were_given(self):
        bell = self.client(self.real.url)
        one, other, unset = uuid.uuid4(), int(bell.new_id()), bell.new_id()
        bell.set_all([one, other])
        self.assertEqual(bell.wait_any([unset, other, one, one], HOURS), [other, one])

    def test_a_sealed_id_is_set_by_its_key_alone(self):
        bell = self.client(self.real.url)
        sealed = bell.new_sealed()
        refused = self.failing(DoorbellError, "sealed.*403", bell.set, sealed.id)
        self.assertEqual(refused.status, 403)
        refused = self.failing(DoorbellError, "sealed.*403", bell.set, sealed.id, "wrong")
        self.assertEqual(refused.status, 403)
        refused = self.failing(
            DoorbellError, "403", bell.set_all, [bell.new_id(), (sealed.id, "wrong")]
        )
        self.assertEqual(refused.status, 403)
        self.assertRaises(TimeoutError, bell.wait, sealed.id, 0)
        self.assertTrue(bell.set(sealed))
        self.assertFalse(bell.set(sealed.id, sealed.key))
        self.assertEqual(bell.set_all([sealed, bell.new_sealed(), bell.new_id()]), (2, 1))
        self.assertIsNone(bell.wait(sealed.id, HOURS))

    def test_a_derived_id_is_found_by_all_who_know_the_secret(self):
        secret = Doorbell.new_id()
        bell, other = (self.client(self.real.url, secret=secret) for _ in range(2))
        self.assertTrue(bell.set(bell.topic("room/7").at(3)))
        self.assertIsNone(other.wait(other.topic("room/7").at(3).id, HOURS))

    def test_a_crowd_of_sets_is_counted(self):
        bell = self.client(self.real.url)
        ids = [bell.new_id() for _ in range(10_001)]
        self.assertEqual(bell.set_all(ids), (10_001, 0))
        self.assertEqual(bell.set_all(ids[-1:] + [bell.new_id()]), (1, 1))
        self.assertEqual(bell.set_all([]), (0, 0))

    # Bad input

    def test_a_malformed_id_is_a_ValueError_and_nothing_is_sent(self):
        with FakeNode() as node:
            bell = self.client(node.url)
            for bad in ("", "abc", "1,2", "1\n", " 1", "340282366920938463463374607431768211456",
                        2**128, -1, "x" * 10_000):
                with self.subTest(id=bad):
                    for call in (bell.wait, bell.set, bell.header):
                        error = self.failing(ValueError, NO_ID, call, bad)
                        self.assertLess(len(str(error)), 240)
                    self.failing(ValueError, NO_ID, bell.wait_any, [1, bad])
                    self.failing(ValueError, NO_ID, bell.set_all, [1, bad])
                    self.failing(ValueError, NO_ID, bell.header, 1, bad)
            self.assertEqual(node.requests, [])

    def test_what_is_no_id_by_its_type_is_a_TypeError_that_names_it(self):
        with FakeNode() as node:
            bell = self.client(node.url)
            for bad in (None, False, True, 0.0, 7.0, float("nan"), b"1", [1], {}, object()):
                shown = re.escape(str(bad)) if not isinstance(bad, (list, dict)) else "A (list|dict)"
                shown = "A object" if type(bad) is object else shown
                with self.subTest(id=bad):
                    for call in (bell.wait, bell.set, bell.header):
                        self.failing(TypeError, f"^{shown} {NO_ID}", call, bad)
                    self.failing(TypeError, NO_ID, bell.header, 1, bad)
                    for call in (bell.wait_any, bell.set_all):
                        self.failing(TypeError, NO_ID, call, [1, bad])
                        self.failing(TypeError, NO_ID, call, iter([1, bad]))
                    self.failing(TypeError, NO_ID, bell.set, bad, "key")
                    self.failing(TypeError, NO_ID, bell.set, Sealed(bad, "key"))
                    self.failing(TypeError, NO_ID, bell.set_all, [(bad, "key")])
            for bad in ("22482", b"22482", bytearray(b"22482"), bell.new_sealed()):
                self.failing(TypeError, "in place of several", bell.wait_any, bad)
                self.failing(TypeError, "in place of several", bell.set_all, bad)
            for bad in (None, False, 7, 7.0, uuid.uuid4()):
                self.failing(TypeError, "is not a list of event ids", bell.wait_any, bad)
                self.failing(TypeError, "is not a list of event ids", bell.set_all, bad)
            self.assertEqual(node.requests, [])

    def test_an_id_may_be_of_a_kind_of_str_or_int(self):
        class Number(enum.IntEnum):
            SEVEN = 7

        class Text(str, enum.Enum):
            SEVEN = "7"

        bell = self.client("http://bell")
        for id in Number.SEVEN, Text.SEVEN:
            self.assertEqual(bell.header(id), ("Doorbell-Wait", "7"))

    def test_a_key_is_in_no_sentence(self):
        bell = self.client("http://bell")
        sealed = Sealed("1", "open-sesame")
        for bad in (sealed, ("1", "open-sesame"), ("1", "open-sesame", 3)):
            for call, given in ((bell.wait, bad), (bell.header, bad), (bell.wait_any, [bad]),
                                (bell.set, (bad, "open-sesame")), (bell.set, bad[:2] + (1,)),
                                (bell.set_all, [bad[:2] + (1,)]), (bell.set_all, [("1", [bad])])):
                error = self.failing(TypeError, "", call, given)
                self.assertNotIn("sesame", str(error))

    def test_a_malformed_key_is_a_ValueError_and_nothing_is_sent(self):
        with FakeNode() as node:
            bell = self.client(node.url)
            for bad in ("two words", "a\nb", "schlüssel", "k" * 129):
                self.failing(ValueError, "^A key is", bell.set, 1, bad)
                self.failing(ValueError, "^A key is", bell.set_all, [(1, bad)])
            for bad in (None, False, 7, b"key"):
                self.failing(TypeError, "^A key is", bell.set_all, [(1, bad)])
            for bad in (False, 7, b"key"):
                self.failing(TypeError, "^A key is", bell.set, 1, bad)
            self.assertEqual(node.requests, [])

    def test_a_wait_is_for_1_to_64_ids(self):
        bell = self.client(self.real.url)
        self.failing(ValueError, "1 to 64 ids, not 0", bell.wait_any, [])
        self.failing(ValueError, "1 to 64 ids, not 65", bell.wait_any, range(65))
        self.assertRaises(TimeoutError, bell.wait_any, [bell.new_id() for _ in range(64)], 0)

    def test_an_option_out_of_bounds_is_a_ValueError(self):
        bell = self.client("http://127.0.0.1")
        nan = float("nan")
        for bad in (-1, nan, 1e9):
            self.failing(ValueError, "^The timeout is from 0 to", bell.wait, 1, bad)
            for name in ("hold", "patience", "spread"):
                self.failing(ValueError, f"^The {name} is from", self.client,
                             "http://127.0.0.1", **{name: bad})
            self.failing(ValueError, "^The timeout is from 0 to", bell.set, 1, timeout=bad)
            self.failing(ValueError, "^The timeout is from 0 to", bell.set_all, [1], timeout=bad)
        for bad in (True, "5", [5]):
            self.failing(TypeError, "^The timeout is a number of seconds", bell.wait, 1, bad)
            self.failing(TypeError, "^The timeout is a number of seconds", bell.set, 1, "", bad)
            self.failing(TypeError, "^The hold is a number", self.client, "http://bell", hold=bad)

    def test_a_node_is_a_plain_http_url(self):
        for bad in ("", "127.0.0.1:8080", "ftp://bell", "http://", "http://bell?x", "http://bell#x",
                    "http://a:b@bell", "http://bell:x", "http://bell:99999", "http://[::1",
                    "http://a..b", "http://bell/\r\nX: y", "http://be ll", "http://:80", "http://bell:0",
                    "http://be\0ll", None, False, 7, b"http://bell"):
            with self.subTest(node=bad):
                self.failing(ValueError, "^A node is an http or https URL", self.client, bad)

    def test_a_topic_needs_a_secret_and_a_version_from_0(self):
        self.failing(ValueError, "need a secret", self.client("http://bell").topic, "chat")
        self.failing(ValueError, "not empty", self.client("http://bell", secret="").topic, "")
        topic = self.client("http://bell", secret="s").topic("chat")
        self.failing(ValueError, "0 or more", topic.at, -1)
        for bad in ("1", 1.0, None, False, True):
            self.failing(TypeError, f"^A version is an int, 0 or more, not '?{bad}", topic.at, bad)
        for bad in (None, False, 7, b"chat"):
            self.failing(TypeError, "^A topic's name is a str", self.client("http://b", secret="s")
                         .topic, bad)
        for bad in (False, 7, b"secret"):
            self.failing(TypeError, "^A secret is a str", self.client, "http://b", secret=bad)

    # A node that is down, slow, silent, or isn't one

    def test_a_node_that_is_down_is_an_error_in_time_with_its_reason(self):
        holder, url = nobody()
        with holder:
            bell = self.client(url, patience=0.3)
            # The last try may have too little time to be refused.
            why = ".*(111|silent)"
            late = self.failing(TimeoutError, f"^1 was not set within 0.3 s: {why}", bell.wait, 1, 0.3)
            self.assertIsInstance(late.__cause__, OSError)
            late = self.failing(DoorbellError, f"^1 could not be set within 0.3 s: {why}", bell.set, 1)
            self.assertEqual(late.status, 0)
            self.assertIsInstance(late.__cause__, OSError)
            self.failing(DoorbellError, "^2 events could not be set within", bell.set_all, [1, 2])
            self.failing(DoorbellError, "^1 could not be set within 0.1 s", bell.set, 1, timeout=0.1)

    def test_a_name_that_is_not_found_is_an_error_in_time_with_its_reason(self):
        with unittest.mock.patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "no name")):
            bell = self.client("http://bell.test", patience=0.3)
            late = self.failing(TimeoutError, "^1 was not set .*(no name|silent)", bell.wait, 1, 0.3)
            self.assertIsInstance(late.__cause__, OSError)
            self.failing(DoorbellError, "^1 could not be set .*(no name|silent)", bell.set, 1)

    def test_a_node_that_is_silent_is_an_error_in_time(self):
        with FakeNode() as node:
            bell = self.client(node.url, patience=0.3)
            late = self.failing(TimeoutError, "^1 was not set.*silent", bell.wait, 1, 0.1)
            self.assertEqual(str(late.__cause__), "The node is silent.")
            self.assertTrue(node.hung_up.wait(60))
            late = self.failing(DoorbellError, "silent", bell.set, 1)
            self.assertEqual(late.status, 0)

    def test_each_kind_of_failure_is_told_once(self):
        with FakeNode(answer(503), b"", answer(503, "full"), b"", answer(500), wake(1),
                      answer(503), answer(201)) as node:
            bell = self.client(node.url)
            bell.bell._chance = lambda: 0.0  # no pauses
            with self.assertLogs("doorbell", "WARNING") as told:
                bell.wait(1)
                bell.set(1, timeout=60)
            self.assertEqual(len(node.requests), 8)
            self.assertEqual([record.levelname for record in told.records], ["WARNING"] * 3)
            for line, said in zip(told.output, ("status 503", "hung up", "status 500")):
                self.assertIn(node.url, line)
                self.assertIn(said, line)

    # What no other try can mend

    def no_retry(self, node, url, pattern, status, **options):
        """Each call is an error with its reason, after one request."""
        bell = self.client(url, patience=600, **options)
        for call, given in ((bell.wait, (1,)), (bell.set, (1,)), (bell.set_all, ([1],))):
            before = len(node.requests)
            refused = self.failing(DoorbellError, pattern, call, *given)
            self.assertIn(refused.status, status)
            self.assertIn(url, str(refused))
            self.assertLessEqual(len(node.requests) - before, 1)

    def test_what_is_no_answer_of_a_node_is_an_error_at_once(self):
        for name, nonsense in NO_NODE.items():
            with self.subTest(name), FakeNode(*[nonsense] * 30) as node:  # also to who asks again
                self.no_retry(node, node.url, "is not a Doorbell node: ", (0, 200, 201))

    def test_an_answer_to_another_question_is_an_error_at_once(self):
        with FakeNode(wake("224820"), answer(200, '{"set":"22482 and more"}'), answer(201),
                      answer(206, '{"set":["22482"]}')) as node:
            bell = self.client(node.url)
            for _ in range(4):
                self.failing(DoorbellError, "is not a Doorbell node", bell.wait, 22482)
        with FakeNode(answer(204), answer(202), wake(22482)) as node:
            for _ in range(3):
                self.failing(DoorbellError, "is not a Doorbell node", self.client(node.url).set, 22482)

    def test_a_token_goes_with_sets_and_not_with_waits(self):
        with FakeNode(answer(201), answer(200, '{"set":1,"already":0}'), wake(3)) as node:
            bell = self.client(node.url, token="abc._~+/-09==")
            self.assertTrue(bell.set(1))
            self.assertEqual(bell.set_all([2]), (1, 0))
            self.assertIsNone(bell.wait(3))
            for request in node.requests[:2]:
                self.assertIn("Authorization: Bearer abc._~+/-09==", request.headers)
            self.assertNotIn("Authorization", "".join(node.requests[2].headers))
        for token in ("", "two words", "a\r\nb", "a\n", "a=b"):
            with self.assertRaisesRegex(ValueError, "^A token has letters"):
                self.client(node.url, token=token)

    def test_a_set_that_is_refused_for_its_token_is_not_tried_again(self):
        for status in (401, 403):
            refusal = answer(status, '{"detail":"a set needs a token here"}')
            with FakeNode(refusal) as node:
                bell = self.client(node.url, token="abc")
                refused = self.failing(DoorbellError, "^a set needs a token here .status", bell.set, 1)
                self.assertEqual(refused.status, status)
                self.assertEqual(len(node.requests), 1)

    def test_an_answer_that_is_packed_is_an_error_that_names_it(self):
        packed = gzip.compress(b'{"set":["1"]}', mtime=0).decode("latin-1")
        for field in ("Content-Encoding: gzip", "Content-Encoding: x-gzip, identity",
                      "content-encoding: GZIP", "Transfer-Encoding: gzip"):
            with FakeNode(*[answer(200, packed, field)] * 3) as node:
                name = re.search("(?i)(x-)?gzip", field)[0].lower()
                self.no_retry(node, node.url, f"its answer is in {name}, which nobody asked", (200,))
                for request in node.requests:
                    self.assertIn("Accept-Encoding: identity", request.headers)
        with FakeNode(answer(200, '{"set":["1"]}', "Content-Encoding: identity")) as node:
            self.assertIsNone(self.client(node.url).wait(1))
        with FakeNode(answer(403, packed, "Content-Encoding: gzip")) as node:
            self.failing(DoorbellError, r"^The node refused. \(status 403\)$",
                         self.client(node.url).set, 1)

    def test_a_node_that_is_slow_is_an_error_in_time(self):
        drip = [piece for byte in answer(201) for piece in (bytes([byte]), 0.2)]
        with FakeNode(drip) as node:
            bell = self.client(node.url, patience=0.4)
            self.failing(DoorbellError, "silent", bell.set, 1)

    def test_an_answer_in_pieces_is_an_answer(self):
        drip = [piece for byte in wake(1) for piece in (bytes([byte]), 0.0)]
        chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        pieces = [chunks, b"8\r\n", b'{"set":[\r\n', b"4\r\n", 0.01, b'"1"]\r\n1\r\n}\r\n0\r\n\r\n']
        zeros = [chunks, b'0000000d;x=y\r\n{"set":["1"]}\r\n', 0.01, b"0" * 300 + b"\r\n\r\n", HOURS]
        to_the_end = [b"HTTP/1.1 200 OK\r\n\r\n", 0.01, b'{"set":["1"]}']
        with FakeNode(drip, pieces, zeros, to_the_end) as node:
            bell = self.client(node.url)
            for _ in range(4):
                self.assertIsNone(bell.wait(1))
            self.assertEqual(len(node.requests), 4)

    def test_an_interim_answer_is_read_over(self):
        go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
        hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX: y\r\n\r\n"
        wakes = [[hints + wake(1)], [go_on, 0.05, wake(1)], [hints, 0.05, go_on + hints, 0.05, wake(1)],
                 [b"HTTP/1.1 102\r\n\r\n", 0.05, wake(1)[:9], 0.05, wake(1)[9:]],
                 [piece for byte in hints + go_on + wake(1) for piece in (bytes([byte]), 0.0)]]
        sets = [[go_on, 0.05, answer(201)], [hints + answer(201)], [hints, 0.05, hints, answer(201)]]
        with FakeNode(*wakes, *sets) as node:
            bell = self.client(node.url)
            for _ in wakes:
                self.assertIsNone(bell.wait(1))
            for _ in sets:
                self.assertTrue(bell.set(1))
            self.assertEqual(len(node.requests), len(wakes) + len(sets))
        with FakeNode([hints, 0.05, answer(403, "no")], [hints, 0.05], answer(201)) as node:
            self.failing(DoorbellError, "^no .status 403", self.client(node.url).set, 1)
            self.assertTrue(self.client(node.url).set(1))

    def test_another_protocol_that_nobody_asked_for_is_an_error_at_once(self):
        upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
        with FakeNode(upgrade, upgrade) as node:
            for call in self.client(node.url).wait, self.client(node.url).set:
                self.failing(DoorbellError, "status 101", call, 1)

    def test_an_answer_ends_by_its_length_and_not_with_the_connection(self):
        with FakeNode([answer(201), HOURS]) as node:
            self.assertTrue(self.client(node.url).set(1))

    def test_what_breaks_off_ends_no_wait_and_is_an_error_in_time(self):
        for name, broken in BROKEN.items():
            with self.subTest(name), FakeNode(*[broken] * 50) as node:
                bell = self.client(node.url, patience=0.1)
                late = self.failing(TimeoutError, "^22482 was not set", bell.wait, 22482, 0.1)
                self.assertIsNotNone(late.__cause__)
                self.failing(DoorbellError, "^22482 could not be set", bell.set, 22482)
                self.failing(DoorbellError, "^1 events could not be", bell.set_all, [22482])

    def test_a_set_outlives_what_passes(self):
        with FakeNode(b"", answer(503, "{}", "Retry-After: 0"), answer(408), answer(502, "<html>"),
                      answer(201)) as node:
            bell = self.client(node.url)
            bell.bell._chance = lambda: 0.01  # short pauses
            self.assertTrue(bell.set(22482))
            self.assertEqual(node.lines(), ["POST /22482"] * 5)

    def test_a_wait_outlives_what_passes(self):
        with FakeNode(b"", answer(503), answer(204), answer(429), wake(22482)[:-9],
                      wake(22482)) as node:
            bell = self.client(node.url)
            bell.bell._chance = lambda: 0.01
            self.assertIsNone(bell.wait(22482))
            self.assertEqual(len(node.requests), 6)

    def test_a_refusal_is_an_error_at_once(self):
        problem = '{"status":400,"detail":"No \\"such\\" thing."}'
        for status, body, said in ((400, problem, 'No "such" thing.'), (410, "gone\n", "gone"),
                                   (405, "", "The node refused."), (413, "x" * 999, "x" * 300 + "…"),
                                   (403, "<html>Forbidden", "The node refused."),
                                   (404, "x" * 99_999, "x" * 300 + "…")):
            with FakeNode(*[answer(status, body)] * 2) as node:
                bell = self.client(node.url)
                for call in (bell.wait, bell.set):
                    refused = self.failing(DoorbellError, "", call, 1)
                    self.assertEqual(str(refused), f"{said} (status {status})")
                    self.assertEqual(refused.status, status)
                self.assertEqual(len(node.requests), 2)

    def test_an_address_without_a_node_is_an_error_at_once(self):
        page = "<html>Not Found</html>"
        for not_found in (answer(404), answer(404, page, "Content-Type: text/html"),
                          [b"HTTP/1.1 404 Not Found\r\n\r\n", HOURS]):
            with FakeNode(*[not_found] * 3) as node:
                self.no_retry(node, node.url + "/doorbell", "^There is no Doorbell node at", (404,))

    def test_a_redirect_is_an_error_at_once_that_names_the_place(self):
        for status in (301, 302, 303, 307, 308):
            for moved in (answer(status, "", "Location: https://elsewhere/1"),
                          answer(status, "<html>Moved", "Location: https://elsewhere/1"),
                          [f"HTTP/1.1 {status} Moved\r\nLocation: https://elsewhere/1\r\n\r\n"
                           .encode(), HOURS]):
                with FakeNode(*[moved] * 3) as node:
                    bell = self.client(node.url)
                    for call, given in ((bell.wait, 1), (bell.set, 1), (bell.set_all, [1])):
                        self.failing(DoorbellError, "^A redirect to https://elsewhere/1 is not "
                                     f"followed. .status {status}", call, given)
                    self.assertEqual(len(node.requests), 3)

    def test_a_proxy_in_the_environment_is_not_used(self):
        holder, url = nobody()
        proxies = {name: url for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy")}
        with holder, unittest.mock.patch.dict(os.environ, {**proxies, "no_proxy": ""}):
            with FakeNode(answer(201)) as node:
                self.assertTrue(self.client(node.url).set(1))

    # On the wire

    def test_a_request_says_what_it_must(self):
        with FakeNode(wake(LONG), answer(201), answer(200, '{"set":2,"already":0}')) as node:
            bell = self.client(node.url + "/base/", hold=1, spread=0.5)
            bell.wait(LONG)
            bell.set(LONG, "k")
            bell.set_all([7, Sealed("8", "key")])
            wait, set, many = node.requests
            self.assertRegex(wait.line, f"^GET /base/{LONG}\\?timeout=(1|0.[89]\\d*) HTTP/1.1$")
            self.assertIn("Accept: application/json", wait.headers)
            self.assertIn(f"Host: 127.0.0.1:{node.port}", wait.headers)
            self.assertEqual(set.line, f"POST /base/{LONG}?spread=0.5 HTTP/1.1")
            self.assertEqual(set.body, "k")
            self.assertEqual(many.line, "POST /base/?spread=0.5 HTTP/1.1")
            self.assertEqual(many.body, "7\n8 key")

    def test_the_header_names_the_events_and_the_public_address_if_there_is_one(self):
        for options, value in (
            ({}, "22482"),
            ({"public": "https://example.com/bell/"}, "https://example.com/bell/22482"),
            ({"public": "https://Bücher.example:8443"}, "https://xn--bcher-kva.example:8443/22482"),
            ({"public": "/doorbell/"}, "/doorbell/22482"),
            ({"public": "/"}, "/22482"),
            ({"public": "https://example.com/a,b"}, "https://example.com/a%2Cb/22482"),
            ({"public": "/a,b"}, "/a%2Cb/22482"),
        ):
            bell = self.client("http://127.0.0.1:8080/", **options)
            self.assertEqual(bell.header(22482), ("Doorbell-Wait", value))
            self.assertEqual(bell.header("22482", 7, uuid.UUID(LONG))[1],
                             f"{value},7,{LONG.lower()}")
        for few_or_many in ((), range(65)):
            self.failing(ValueError, "names 1 to 64 ids", bell.header, *few_or_many)
        for bad in ("bell", "//example.com", "https://a,b", "/a\r\nX: y", "/a?b", "", 7,
                    "/\u00fc", False):
            self.failing(ValueError, "", self.client, "http://bell", public=bad)

    def test_tls_is_spoken_and_certificates_are_checked(self):
        with FakeNode(answer(201), wake(1), tls=self.certificate.server) as node:
            url = node.url.replace("127.0.0.1", "localhost")
            trusting = self.client(url, context=self.certificate.trusted)
            self.assertTrue(trusting.set(1))
            self.assertIsNone(trusting.wait(1))

    def test_a_failure_of_tls_is_an_error_at_once(self):
        trusted, expired = self.certificate.trusted, self.expired
        with FakeNode(tls=self.certificate.server) as node, FakeNode(tls=expired.server) as old, \
                FakeNode(*[[b"HTTP/1.1 400 Bad Request\r\n\r\n"]] * 99, is_deaf=True) as plain:
            name = node.url.replace("127.0.0.1", "localhost")
            self.no_retry(node, name, "^No TLS with .*self.signed certificate", (0,))
            self.no_retry(node, node.url, "^No TLS with .*IP address mismatch", (0,), context=trusted)
            self.no_retry(old, old.url.replace("127.0.0.1", "localhost"),
                          "^No TLS with .*certificate has expired", (0,), context=expired.trusted)
            secure = plain.url.replace("http:", "https:")
            self.no_retry(plain, secure, "^No TLS with .*(?i:wrong.version)", (0,))
            bell = self.client(name)
            self.assertIsInstance(self.failing(DoorbellError, "", bell.wait, 1).__cause__,
                                  ssl.SSLCertVerificationError)

    def test_a_hang_up_in_the_midst_of_tls_is_tried_again(self):
        with FakeNode(b"", b"", is_deaf=True) as node:
            bell = self.client(node.url.replace("http:", "https:"))
            bell.bell._chance = lambda: 0.0
            failed = self.failing(TimeoutError, "^1 was not set", bell.wait, 1, 0.3)
            self.assertIsInstance(failed.__cause__, OSError)

    # The addresses of a name

    def places(self, *addresses):
        """The name bell.test has these addresses."""
        def found(host, port, family=0, type=0, proto=0, flags=0):
            if host != "bell.test":
                return real(host, port, family, type, proto, flags)
            return [(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "",
                     (address, port, 0, 0) if ":" in address else (address, port))
                    for address in addresses]

        real = socket.getaddrinfo
        return unittest.mock.patch("socket.getaddrinfo", found)

    def test_all_addresses_of_a_name_are_tried(self):
        for addresses in (("127.0.0.1",), ("127.0.0.2", "127.0.0.1"), ("127.0.0.1", "127.0.0.2"),
                          ("::1", "127.0.0.2", "127.0.0.1"), ("127.0.0.2", "::1", "127.0.0.1")):
            with self.subTest(addresses), self.places(*addresses), FakeNode(answer(201)) as node:
                bell = self.client(f"http://bell.test:{node.port}")
                self.assertTrue(bell.set(1))
                self.assertEqual(len(node.requests), 1)

    def test_all_addresses_are_tried_where_the_kernel_has_no_ipv6(self):
        for addresses in (("::1", "127.0.0.1"), ("::1", "::2", "127.0.0.2", "127.0.0.1", "::3")):
            with self.subTest(addresses), self.places(*addresses), FakeNode(answer(201)) as node, \
                    unittest.mock.patch("socket.socket", NoIpv6):
                self.assertTrue(self.client(f"http://bell.test:{node.port}").set(1))

    def test_a_name_of_which_no_address_answers_is_an_error_in_time(self):
        holder, url = nobody()
        port = url.rsplit(":", 1)[1]
        with holder, self.places("::1", "127.0.0.2", "127.0.0.1"):
            bell = self.client(f"http://bell.test:{port}", patience=0.3)
            late = self.failing(DoorbellError, "^1 could not be set", bell.set, 1)
            self.assertIsInstance(late.__cause__, OSError)
        with self.places():
            self.failing(TimeoutError, "bell.test has no address|silent", bell.wait, 1, 0.1)

    def test_tls_asks_for_the_name_whichever_address_answers(self):
        with self.places("127.0.0.2", "127.0.0.1"), \
                FakeNode(answer(201), tls=self.certificate.server) as node:
            bell = self.client(f"https://bell.test:{node.port}", context=self.certificate.trusted)
            self.assertTrue(bell.set(1))

    def test_no_secret_and_no_key_is_in_a_repr(self):
        bell = self.client("http://bell", secret="open-sesame")
        sealed = bell.topic("t").at(1)
        for text in map(repr, (bell.bell, bell.topic("t"), sealed)):
            self.assertNotIn("open-sesame", text)
            self.assertNotIn(sealed.key, text)
        self.assertNotIn(sealed.key, str(sealed) + f"{sealed}" + "%s" % (sealed,))


class Certificate:
    """Self-signed, for localhost and bell.test, made for this run."""

    def __init__(self, days):
        with tempfile.TemporaryDirectory() as folder:
            key, cert, names, ask = (
                str(pathlib.Path(folder, name)) for name in ("key.pem", "cert.pem", "names", "ask")
            )
            pathlib.Path(names).write_text("subjectAltName=DNS:localhost,DNS:bell.test")
            for command in (
                ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-keyout", key, "-subj", "/CN=localhost", "-out", ask],
                ["x509", "-req", "-in", ask, "-signkey", key, "-days", str(days), "-extfile", names,
                 "-out", cert],
            ):
                subprocess.run(["openssl", *command], check=True, capture_output=True)
            self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.server.load_cert_chain(cert, key)
            self.trusted = ssl.create_default_context(cafile=cert)


def setUpModule():
    Promises.real = Node()
    unittest.addModuleCleanup(Promises.real.close)
    Promises.certificate, Promises.expired = Certificate(2), Certificate(-1)
    # Failures are told by purpose here.
    silence = logging.NullHandler()
    logging.getLogger("doorbell").addHandler(silence)
    unittest.addModuleCleanup(logging.getLogger("doorbell").removeHandler, silence)


class DoorbellTest(Promises, unittest.TestCase):
    client = Blocking

    def test_a_look_up_of_a_name_that_hangs_is_an_error_in_time(self):
        ends = threading.Event()
        self.addCleanup(ends.set)
        with unittest.mock.patch("socket.getaddrinfo", lambda *_, **__: ends.wait() and []):
            bell = Doorbell("http://bell.test", patience=0.2)
            for _ in range(3):
                self.failing(DoorbellError, "bell.test is still looked up|silent", bell.set, 1)
            late = self.failing(TimeoutError, "still looked up|silent", bell.wait, 1, 0.1)
            self.assertIsInstance(late.__cause__, OSError)
            hang = [thread for thread in threading.enumerate() if "bell.test" in thread.name]
            self.assertEqual(len(hang), 1, "one look-up hangs, whoever waits for it")
            ends.set()
            hang[0].join()

    def test_a_name_is_looked_up_where_no_thread_can_start(self):
        with self.places("127.0.0.1"), FakeNode(answer(201)) as node, unittest.mock.patch.object(
                doorbell._Lookup, "start", side_effect=RuntimeError("can't start new thread")):
            self.assertTrue(Doorbell(f"http://bell.test:{node.port}", patience=HOURS).set(1))


class AsyncDoorbellTest(Promises, unittest.TestCase):
    client = InALoop

    def test_an_address_that_leads_nowhere_holds_up_no_other(self):
        async def open_connection(place, *args, **options):
            if place != "127.0.0.1":
                await asyncio.Event().wait()
            return await real(place, *args, **options)

        real = asyncio.open_connection
        with self.places("127.0.0.2", "::1", "127.0.0.1"), FakeNode(answer(201)) as node, \
                unittest.mock.patch("asyncio.open_connection", open_connection):
            self.assertTrue(self.client(f"http://bell.test:{node.port}").set(1))

    def test_of_two_addresses_that_answer_one_is_asked(self):
        async def open_connection(place, *args, **options):
            opened.append(asyncio.get_running_loop().create_future())
            streams.append(await real("127.0.0.1", *args, **options))
            if len(streams) == 2:  # both have come
                for one, its in zip(opened, streams):
                    one.set_result(its)
            return await opened[len(streams) - 1]

        real, opened, streams = asyncio.open_connection, [], []
        with self.places("127.0.0.2", "127.0.0.3"), FakeNode(answer(201), answer(201)) as node, \
                unittest.mock.patch("asyncio.open_connection", open_connection):
            self.assertTrue(self.client(f"http://bell.test:{node.port}").set(1))
            self.assertEqual(len(streams), 2)
            self.assertTrue(all(writer.transport.is_closing() for _, writer in streams))

    def test_a_wait_costs_no_thread(self):
        async def crowd(bell):
            id = bell.new_id()
            waits = [asyncio.create_task(bell.wait(id)) for _ in range(200)]
            await asyncio.wait(waits, timeout=0.5)
            self.assertFalse(any(wait.done() for wait in waits))
            threads = threading.active_count()
            await bell.set(id, timeout=HOURS)
            await asyncio.gather(*waits)
            return threads

        before = threading.active_count()
        self.assertLessEqual(asyncio.run(crowd(AsyncDoorbell(self.real.url))), before)

    def test_a_cancelled_wait_hangs_up(self):
        async def cancelled(node):
            wait = asyncio.create_task(AsyncDoorbell(node.url).wait(1))
            await asyncio.get_running_loop().run_in_executor(None, node.await_requests, 1)
            wait.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await wait
            return await asyncio.get_running_loop().run_in_executor(None, node.hung_up.wait, HOURS)

        with FakeNode() as node:
            self.assertTrue(asyncio.run(cancelled(node)))
            self.assertEqual(len(node.requests), 1)


class AsyncDoorbellInAPlainLoopTest(Promises, unittest.TestCase):
    client = InAPlainLoop


if uvloop:

    class AsyncDoorbellInUvloopTest(Promises, unittest.TestCase):
        client = InUvloop


# Debian's Python has Debian's uvloop, and may not be the first in the path.
DEBIAN = "/usr/bin/python3"


class UvloopTest(unittest.TestCase):
    def test_uvloop_runs_the_client_too(self):
        if uvloop:
            return  # in this process, above
        if subprocess.run([DEBIAN, "-c", "import uvloop"], capture_output=True).returncode:
            if os.environ.get("CI") != "true":
                self.skipTest("no uvloop: apt-get install python3-uvloop")
        done = subprocess.run(
            [DEBIAN, "-W", "error::ResourceWarning", "-m", "unittest",
             "test_client.AsyncDoorbellInUvloopTest"],
            cwd=pathlib.Path(__file__).parent, capture_output=True, text=True,
            env={**os.environ, "DOORBELL_URL": Promises.real.url,
                 "PYTHONPATH": str(pathlib.Path(doorbell.__file__).parents[1])},
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class LengthsAndNamesTest(unittest.TestCase):
    def test_a_length_that_is_none_is_an_answer_of_no_node(self):
        for head in (
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\nx",
        ):
            data = f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n{{".encode()
            with FakeNode(data, data) as node, self.assertRaises(DoorbellError) as caught:
                Doorbell(node.url).wait(5, timeout=60)
            self.assertIn("is not a Doorbell node", str(caught.exception))

    def test_an_interface_is_for_the_system_and_not_for_the_node(self):
        for zone in ("%25Eth_0", "%Eth_0"):
            bell = Doorbell(f"http://[FE80::1{zone}]:8080")
            self.assertEqual(bell._nodes[0].host.lower(), "fe80::1%eth_0")
            self.assertEqual(bell._nodes[0].host_header.lower(), "[fe80::1]:8080")


class TypesTest(unittest.TestCase):
    def test_every_public_name_is_typed_and_documented(self):
        for name in doorbell.__all__:
            value = getattr(doorbell, name)
            if not inspect.isclass(value):
                continue
            self.assertTrue(value.__doc__, name)
            for method, function in inspect.getmembers(value, inspect.isfunction):
                if method.startswith("_") and method != "__init__":
                    continue
                with self.subTest(f"{name}.{method}"):
                    if function.__module__ == "doorbell" and method != "__init__":
                        self.assertTrue(function.__doc__)
                    if function.__module__ == "doorbell":
                        hints = typing.get_type_hints(function)
                        self.assertIn("return", hints)
                        self.assertEqual(set(inspect.signature(function).parameters) - {"self"},
                                         set(hints) - {"return"})

    def test_both_clients_have_the_same_methods(self):
        for name, method in inspect.getmembers(Doorbell, inspect.isfunction):
            if not name.startswith("_"):
                other = getattr(AsyncDoorbell, name)
                self.assertEqual(inspect.signature(method), inspect.signature(other), name)

    def test_an_error_survives_pickling(self):
        error = pickle.loads(pickle.dumps(DoorbellError("no", 403)))
        self.assertEqual((str(error), error.status), ("no", 403))
        self.assertIsInstance(error, OSError)
