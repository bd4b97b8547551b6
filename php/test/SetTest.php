<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;
use Doorbell\DoorbellException;
use InvalidArgumentException;

/** Sets, as a page makes them. */
final class SetTest extends DoorbellTestCase
{
    private const LIMIT = 1.0; // the promise of README.md

    /** @test */
    public function aKeyThatIsNoTextIsAMistakeAndNotALackOfPhp(): void
    {
        $bell = new Doorbell('http://127.0.0.1:9', null, 0.1);
        foreach ([5, false, 1.5, ['k']] as $key) {
            try {
                $bell->setAll([['5', $key]]);
                self::fail('taken');
            } catch (\InvalidArgumentException $mistake) {
                $type = get_debug_type($key);
                self::assertSame("A key is text, not of the type $type.", $mistake->getMessage());
            }
        }
    }

    /** @test */
    public function oneCallSetsAndAllLaterFindItSet(): void
    {
        $bell = new Doorbell(self::node(), null, 30);
        $id = Doorbell::newId();
        self::assertTrue($bell->set($id), $bell->lastError());
        self::assertFalse($bell->set($id));
        self::assertSame('', $bell->lastError());
    }

    /** @test */
    public function aSmallIdMayBeAnInt(): void
    {
        $bell = new Doorbell(self::node(), null, 30);
        $id = random_int(1, PHP_INT_MAX);
        self::assertTrue($bell->set($id));
        self::assertTrue($bell->wait((string) $id, 0));
    }

    /** @test */
    public function newIdsHaveUpTo128BitsAndDiffer(): void
    {
        $ids = array_map(fn () => Doorbell::newId(), range(1, 1000));
        self::assertCount(1000, array_unique($ids));
        self::assertSame([], preg_grep('/\A(0|[1-9][0-9]{0,38})\z/', $ids, PREG_GREP_INVERT));
        // Half of them have the highest bit: at least 2^127.
        $high = array_filter($ids, fn ($id) => strlen($id) === 39
            && strcmp($id, '170141183460469231731687303715884105728') >= 0);
        self::assertEqualsWithDelta(500, count($high), 150);
    }

    /** @test */
    public function aSealedIdIsSetByItsKey(): void
    {
        $bell = new Doorbell(self::node(), 'secret', 30);
        self::assertTrue($bell->set(...Doorbell::newSealed()), $bell->lastError());
        $version = random_int(0, PHP_INT_MAX);
        self::assertTrue($bell->set(...$bell->topic('room/7')->at($version)), $bell->lastError());
    }

    /** @test */
    public function manyAreSetByOneCall(): void
    {
        $bell = new Doorbell(self::node(), 'secret', 10);
        $plain = array_map(fn () => Doorbell::newId(), range(1, 10_001));
        $topic = $bell->topic(Doorbell::newId());
        $events = array_merge([...$plain, Doorbell::newSealed(), $topic->at(7)], [$plain[0]]);
        self::assertSame(['set' => 10_003, 'already' => 1], $bell->setAll($events));
        self::assertSame([$topic->at(7)[0]], $bell->waitAny([$topic->at(7)[0]], 0));
        self::assertSame(['set' => 0, 'already' => 0], $bell->setAll([]));
    }

    /** @test */
    public function aRequestSaysWhatItMust(): void
    {
        $fake = new Fake([Fake::SET]);
        $bell = new Doorbell($fake->url . '/bell/', null, 5, 2.5);
        $bell->set('00000000-0000-0000-0000-0000000057d2', 'k');
        $request = $fake->request();
        self::assertStringStartsWith(
            "POST /bell/00000000-0000-0000-0000-0000000057d2?spread=2.500 HTTP/1.1\r\n"
            . "Host: 127.0.0.1:{$fake->port}\r\n",
            $request
        );
        self::assertStringContainsString("\r\nContent-Length: 1\r\n", $request);
        self::assertStringEndsWith("\r\n\r\nk", $request);
    }

