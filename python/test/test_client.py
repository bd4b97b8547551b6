"""What both clients do, over real sockets: once for Doorbell, once for AsyncDoorbell."""

import asyncio
import inspect
import os
import pathlib
import pickle
import ssl
import subprocess
import tempfile
import threading
import time
import typing
import unittest
import unittest.mock
import uuid

import doorbell
from doorbell import AsyncDoorbell, Doorbell, DoorbellError, Sealed

from fake import FakeNode, answer, nobody, wake
from node import Node

LONG = "550E8400-E29B-41D4-A716-446655440000"
NONSENSE = {
    "a login page": answer(200, "<html>Log in</html>", "Content-Type: text/html"),
    "other JSON": answer(200, '{"set":"22482 and more"}'),
    "another id": wake("224820"),
    "deep JSON": answer(200, "[" * 60_000),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "half an answer": wake("22482")[:-5],
    "nothing": b"",
    "binary": bytes(range(256)) + b"\r\n\r\n",
    "201 with a page": answer(201, "<html>Made</html>"),
    "an endless answer": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000,
}


class Blocking:
    def __init__(self, url, **options):
        self.bell = Doorbell(url, **options)

    def __getattr__(self, name):
        return getattr(self.bell, name)


class InALoop:
    def __init__(self, url, **options):
        self.bell = AsyncDoorbell(url, **options)

    def __getattr__(self, name):
        method = getattr(self.bell, name)
        if not inspect.iscoroutinefunction(method):
            return method
        return lambda *args, **options: asyncio.run(method(*args, **options))


