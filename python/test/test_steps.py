"""When a client asks, and how long it pauses: its steps are taken by hand, so no time passes."""

import datetime
import email.message
import email.utils
import logging
import ssl
import unittest

from doorbell import Doorbell, DoorbellError, _Answer, _Ask, _NoHttp


def answer(status, body="", **headers):
    message = email.message.Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return _Answer(status, message, body)


WAKE = answer(200, '{"set":["22482"]}')
NOT_YET = answer(204)


class HandClock:
    """Time and chance of a client; chance is in the middle."""

    def __init__(self, node="http://127.0.0.1", **options):
        self.now = 1000.0
        self.bell = Doorbell(node, **options)
        self.bell._clock = lambda: self.now
        self.bell._chance = lambda: 0.5


class StepsTest(unittest.TestCase):
    def setUp(self):
        # Failures are told by purpose here.
        silence = logging.NullHandler()
        logging.getLogger("doorbell").addHandler(silence)
        self.addCleanup(logging.getLogger("doorbell").removeHandler, silence)

    def wait(self, timeout=None, **options):
        self.clock = HandClock(**options)
        self.steps = self.clock.bell._wait(["22482"], timeout)
        return next(self.steps)

    def set(self, timeout=None, **options):
        self.clock = HandClock(**options)
        self.steps = self.clock.bell._set("22482", "", timeout)
        return next(self.steps)

    def tell(self, outcome, after=0.0):
        self.clock.now += after
        return self.steps.send(outcome)

    def done(self, outcome, after=0.0):
        with self.assertRaises(StopIteration) as done:
            self.tell(outcome, after)
        return done.exception.value

    def asks(self, step, target):
        self.assertIsInstance(step, _Ask)
        self.assertEqual(step.data.split(b" HTTP", 1)[0].decode(), target)

    def test_a_held_not_yet_is_asked_again_at_once(self):
        step = self.wait()
        for _ in range(3):
            self.asks(step, "GET /22482?timeout=22.5")
            self.assertEqual(step.seconds, 32.5)
            step = self.tell(NOT_YET, after=22.5)
        self.assertEqual(self.done(WAKE), ["22482"])

    def test_a_not_yet_too_soon_is_asked_again_after_a_pause_that_grows(self):
        self.wait()
        for pause in (0.5, 1.0, 2.0):
            self.assertEqual(self.tell(NOT_YET, after=0.9), pause)
            self.asks(self.tell(None), "GET /22482?timeout=22.5")
        self.asks(self.tell(NOT_YET, after=1), "GET /22482?timeout=22.5")
        self.assertEqual(self.tell(NOT_YET), 0.5)

    def test_passing_refusals_and_failures_are_tried_again_after_growing_pauses(self):
        for ask in (self.wait, self.set):
            for outcome in (*map(answer, (408, 429, 500, 501, 502, 503, 504, 599)), OSError(),
                            ConnectionResetError(), TimeoutError(), ssl.SSLEOFError()):
                with self.subTest(ask=ask, outcome=outcome):
                    ask(timeout=600)
                    for pause in (0.5, 1.0, 2.0, 4.0):
                        self.assertAlmostEqual(self.tell(outcome), pause)
                        self.assertIsInstance(self.tell(None), _Ask)

    def test_what_cant_pass_is_not_tried_again(self):
        page = answer(200, "<html>", Content_Type="text/html")
        for ask in (self.wait, self.set):
            for outcome in (*map(answer, (202, 301, 304, 400, 401, 403, 404, 405, 413, 421, 431)),
                            page, answer(200, "x", Content_Encoding="br"), _NoHttp("SSH"),
                            ssl.SSLError(1, "no shared cipher"),
                            ssl.SSLCertVerificationError(1, "self-signed")):
                with self.subTest(ask=ask, outcome=outcome):
                    ask(timeout=600)
                    with self.assertRaises(DoorbellError) as failed:
                        self.tell(outcome)
                    if isinstance(outcome, Exception):
                        self.assertIs(failed.exception.__cause__, outcome)
                        self.assertIn(str(outcome), str(failed.exception))
                    else:
                        self.assertEqual(failed.exception.status, outcome.status)

    def test_a_kind_of_failure_is_told_once_in_an_hour(self):
        self.wait()
        kinds = [answer(503), answer(502), ConnectionRefusedError(111, "refused"), TimeoutError("late"),
                 ConnectionResetError(104, "reset")]
        with self.assertLogs("doorbell", "WARNING") as told:
            for _ in range(3):
                for kind in kinds:
                    self.tell(kind)
                    self.tell(None)
        self.assertEqual(len(told.output), len(kinds))
        self.assertIn("http://127.0.0.1 is tried again: ", told.output[0])
        with self.assertLogs("doorbell", "WARNING") as told:
            self.tell(kinds[0], after=3600.0)
        self.assertEqual(len(told.output), 1)

    def test_a_not_yet_is_no_failure_to_tell(self):
        self.wait(timeout=30)
        self.tell(OSError("refused"))
        self.tell(None)
        self.tell(NOT_YET, after=22.5)
        with self.assertRaisesRegex(TimeoutError, "^22482 was not set within 30 s.$") as late:
            self.tell(NOT_YET, after=30)
        self.assertIsNone(late.exception.__cause__)

    def test_a_pause_is_at_most_half_a_minute(self):
        self.wait()
        pauses = []
        for _ in range(40):
            pauses.append(self.tell(OSError()))
            self.tell(None)
        self.assertEqual(pauses[5:], [15.0] * 35)

    def test_what_has_passed_is_forgotten(self):
        self.wait()
        self.tell(OSError())
        self.tell(None)
        self.assertEqual(self.tell(OSError()), 1.0)
        self.tell(None)
        self.tell(NOT_YET, after=22.5)
        self.assertEqual(self.tell(OSError()), 0.5)

    def test_a_retry_after_is_made_once_to_twice_as_long(self):
        for chance, pause in ((0.0, 7.0), (0.5, 10.5), (0.999, 13.993)):
            for ask in (self.wait, self.set):
                ask(timeout=600)
                self.clock.bell._chance = lambda: chance
                self.assertAlmostEqual(self.tell(answer(503, Retry_After="7")), pause)

    def test_a_retry_after_is_no_shorter_than_the_pause_that_is_due(self):
        self.wait()
        for pause in (1.5, 1.5, 2.0, 4.0):
            self.assertEqual(self.tell(answer(503, Retry_After="1")), pause)
            self.tell(None)

    def test_a_retry_after_may_be_a_date_by_the_clock_of_whoever_wrote_it(self):
        began = datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=datetime.timezone.utc)
        date = email.utils.format_datetime(began, usegmt=True)
        for value in ("Sun, 06 Nov 1994 08:49:57 GMT", "Sunday, 06-Nov-94 08:49:57 GMT",
                      "Sun Nov  6 08:49:57 1994", "Sun, 06 Nov 1994 08:49:57 -0000"):
            with self.subTest(value=value):
                self.wait()
                self.assertEqual(self.tell(answer(503, Date=date, Retry_After=value)), 30.0)
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=20)
        self.wait()
        value = email.utils.format_datetime(now, usegmt=True)
        pause = self.tell(answer(503, Retry_After=value))
        self.assertTrue(0.5 <= pause <= 30.0, pause)

    def test_no_retry_after_sends_a_client_away_for_good(self):
        for value in ("999999999", "9" * 20, "Fri, 31 Dec 9999 23:59:59 GMT"):
            self.wait()
            self.assertEqual(self.tell(answer(429, Retry_After=value)), 450.0)

    def test_a_retry_after_may_have_zeros_before_it(self):
        self.wait()
        self.assertEqual(self.tell(answer(429, Retry_After="0" * 12 + "20")), 30.0)

    def test_a_retry_after_of_no_sense_is_none(self):
        for value in ("-5", "soon", "٣", "Thu, 01 Jan 1970 00:00:00 GMT", "1e3", "", "1.5"):
            with self.subTest(value=value):
                self.wait()
                self.assertEqual(self.tell(answer(503, Retry_After=value)), 0.5)

    def test_a_wait_with_a_timeout_ends_with_the_nodes_not_yet(self):
        step = self.wait(timeout=2)
        self.asks(step, "GET /22482?timeout=2")
        self.assertEqual(step.seconds, 4)
        with self.assertRaisesRegex(TimeoutError, "^22482 was not set within 2 s.$"):
            self.tell(NOT_YET, after=2)

    def test_a_wait_longer_than_the_hold_asks_for_the_rest(self):
        self.wait(timeout=30)
        step = self.tell(NOT_YET, after=22.5)
        self.asks(step, "GET /22482?timeout=7.5")
        self.assertEqual(step.seconds, 9.5)

    def test_a_timeout_of_zero_only_asks(self):
        self.asks(self.wait(timeout=0), "GET /22482?timeout=0")
        with self.assertRaises(TimeoutError):
            self.tell(NOT_YET)

    def test_a_timeout_tells_the_last_failure(self):
        self.wait(timeout=5)
        refused = ConnectionRefusedError("refused")
        self.assertAlmostEqual(self.tell(refused, after=4.95), 0.05)
        self.clock.now += 1
        with self.assertRaisesRegex(TimeoutError, "^22482 was not set within 5 s: refused$") as late:
            self.tell(None)
        self.assertIs(late.exception.__cause__, refused)

    def test_a_set_is_tried_for_a_second_unless_it_is_told_otherwise(self):
        self.assertEqual(self.set().seconds, 1.0)
        self.assertEqual(self.set(timeout=30).seconds, 10.0)
        self.assertEqual(self.set(timeout=0.25).seconds, 0.25)
        self.assertEqual(self.set(patience=5).seconds, 5.0)
        self.assertEqual(self.set(patience=5, timeout=0.5).seconds, 0.5)
        self.clock = HandClock()
        self.assertEqual(next(self.clock.bell._set_all([1], None)).seconds, 1.0)

    def test_all_tries_of_a_set_are_within_its_limit(self):
        self.set()
        tries = 1
        with self.assertRaisesRegex(DoorbellError, "^22482 could not be set within 1 s: refused"):
            while True:
                self.clock.now += self.tell(OSError("refused"), after=0.001)
                self.assertLess(self.clock.now, 1001.0)
                step = self.tell(None)
                self.assertLessEqual(self.clock.now + step.seconds, 1001.0)
                tries += 1
        self.assertGreater(tries, 3)

    def test_a_set_gives_up_when_no_try_is_left(self):
        self.assertEqual(self.set(timeout=0.25).seconds, 0.25)
        self.assertEqual(self.tell(OSError("refused")), 0.125)
        self.tell(None, after=0.125)
        with self.assertRaisesRegex(DoorbellError, "^22482 could not be set within 0.25 s: full"):
            self.tell(answer(503, '{"detail":"full"}'), after=0.1)

    def test_a_set_that_is_sent_away_for_longer_than_its_limit_gives_up(self):
        self.set()
        with self.assertRaisesRegex(DoorbellError, "within 1 s: full .status 429.$"):
            self.tell(answer(429, "full", Retry_After="1"))
        self.set(timeout=10)
        self.assertEqual(self.tell(answer(429, "full", Retry_After="8")), 9.0)

    def test_a_set_that_was_too_late_tells_the_last_status(self):
        self.set(patience=0)
        with self.assertRaises(DoorbellError) as late:
            self.tell(answer(503))
        self.assertEqual(late.exception.status, 503)
        self.set(patience=0)
        with self.assertRaises(DoorbellError) as late:
            self.tell(OSError())
        self.assertEqual(late.exception.status, 0)

    def test_a_set_never_takes_204_for_an_answer(self):
        self.set()
        with self.assertRaisesRegex(DoorbellError, "no Doorbell|not a Doorbell node"):
            self.tell(NOT_YET)

    def test_a_spread_is_asked_of_every_set(self):
        self.asks(self.set(spread=2.5), "POST /22482?spread=2.5")

    def test_many_are_set_by_ten_thousand(self):
        self.clock = HandClock()
        self.steps = self.clock.bell._set_all(range(25_000), None)
        sizes = []
        step = next(self.steps)
        while True:
            lines = step.data.split(b"\r\n\r\n")[1].split(b"\n")
            sizes.append(len(lines))
            try:
                step = self.tell(answer(200, '{"set":1,"already":%d}' % (len(lines) - 1)))
            except StopIteration as done:
                self.assertEqual(done.value, (3, 24_997))
                break
        self.assertEqual(sizes, [10_000, 10_000, 5_000])

    def test_a_count_that_leaves_lines_out_is_no_answer(self):
        self.clock = HandClock()
        for body in ('{"set":1,"already":0}', '{"set":true,"already":1}', '{"set":2}', "[]", "2"):
            with self.subTest(body=body):
                self.steps = self.clock.bell._set_all([1, 2], None)
                next(self.steps)
                with self.assertRaisesRegex(DoorbellError, "not a Doorbell node"):
                    self.tell(answer(200, body))