    /** @test */
    public function aTokenGoesWithSetsAndNotWithWaits(): void
    {
        $fake = new Fake([Fake::SET, Fake::answer(200, '{"set":1,"already":0}'), Fake::NOT_YET]);
        $bell = new Doorbell($fake->url, limit: 5, token: 'abc._~+/-09==');
        self::assertTrue($bell->set('1'), $bell->lastError());
        self::assertSame(['set' => 1, 'already' => 0], $bell->setAll(['2']), $bell->lastError());
        self::assertFalse($bell->wait('3', 0));
        $field = "\r\nAuthorization: Bearer abc._~+/-09==\r\n";
        self::assertStringContainsString($field, $fake->request());
        self::assertStringContainsString($field, $fake->request());
        self::assertStringNotContainsString('Authorization', $fake->request());
        foreach (['', 'two words', "a\n", 'a=b'] as $token) {
            self::assertThrows('A token has letters, digits and . _ ~ + / - alone.', fn () =>
                new Doorbell($fake->url, token: $token));
        }
    }

    /** @test */
    public function aSetThatIsRefusedForItsTokenIsNotTriedAgain(): void
    {
        foreach ([401, 403] as $status) {
            $fake = new Fake([Fake::problem($status, 'a set needs a token here'), Fake::SET]);
            $bell = new Doorbell($fake->url, limit: 5, token: 'abc');
            self::assertNull($bell->set('7'));
            self::assertSame("a set needs a token here (status $status)", $bell->lastError());
            self::assertTrue($bell->set('7'), 'the first one was not tried again');
        }
    }

    /** @test */
    public function aMalformedIdThrowsAndNothingIsSent(): void
    {
        $fake = new Fake([Fake::SET]);
        $bell = new Doorbell($fake->url, null, 30);
        $message = 'An event id is a decimal number below 2^128, a UUID or 64 hex digits,'
            . ' not "12a".';
        self::assertThrows($message, fn () =>
            self::within(self::LIMIT, fn () => $bell->set('12a')));
        self::assertThrows($message, fn () => $bell->setAll(['1', '12a']));
        $bell->set('7');
        self::assertStringStartsWith('POST /7 ', $fake->request());
    }

    /** @test */
    public function aWrongKeyThrowsAndNothingIsSent(): void
    {
        $fake = new Fake([Fake::SET]);
        $bell = new Doorbell($fake->url, null, 30);
        $id = hash('sha256', 'right');
        self::assertThrows(
            "The id $id is sealed: the key is not the one of this id.",
            fn () => self::within(self::LIMIT, fn () => $bell->set($id, 'wrong'))
        );
        $noKey = "The id $id is sealed: it is set by its key.";
        self::assertThrows($noKey, fn () => $bell->set($id));
        self::assertThrows($noKey, fn () => $bell->setAll(['1', $id]));
        self::assertThrows($noKey, fn () => $bell->setLater($id));
        self::assertTrue($bell->set($id, 'right'));
        self::assertStringStartsWith("POST /$id ", $fake->request());
    }

    /** @test */
    public function aRefusalIsNullWithTheNodesOwnSentence(): void
    {
        $fake = new Fake([Fake::problem(403, "The key isn't this id's.\nSo."), Fake::SET]);
        $bell = new Doorbell($fake->url, null, 30);
        [$set, $took] = self::timed(fn () => $bell->set('7')); // once, since the next answer is another
        self::assertNull($set);
        self::assertLessThan(20, $took, 'seconds, long before the limit');
        self::assertSame("The key isn't this id's.?So. (status 403)", $bell->lastError());
        self::assertTrue($bell->set('7'), 'a refusal is not tried again, and this is the next');
        self::assertSame('', $bell->lastError());
    }

    /** @test */
    public function aNodeThatIsDownCostsAtMostTheLimit(): void
    {
        $url = self::nobody();
        $bell = new Doorbell($url);
        self::assertNull(self::within(self::LIMIT, fn () => $bell->set('7')));
        self::assertSame("No connection to $url: Connection refused.", $bell->lastError());
        self::assertNull(self::within(self::LIMIT, fn () => $bell->setAll(['7', '8'])));
    }

    /** @test */
    public function aNodeThatNeverAnswersCostsAtMostTheLimit(): void
    {
        $fake = new Fake([Fake::SILENCE]);
        $bell = new Doorbell($fake->url);
        self::assertNull(self::within(self::LIMIT, fn () => $bell->set('7')));
        self::assertSame("{$fake->url} did not answer in time.", $bell->lastError());
        $events = array_map('strval', range(1, 30_000));
        self::assertNull(self::within(self::LIMIT, fn () => $bell->setAll($events)));
    }

