"""Several nodes that share a store: which is asked when, and for how long."""

import asyncio
import concurrent.futures
import logging
import socket
import time
import unittest

from doorbell import AsyncDoorbell, Doorbell, DoorbellError

from fake import FakeNode, answer, nobody, wake
from test_client import Certificate
from test_steps import NOT_YET, WAKE, HandClock
from test_steps import answer as answered

URLS = ["http://a.test", "http://b.test:8080", "https://c.test/bell"]
SET = answered(201)
SLACK = 3.0  # seconds, for what a machine does besides


class Quiet(unittest.TestCase):
    def setUp(self):
        # Failures are told by purpose here.
        silence = logging.NullHandler()
        logging.getLogger("doorbell").addHandler(silence)
        self.addCleanup(logging.getLogger("doorbell").removeHandler, silence)


class OrderTest(Quiet):
    """The steps are taken by hand, so no time passes."""

    def setUp(self):
        super().setUp()
        self.clock = HandClock(URLS)

    def begin(self, steps):
        self.steps = steps
        return self.asked(next(steps))

    def set(self, timeout=None):
        return self.begin(self.clock.bell._set("22482", "", timeout))

    def tell(self, outcome, after=0.0):
        self.clock.now += after
        return self.steps.send(outcome)

    def then(self, outcome, after=0.0):
        return self.asked(self.tell(outcome, after))

    def asked(self, step):
        self.seconds, self.data = step.seconds, step.data
        return step.node.url

    def done(self, outcome):
        with self.assertRaises(StopIteration) as done:
            self.tell(outcome)
        return done.exception.value

    def fails(self, outcome, after=0.0):
        with self.assertRaises(OSError) as failed:
            self.tell(outcome, after)
        return failed.exception

    def test_what_may_pass_is_tried_at_the_next_node_at_once(self):
        for outcome in (*map(answered, (408, 429, 500, 502, 503, 504)), OSError("refused"),
                        TimeoutError("The node is silent.")):
            with self.subTest(outcome=outcome):
                self.setUp()
                self.assertEqual(self.set(), URLS[0])
                self.assertEqual(self.then(outcome), URLS[1])
                self.assertEqual(self.then(outcome), URLS[2])
                self.assertIs(self.done(SET), True)

    def test_a_refusal_is_not_tried_elsewhere(self):
        for status in (301, 400, 401, 403, 404, 413):
            self.set()
            refused = self.fails(answered(status, '{"detail":"No."}'))
            self.assertEqual(refused.status, status)
            self.assertIn(URLS[0], str(refused))
            self.assertNotIn(URLS[1], str(refused))

    def test_each_node_gets_an_equal_part_of_the_time_that_is_left(self):
        self.set(timeout=0.9)
        self.assertAlmostEqual(self.seconds, 0.3)
        self.then(TimeoutError("The node is silent."), after=0.3)
        self.assertAlmostEqual(self.seconds, 0.3)
        self.then(OSError("refused"))
        self.assertAlmostEqual(self.seconds, 0.6)
        self.fails(TimeoutError("The node is silent."), after=0.6)
        self.begin(self.clock.bell._set_all(["1", ("2", "key")], 0.6))
        self.assertAlmostEqual(self.seconds, 0.2)

    def test_a_round_is_followed_by_a_pause_that_grows(self):
        self.set(timeout=60)
        for pause in (0.5, 1.0, 2.0):
            self.then(OSError("refused"))
            self.then(OSError("refused"))
            self.assertAlmostEqual(self.tell(OSError("refused")), pause)
            self.assertEqual(self.then(None, after=pause), URLS[0])

    def test_no_node_is_asked_again_before_the_longest_retry_after(self):
        self.set(timeout=60)
        self.then(answered(503, Retry_After="8"))
        self.then(answered(503, Retry_After="2"))
        self.assertAlmostEqual(self.tell(OSError("refused")), 12.0)

    def test_sets_stay_at_the_node_that_works_and_who_failed_last_comes_last(self):
        self.set()
        self.then(answered(503))
        self.done(SET)
        for _ in range(2):
            self.assertEqual(self.set(), URLS[1])
            self.done(SET)
        self.assertEqual(self.set(), URLS[1])
        self.assertEqual(self.then(answered(503)), URLS[2])
        self.done(SET)
        self.assertEqual(self.set(), URLS[2])
        self.assertEqual(self.then(answered(503)), URLS[0])
        self.assertEqual(self.then(answered(503)), URLS[1])

    def test_two_that_find_the_same_node_away_leave_it_once(self):
        one, other = (self.clock.bell._set(id, "", None) for id in ("1", "2"))
        next(one), next(other)
        self.assertEqual(one.send(OSError("refused")).node.url, URLS[1])
        self.assertEqual(other.send(OSError("refused")).node.url, URLS[1])
        self.assertEqual(self.set(), URLS[1])

    def test_two_threads_that_find_it_at_the_same_moment_leave_it_once_too(self):
        class Racing(Doorbell):
            """In which another thread fares the same, just after this one has looked."""

            meanwhile = None

            @property
            def _first(self):
                first, run, self.meanwhile = self.first, self.meanwhile, None
                if run:
                    run()
                return first

            @_first.setter
            def _first(self, first):
                self.first = first

        bell = Racing(URLS)
        one, other = (bell._set(id, "", None) for id in ("1", "2"))
        next(one), next(other)
        bell.meanwhile = lambda: other.send(OSError("refused"))
        self.assertEqual(one.send(OSError("refused")).node.url, URLS[1])
        self.assertEqual(next(bell._set("3", "", None)).node.url, URLS[1])

    def test_the_error_names_all_that_were_tried_each_with_its_reason(self):
        self.set(timeout=1)
        self.then(OSError("refused"))
        self.then(answered(503, '{"detail":"No room."}', Retry_After="9"))
        late = self.fails(TimeoutError("The node is silent."), after=0.5)
        reasons = (f"{URLS[0]}: refused; {URLS[1]}: No room. (status 503);"
                   f" {URLS[2]}: The node is silent.")
        self.assertEqual(str(late), f"22482 could not be set within 1 s: {reasons}")
        self.assertIsInstance(late.__cause__, TimeoutError)
        self.clock = HandClock(URLS)
        self.set()
        self.then(OSError("refused"))
        refused = self.fails(answered(403, '{"detail":"No."}'))
        self.assertEqual(str(refused), f"{URLS[0]}: refused; {URLS[1]}: No. (status 403).")
        self.assertEqual((type(refused), refused.status), (DoorbellError, 403))

    def wait(self, timeout=None):
        return self.begin(self.clock.bell._wait(["22482"], timeout))

    def test_a_wait_goes_to_the_next_node_where_one_fails(self):
        self.assertEqual(self.wait(30), URLS[0])
        self.assertEqual(self.then(OSError("refused")), URLS[1])
        self.assertEqual(self.then(NOT_YET), URLS[2], "it goes away")
        self.assertEqual(self.then(NOT_YET, after=0.9), URLS[2])
        self.assertEqual(self.then(NOT_YET, after=22.5), URLS[2])
        self.assertAlmostEqual(self.seconds, 8.6)
        self.assertEqual(self.done(WAKE), ["22482"])

    def test_a_wait_leaves_a_node_that_hangs_after_its_part(self):
        for timeout, part in ((0, 2 / 3), (4, 2), (10, 4), (30, 10 + 2 / 3), (None, 10.9)):
            with self.subTest(timeout=timeout):
                self.setUp()
                self.assertEqual(self.wait(timeout), URLS[0])
                self.assertAlmostEqual(self.seconds, part)
                silent = TimeoutError("The node is silent.")
                self.assertEqual(self.then(silent, after=self.seconds), URLS[1])
                self.assertEqual(self.then(silent, after=self.seconds), URLS[2])
                self.assertEqual(self.done(WAKE), ["22482"])
                self.assertEqual(self.wait(timeout), URLS[2], "the two are tried last from now on")

    def test_a_node_that_holds_a_wait_as_it_should_is_not_taken_for_one_that_hangs(self):
        self.wait(300)
        for hold in (0.9, 22.5, 22.5):
            self.assertIn(f"?timeout={hold} ".encode(), self.data)
            self.assertGreater(self.seconds, hold + 9)
            self.assertEqual(self.then(NOT_YET, after=hold + 5), URLS[0])

    def test_a_node_that_has_failed_is_heard_anew(self):
        self.wait()
        for _ in range(2):
            self.assertIn(b"?timeout=0.9 ", self.data)
            self.then(NOT_YET, after=0.9)
            self.assertIn(b"?timeout=22.5 ", self.data)
            for _ in URLS:
                pause = self.tell(OSError("refused"))
                if not isinstance(pause, float):
                    self.asked(pause)
            self.asked(self.tell(None, after=pause))

    def test_a_wait_at_one_node_has_no_part_and_no_short_hold(self):
        self.clock = HandClock(URLS[0])
        self.wait(30)
        self.assertIn(b"?timeout=22.5 ", self.data)
        self.assertEqual(self.seconds, 32)

    def test_a_node_that_is_named_twice_has_one_turn(self):
        self.clock = HandClock([URLS[0], "HTTP://A.test:80/", URLS[1], URLS[0]])
        self.wait()
        self.assertEqual(self.then(OSError("refused")), URLS[1])
        self.assertIsInstance(self.tell(OSError("refused")), float)

    def test_the_token_goes_to_each_node_with_sets_alone(self):
        self.clock = HandClock(URLS, token="abc")
        self.set()
        for _ in URLS[1:]:
            self.assertIn(b"\r\nAuthorization: Bearer abc\r\n", self.data)
            self.then(OSError("refused"))
        self.assertIn(b"\r\nAuthorization: Bearer abc\r\n", self.data)
        self.wait()
        self.assertNotIn(b"Authorization", self.data)

    def test_a_wait_that_only_asks_finds_the_node_that_answers(self):
        self.begin(self.clock.bell._wait(["22482"], 0))
        self.assertEqual(self.then(OSError("refused"), after=0.001), URLS[1])
        late = self.fails(NOT_YET, after=0.001)
        self.assertIsNone(late.__cause__)

    def test_a_list_that_is_none_is_an_error(self):
        self.assertRaisesRegex(ValueError, "^Give the URL of a node, or of several.$", Doorbell, [])
        for node in (["http://a.test", "b.test"], [None], ("http://a.test", b"http://b.test")):
            self.assertRaisesRegex(ValueError, "^A node is an http or https URL", Doorbell, node)
        for node in ("http://a.test,http://b.test", "http://a.test/x, HTTPS://b.test",
                     "http://a.test,", ["http://a.test,b.test", "http://c.test"]):
            self.assertRaisesRegex(ValueError, "^A node is one URL, and several are a list", Doorbell,
                                   node)
        self.assertEqual(Doorbell("http://a.test/x,y")._nodes[0].prefix, "/x,y")