class Promises:
    """Mixed into a test of each client."""

    def failing(self, error, pattern, seconds, call, *args, **options):
        began = time.monotonic()
        with self.assertRaisesRegex(error, pattern) as failed:
            call(*args, **options)
        took = time.monotonic() - began
        self.assertLess(took, seconds, "it came late")
        return failed.exception

    # A real node

    def test_a_wait_ends_when_somebody_sets(self):
        bell = self.client(self.real.url)
        id = bell.new_id()
        done = threading.Event()
        waiting = threading.Thread(target=lambda: (bell.wait(id, 20), done.set()))
        waiting.start()
        self.assertRaises(TimeoutError, bell.wait, id, 0.2)
        self.assertFalse(done.is_set())
        self.assertTrue(bell.set(id))
        waiting.join(10)
        self.assertTrue(done.is_set())
        self.assertFalse(bell.set(id))

    def test_an_id_may_be_a_text_an_int_or_a_UUID(self):
        bell = self.client(self.real.url)
        id = uuid.uuid4()
        self.assertTrue(bell.set(id))
        self.assertFalse(bell.set(id.int))
        self.assertIsNone(bell.wait(str(id).upper(), 0))

    def test_wait_any_gives_those_that_are_set_as_they_were_given(self):
        bell = self.client(self.real.url)
        one, other, unset = uuid.uuid4(), int(bell.new_id()), bell.new_id()
        bell.set_all([one, other])
        self.assertEqual(bell.wait_any([unset, other, one, one], 5), [other, one])

    def test_a_sealed_id_is_set_by_its_key_alone(self):
        bell = self.client(self.real.url)
        sealed = bell.new_sealed()
        refused = self.failing(DoorbellError, "sealed.*403", 5, bell.set, sealed.id)
        self.assertEqual(refused.status, 403)
        refused = self.failing(DoorbellError, "sealed.*403", 5, bell.set, sealed.id, "wrong")
        self.assertEqual(refused.status, 403)
        refused = self.failing(
            DoorbellError, "403", 5, bell.set_all, [bell.new_id(), (sealed.id, "wrong")]
        )
        self.assertEqual(refused.status, 403)
        self.assertRaises(TimeoutError, bell.wait, sealed.id, 0)
        self.assertTrue(bell.set(sealed))
        self.assertFalse(bell.set(sealed.id, sealed.key))
        self.assertEqual(bell.set_all([sealed, bell.new_sealed(), bell.new_id()]), (2, 1))
        self.assertIsNone(bell.wait(sealed.id, 0))

    def test_a_derived_id_is_found_by_all_who_know_the_secret(self):
        secret = Doorbell.new_id()
        bell, other = (self.client(self.real.url, secret=secret) for _ in range(2))
        self.assertTrue(bell.set(bell.topic("room/7").at(3)))
        self.assertIsNone(other.wait(other.topic("room/7").at(3).id, 0))

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
                        error = self.failing(ValueError, "not ['0]?", 1, call, bad)
                        self.assertLess(len(str(error)), 200)
                    self.failing(ValueError, "An event id is", 1, bell.wait_any, [1, bad])
                    self.failing(ValueError, "An event id is", 1, bell.set_all, [1, bad])
            self.assertEqual(node.requests, [])

    def test_what_is_no_id_by_its_type_is_a_TypeError(self):
        bell = self.client("http://127.0.0.1")
        for bad in (None, 1.0, True, b"1", [1]):
            self.assertRaises(TypeError, bell.wait, bad)
            self.assertRaises(TypeError, bell.set, bad)
        for bad in ("22482", bell.new_sealed()):
            self.assertRaises(TypeError, bell.wait_any, bad)
            self.assertRaises(TypeError, bell.set_all, bad)

    def test_a_malformed_key_is_a_ValueError_and_nothing_is_sent(self):
        with FakeNode() as node:
            bell = self.client(node.url)
            for bad in ("two words", "a\nb", "schlüssel", "k" * 129):
                self.failing(ValueError, "^A key is", 1, bell.set, 1, bad)
                self.failing(ValueError, "^A key is", 1, bell.set_all, [(1, bad)])
            self.assertEqual(node.requests, [])

    def test_a_wait_is_for_1_to_64_ids(self):
        bell = self.client(self.real.url)
        self.failing(ValueError, "1 to 64 ids, not 0", 1, bell.wait_any, [])
        self.failing(ValueError, "1 to 64 ids, not 65", 1, bell.wait_any, range(65))
        self.assertRaises(TimeoutError, bell.wait_any, [bell.new_id() for _ in range(64)], 0)

    def test_an_option_out_of_bounds_is_a_ValueError(self):
        bell = self.client("http://127.0.0.1")
        nan = float("nan")
        for bad in (-1, nan, 1e9):
            self.failing(ValueError, "^The timeout is from 0 to", 1, bell.wait, 1, bad)
            for name in ("hold", "patience", "spread"):
                self.failing(ValueError, f"^The {name} is from", 1, self.client,
                             "http://127.0.0.1", **{name: bad})

    def test_a_node_is_a_plain_http_url(self):
        for bad in ("", "127.0.0.1:8080", "ftp://bell", "http://", "http://bell?x", "http://bell#x",
                    "http://a:b@bell", "http://bell:x", "http://bell:99999", "http://[::1",
                    "http://a..b", "http://bell/\r\nX: y", "http://be ll", "http://:80"):
            with self.subTest(node=bad):
                self.failing(ValueError, "^A node is an http or https URL", 1, self.client, bad)

    def test_a_topic_needs_a_secret_and_a_version_from_0(self):
        self.failing(ValueError, "need a secret", 1, self.client("http://bell").topic, "chat")
        self.failing(ValueError, "not empty", 1, self.client("http://bell", secret="").topic, "")
        topic = self.client("http://bell", secret="s").topic("chat")
        self.failing(ValueError, "0 or more", 1, topic.at, -1)
        for bad in ("1", 1.0, None):
            self.assertRaises(TypeError, topic.at, bad)

    # A node that is down, slow, silent, or isn't one

    def test_a_node_that_is_down_is_an_error_in_time(self):
        holder, url = nobody()
        with holder:
            bell = self.client(url, patience=0.3)
            late = self.failing(TimeoutError, "^1 was not set within 0.3 s.$", 2, bell.wait, 1, 0.3)
            self.assertIsInstance(late.__cause__, ConnectionRefusedError)
            late = self.failing(DoorbellError, "^1 could not be set within 0.3 s: .*111", 2,
                                bell.set, 1)
            self.assertEqual(late.status, 0)
            self.failing(DoorbellError, "^2 events could not be set", 2, bell.set_all, [1, 2])

    def test_a_node_that_is_silent_is_an_error_in_time(self):
        with FakeNode() as node:
            bell = self.client(node.url, patience=0.3)
            late = self.failing(TimeoutError, "^1 was not set", 4, bell.wait, 1, 0.1)
            self.assertEqual(str(late.__cause__), "The node is silent.")
            self.assertTrue(node.hung_up.wait(5))
            late = self.failing(DoorbellError, "silent", 2, bell.set, 1)
            self.assertEqual(late.status, 0)

    def test_a_node_that_is_slow_is_an_error_in_time(self):
        drip = [piece for byte in answer(201) for piece in (bytes([byte]), 0.05)]
        with FakeNode(drip) as node:
            bell = self.client(node.url, patience=0.4)
            self.failing(DoorbellError, "silent", 2, bell.set, 1)

    def test_an_answer_in_pieces_is_an_answer(self):
        drip = [piece for byte in wake(1) for piece in (bytes([byte]), 0.0)]
        chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        pieces = [chunks, b"8\r\n", b'{"set":[\r\n', b"4\r\n", 0.01, b'"1"]\r\n1\r\n}\r\n0\r\n\r\n']
        to_the_end = [b"HTTP/1.1 200 OK\r\n\r\n", 0.01, b'{"set":["1"]}']
        with FakeNode(drip, pieces, to_the_end) as node:
            bell = self.client(node.url)
            for _ in range(3):
                self.assertIsNone(bell.wait(1, 5))
            self.assertEqual(len(node.requests), 3)

    def test_an_answer_ends_by_its_length_and_not_with_the_connection(self):
        with FakeNode([answer(201), 15.0]) as node:
            self.assertTrue(self.client(node.url, patience=5).set(1))

    def test_nonsense_ends_no_wait_and_is_an_error_in_time(self):
        for name, nonsense in NONSENSE.items():
            with self.subTest(name), FakeNode(*[nonsense] * 50) as node:
                bell = self.client(node.url, patience=0.1)
                late = self.failing(TimeoutError, "^22482 was not set", 4, bell.wait, 22482, 0.1)
                self.assertIsNotNone(late.__cause__)
                self.failing(DoorbellError, "^22482 could not be set", 2, bell.set, 22482)
                self.failing(DoorbellError, "^1 events could not be", 2, bell.set_all, [22482])

    def test_a_set_outlives_what_passes(self):
        with FakeNode(b"", answer(503, "{}", "Retry-After: 0"), answer(200, "<html>"),
                      answer(201)) as node:
            bell = self.client(node.url)
            bell.bell._chance = lambda: 0.1  # short pauses
            self.assertTrue(bell.set(22482))
            self.assertEqual(node.lines(), ["POST /22482"] * 4)

    def test_a_wait_outlives_what_passes(self):
        with FakeNode(b"", answer(503), answer(204), b"junk\r\n\r\n", wake(22482)) as node:
            bell = self.client(node.url)
            bell.bell._chance = lambda: 0.1
            self.assertIsNone(bell.wait(22482))
            self.assertEqual(len(node.requests), 5)

    def test_a_refusal_is_an_error_at_once(self):
        problem = '{"status":400,"detail":"No \\"such\\" thing."}'
        for status, body, said in ((400, problem, 'No "such" thing.'), (404, "gone\n", "gone"),
                                   (405, "", "The node refused."), (413, "x" * 999, "x" * 300 + "…")):
            with FakeNode(*[answer(status, body)] * 2) as node:
                bell = self.client(node.url)
                for call in (bell.wait, bell.set):
                    refused = self.failing(DoorbellError, "", 5, call, 1)
                    self.assertEqual(str(refused), f"{said} (status {status})")
                    self.assertEqual(refused.status, status)

    def test_a_redirect_is_not_followed(self):
        with FakeNode(answer(302, "", "Location: http://elsewhere/")) as node:
            self.failing(DoorbellError, "A redirect to http://elsewhere/ is not followed", 5,
                         self.client(node.url).set, 1)

    def test_a_proxy_in_the_environment_is_not_used(self):
        holder, url = nobody()
        proxies = {name: url for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy")}
        with holder, unittest.mock.patch.dict(os.environ, {**proxies, "no_proxy": ""}):
            with FakeNode(answer(201)) as node:
                self.assertTrue(self.client(node.url, patience=1).set(1))

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

    def test_the_header_names_the_event_where_pages_find_it(self):
        self.assertEqual(self.client("http://bell:8080/").header(22482),
                         ("Doorbell-Wait", "http://bell:8080/22482"))
        self.assertEqual(self.client("http://bell", public="https://example.com/bell/").header(7),
                         ("Doorbell-Wait", "https://example.com/bell/7"))

    def test_tls_is_spoken_and_certificates_are_checked(self):
        with FakeNode(answer(201), tls=self.certificate.server) as node:
            url = node.url.replace("127.0.0.1", "localhost")
            self.failing(DoorbellError, "certificate", 5, self.client(url, patience=2).set, 1)
            trusting = self.client(url, context=self.certificate.trusted)
            self.assertTrue(trusting.set(1))
            node.answers[1:] = [wake(1)]
            self.assertIsNone(trusting.wait(1, 5))

    def test_no_secret_and_no_key_is_in_a_repr(self):
        bell = self.client("http://bell", secret="open-sesame")
        sealed = bell.topic("t").at(1)
        for text in map(repr, (bell.bell, bell.topic("t"), sealed)):
            self.assertNotIn("open-sesame", text)
            self.assertNotIn(sealed.key, text)
        self.assertNotIn(sealed.key, str(sealed) + f"{sealed}" + "%s" % (sealed,))


class Certificate:
    """Self-signed, for localhost, made for this run."""

    def __init__(self):
        with tempfile.TemporaryDirectory() as folder:
            key, cert = (str(pathlib.Path(folder, name)) for name in ("key.pem", "cert.pem"))
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=DNS:localhost"],
                check=True, capture_output=True,
            )
            self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.server.load_cert_chain(cert, key)
            self.trusted = ssl.create_default_context(cafile=cert)


def setUpModule():
    Promises.real = Node()
    unittest.addModuleCleanup(Promises.real.close)
    Promises.certificate = Certificate()


class DoorbellTest(Promises, unittest.TestCase):
    client = Blocking


class AsyncDoorbellTest(Promises, unittest.TestCase):
    client = InALoop

    def test_a_wait_costs_no_thread(self):
        async def crowd(bell):
            id = bell.new_id()
            waits = [asyncio.create_task(bell.wait(id)) for _ in range(200)]
            await asyncio.wait(waits, timeout=0.5)
            self.assertFalse(any(wait.done() for wait in waits))
            threads = threading.active_count()
            await bell.set(id)
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
            return await asyncio.get_running_loop().run_in_executor(None, node.hung_up.wait, 5)

        with FakeNode() as node:
            self.assertTrue(asyncio.run(cancelled(node)))
            self.assertEqual(len(node.requests), 1)


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