    /** @test */
    public function aNodeThatDropsConnectionsCostsAtMostTheLimit(): void
    {
        $url = self::dropping();
        $bell = new Doorbell($url);
        self::assertNull(self::within(self::LIMIT, fn () => $bell->set('7')));
        self::assertSame("No connection to $url: Connection timed out.", $bell->lastError());
    }

    /** @test */
    public function aNodeThatAnswersByDropsCostsAtMostTheLimit(): void
    {
        $fake = new Fake([Fake::DRIP]);
        $bell = new Doorbell($fake->url);
        self::assertNull(self::within(self::LIMIT, fn () => $bell->set('7')));
        self::assertSame("{$fake->url} did not answer in time.", $bell->lastError());
    }

    /** @test */
    public function aNodeThatIsSilentInTheTlsHandshakeCostsAtMostTheLimit(): void
    {
        $fake = new Fake([Fake::SILENCE]);
        $url = "https://127.0.0.1:{$fake->port}";
        $bell = new Doorbell($url);
        self::assertNull(self::within(self::LIMIT, fn () => $bell->set('7')));
        self::assertSame("No TLS with $url: it is silent.", $bell->lastError());
    }

    /**
     * @test
     * @dataProvider finalAnswers
     */
    public function whatCannotPassIsAnErrorAtOnce(string $answer, string $error): void
    {
        $fake = new Fake([$answer]);
        $bell = new Doorbell($fake->url, null, 60);
        $error = str_replace('NODE', $fake->url, $error);
        self::assertNull(self::within(self::LIMIT, fn () => $bell->set('7')));
        self::assertSame($error, $bell->lastError());
        self::assertNull(self::within(self::LIMIT, fn () => $bell->setAll(['7'])));
        self::assertSame($error, $bell->lastError());
        foreach ([0.0, 60.0] as $timeout) {
            $thrown = self::within(self::LIMIT, function () use ($bell, $timeout): string {
                try {
                    $bell->wait('7', $timeout);
                } catch (DoorbellException $e) {
                    return $e->getMessage();
                }
                return 'nothing';
            });
            self::assertSame($error, $thrown);
        }
    }

    public function finalAnswers(): array
    {
        $none = 'NODE gave no answer of a Doorbell node';
        $gzip = fn (int $status, string $field = 'Content-Encoding: gzip') => Fake::answer(
            $status,
            gzencode($status === 200 ? '{"set":1,"already":0}' : '{"detail":"No."}'),
            $field
        );
        $coded = fn (string $coding) =>
            "NODE answered in $coding, which nobody asked for (status 200)";
        $chunked = fn (string $chunks) =>
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n$chunks";
        return [
            'a page for everything' => [Fake::answer(200, '<h1>Hi</h1>'), "$none (status 200)"],
            'json of others' => [Fake::answer(200, '{"set":true}'), "$none (status 200)"],
            'another id' => [Fake::answer(200, '{"set":["8"]}'), "$none (status 200)"],
            'a status of others' => [Fake::answer(202, ''), "$none (status 202)"],
            'another protocol' => ["SSH-2.0-OpenSSH_9.2\r\n", "$none."],
            'another protocol, no line' => ["\x00\x00\x06\x04", "$none."],
            'a status of five digits' => ["HTTP/1.1 20000 OK\r\n\r\n", "$none."],
            'more than any answer' => [Fake::answer(200, str_repeat('x', 70_000)), "$none."],
            'a chunk of no length' => [$chunked("zz\r\n"), "$none."],
            'a chunk that is longer' => [$chunked("1\r\nxx\r\n0\r\n\r\n"), "$none."],
            'gzip' => [$gzip(200), $coded('gzip')],
            'two codings' =>
                [$gzip(200, "content-encoding: br\r\nContent-Encoding: gzip"), $coded('br, gzip')],
            'plain text, and says it is gzip' =>
                [Fake::answer(200, '{"set":1,"already":0}', 'Content-Encoding: gzip'), $coded('gzip')],
            'a coding of the transfer' => [
                str_replace('chunked', 'gzip, chunked', $chunked("1\r\nx\r\n0\r\n\r\n")),
                $coded('gzip'),
            ],
            'a refusal in gzip' =>
                [$gzip(400), str_replace('200', '400', $coded('gzip'))],
            'no node there' => [Fake::answer(404, '<h1>Oops</h1>'),
                'There is no Doorbell node at NODE (status 404)'],
            'a refusal' => [Fake::answer(403, ''), 'NODE refused (status 403)'],
            'a redirect' => [Fake::answer(301, '', 'Location: https://x/y'),
                'A redirect to https://x/y is not followed (status 301)'],
            'a redirect to nowhere' =>
                [Fake::answer(302, ''), 'A redirect to nowhere is not followed (status 302)'],
        ];
    }