class SocketsTest(Quiet):
    def both(self, urls, **options):
        return Doorbell(urls, **options), Awaited(urls, **options)

    def dropping(self):
        """A port where nobody accepts, and the kernel drops who comes, since its queue is full."""
        server = socket.socket()
        self.addCleanup(server.close)
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(100):
            client = socket.socket()
            self.addCleanup(client.close)
            client.settimeout(0.1)
            try:
                client.connect(server.getsockname())
            except OSError:
                break
        return f"http://127.0.0.1:{server.getsockname()[1]}"

    def in_time(self, seconds, run):
        """Runs what needs its time: again, with ten times as much, where the machine stalled."""
        try:
            run(seconds)
        except (OSError, AssertionError):
            run(10 * seconds)

    def test_the_last_node_has_its_chance_where_two_hang(self):
        def has_its_chance(patience):
            with FakeNode(*[taken] * 2) as node:
                for bell in self.both([*first, node.url], patience=patience):
                    sealed = Doorbell.new_sealed()
                    getattr(bell, call)(sealed if call == "set" else [sealed])
                    self.assertIn(sealed.key, node.requests[-1].body)

        count = answer(200, '{"set":1,"already":0}')
        with FakeNode() as silent:
            first = [silent.url, self.dropping()]
            for call, taken in (("set", answer(201)), ("set_all", count)):
                self.in_time(2, has_its_chance)

    def test_all_nodes_together_cost_no_more_than_the_time_of_one(self):
        def fail(patience):
            for bell in self.both(urls, patience=patience):
                began = time.monotonic()
                with self.assertRaises(DoorbellError) as failed:
                    bell.set("7")
                self.assertLess(time.monotonic() - began, patience + SLACK)
                for url in urls:
                    self.assertIn(url, str(failed.exception))

        with FakeNode() as silent:
            urls = [silent.url, self.dropping(), self.dropping()]
            self.in_time(2, fail)

    def test_a_wait_leaves_a_node_that_hangs_and_begins_at_the_other_the_next_time(self):
        def waits(bell, silent, timeout):
            for _ in range(2):
                bell.wait("7", timeout)
            self.assertEqual(len(silent.requests), 1)

        def leave(timeout):
            with FakeNode() as one, FakeNode() as other, FakeNode(*[wake("7")] * 4) as node:
                bells = Doorbell([one.url, node.url]), Awaited([other.url, node.url])
                with concurrent.futures.ThreadPoolExecutor() as threads:
                    list(threads.map(waits, bells, (one, other), (timeout, timeout)))
                self.assertEqual(len(node.requests), 4)

        self.in_time(0.2, leave)

    def test_the_nodes_may_be_of_http_and_https(self):
        certificate = Certificate(2)
        holder, away = nobody()
        with holder, FakeNode(*[answer(201)] * 2, tls=certificate.server) as node:
            urls = [away, f"https://localhost:{node.port}"]
            for bell in self.both(urls, patience=3600, context=certificate.trusted):
                self.assertTrue(bell.set("7"))
        with FakeNode(*[answer(201)] * 2) as node:
            for bell in self.both([away.replace("http", "https"), node.url], patience=3600):
                self.assertTrue(bell.set("7"))

    def test_the_next_node_is_tried_where_the_first_is_away(self):
        holder, url = nobody()
        with holder, FakeNode(answer(201), answer(201), wake("7"), wake("7")) as node:
            bells = self.both([url, node.url], patience=3600)
            for bell in bells:
                self.assertTrue(bell.set("7"))
            for bell in bells:
                bell.wait("7", 60)


class Awaited:
    def __init__(self, urls, **options):
        self.bell = AsyncDoorbell(urls, **options)

    def __getattr__(self, name):
        return lambda *args: asyncio.run(getattr(self.bell, name)(*args))