    /**
     * @test
     * @dataProvider brokenAnswers
     */
    public function whatBreaksOffIsTriedAgain(string $answer, string $error): void
    {
        $fake = new Fake([$answer]);
        $bell = new Doorbell($fake->url);
        $error = str_replace('NODE', $fake->url, $error);
        self::assertNull(self::within(self::LIMIT, fn () => $bell->set('7')));
        self::assertSame($error, $bell->lastError());
        self::assertFalse(self::within(self::LIMIT, fn () => $bell->wait('7', 0.1)));
        self::assertSame($error, $bell->lastError());
    }

    public function brokenAnswers(): array
    {
        $cut = 'NODE hung up in the middle of its answer.';
        return [
            'a hang-up' => [Fake::HANG_UP, 'NODE hung up.'],
            'half a line' => ['HTT', $cut],
            'half a head' => ["HTTP/1.1 201 Created\r\nContent-Le", $cut],
            'half a body' => [substr(Fake::answer(200, 'xxxx'), 0, -2), $cut],
            'half a chunk' =>
                ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nxx", $cut],
            'half the size of a chunk' =>
                ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4", $cut],
            'a word before it only' => ["HTTP/1.1 103 Early Hints\r\n\r\n", $cut],
        ];
    }

    /** @test */
    public function whatMayPassIsTriedAgainWithinTheLimit(): void
    {
        $passing = array_map(fn (int $status) => Fake::problem($status, 'Later.'), [408, 429, 500, 503]);
        $gzip = Fake::answer(502, gzencode('<h1>Bad gateway</h1>'), 'Content-Encoding: gzip');
        foreach ([...$passing, $gzip, Fake::HANG_UP, 'HTTP/1.1 201 Crea'] as $answer) {
            $fake = new Fake([$answer, Fake::SET]);
            $bell = new Doorbell($fake->url, null, 10);
            self::assertTrue($bell->set('7'), $bell->lastError());
            self::assertStringStartsWith('POST /7 ', $fake->request());
            self::assertStringStartsWith('POST /7 ', $fake->request());
        }
    }

    /** @test */
    public function whoIsSentAwayComesBackSpreadOverTheTimeAgain(): void
    {
        $fields = fn (string $value) => "Date: Sun, 06 Nov 2044 08:49:37 GMT\r\nRetry-After: $value";
        $values = ['1', '0000000000001', 'Sun, 06 Nov 2044 08:49:38 GMT'];
        $times = [];
        foreach ([...$values, ...$values] as $value) {
            $fake = new Fake([Fake::problem(429, 'Too many.', $fields($value)), Fake::SET]);
            $bell = new Doorbell($fake->url, null, 10);
            [$set, $times[]] = self::timed(fn () => $bell->set('7'));
            self::assertTrue($set, $bell->lastError());
        }
        self::assertGreaterThanOrEqual(1.0, min($times));
        self::assertGreaterThan(0.05, max($times) - min($times), implode(' ', $times));
    }

    /** @test */
    public function nobodyWaitsForALaterThatIsPastTheLimit(): void
    {
        $fake = new Fake([Fake::problem(503, 'Too many.', 'Retry-After: 3')]);
        $bell = new Doorbell($fake->url, null, 2);
        self::assertNull(self::within(0.2, fn () => $bell->set('7')));
        self::assertSame('Too many. (status 503)', $bell->lastError());
    }

    /** @test */
    public function answersOfProxiesAreUnderstood(): void
    {
        $chunked = fn (string $chunks) =>
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n$chunks";
        $answer = '{"set":1,"already":0}';
        $ok = "HTTP/1.1 200 OK\r\n";
        $answers = [
            'an extension' => $chunked("f;x=y\r\n{\"set\":1,\"alrea\r\n6\r\ndy\":0}\r\n0\r\n\r\n"),
            'leading zeros' => $chunked("00000015\r\n$answer\r\n000000000000\r\n\r\n"),
            'a trailer' => $chunked("15 \r\n$answer\r\n0\r\nX: y\r\n\r\n"),
            'no end of the last chunk' => $chunked("15\r\n$answer\r\n0\r\n"),
            'a length with zeros' => "{$ok}Content-Length: 0000000000021\r\n\r\n$answer",
            'a length that is said twice' =>
                "{$ok}Content-Length: 21\r\nContent-Length: 021\r\n\r\n$answer",
            'no length' => "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n$answer",
            'no coding' => "{$ok}Content-Encoding: identity\r\nContent-Length: 21\r\n\r\n$answer",
        ];
        foreach ($answers as $what => $bytes) {
            foreach (['', "HTTP/1.1 100 Continue\r\n\r\n"] as $before) {
                $fake = new Fake([$before . $bytes]);
                $bell = new Doorbell($fake->url, null, 5);
                $count = $bell->setAll(['7']);
                self::assertSame(['set' => 1, 'already' => 0], $count, $what . $bell->lastError());
            }
        }
    }

    /** @test */
    public function wordsBeforeTheAnswerAreReadOver(): void
    {
        $words = ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 102 Processing\r\nX: y\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 9\r\n\r\n"];
        $fake = new Fake([[...$words, Fake::SET]]);
        $bell = new Doorbell($fake->url, null, 10);
        self::assertTrue($bell->set('7'), $bell->lastError());
        $fake = new Fake([[...$words, Fake::answer(200, '{"set":["7"]}')]]);
        self::assertTrue((new Doorbell($fake->url))->wait('7', 10));
        self::assertStringContainsString("\r\nAccept-Encoding: identity\r\n", $fake->request());
    }

    /** @test */
    public function anErrorHandlerOfTheApplicationSeesNothing(): void
    {
        $seen = [];
        $fake = new Fake([Fake::HANG_UP]);
        set_error_handler(function (int $level, string $text) use (&$seen): bool {
            $seen[] = $text;
            return true;
        });
        try {
            self::assertNull((new Doorbell(self::nobody()))->set('7'));
            self::assertNull((new Doorbell('https' . substr(self::nobody(), 4)))->set('7'));
            self::assertNull((new Doorbell('http://nobody.invalid', null, 1))->set('7'));
            self::assertNull((new Doorbell($fake->url))->set('7'));
            trigger_error('its own', E_USER_NOTICE);
        } finally {
            restore_error_handler();
        }
        self::assertSame(['its own'], $seen);
    }

    /** @test */
    public function aMalformedNodeLimitOrSecretThrows(): void
    {
        $node = 'A node is an http or https URL without user, query and fragment, not ';
        $bad = ['', 'bell.example', 'ftp://x', 'http://', 'http://x?y', 'http://x#y', 'http://u@x',
            'http://x:0', 'http://x:65536', 'http://x/ ', "http://x/\n", "http://x\r\nY: z"];
        foreach ($bad as $url) {
            $quoted = '"' . preg_replace('/[\r\n]/', '?', $url) . '".';
            self::assertThrows($node . $quoted, fn () => new Doorbell($url));
        }
        $limit = 'The limit is from 0.001 to 86400 seconds, not ';
        self::assertThrows("{$limit}0.", fn () => new Doorbell('http://x', null, 0));
        self::assertThrows("{$limit}NAN.", fn () => new Doorbell('http://x', null, NAN));
        $spread = 'The spread is from 0 to 3600 seconds, not 3601.';
        self::assertThrows($spread, fn () => new Doorbell('http://x', null, 1, 3601));
        self::assertThrows('A secret is not empty.', fn () => new Doorbell('http://x', ''));
        $address = 'An address is an IP address, not "bell.example".';
        self::assertThrows($address, fn () => new Doorbell('http://x', null, 1, 0, 'bell.example'));
        $secret = "A topic needs the application's secret: new Doorbell(\$node, secret: '…').";
        self::assertThrows($secret, fn () => (new Doorbell('http://x'))->topic('room/7'));
        $version = 'A version is a whole number from 0 up, not -1.';
        self::assertThrows($version, fn () => (new Doorbell('http://x', 's'))->topic('t')->at(-1));
    }

    private static function assertThrows(string $message, callable $call): void
    {
        try {
            $call();
        } catch (InvalidArgumentException $e) {
            self::assertSame($message, $e->getMessage());
            return;
        }
        self::fail("taken, and not: $message");
    }
}
