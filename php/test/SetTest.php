<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;
use InvalidArgumentException;

/** Sets, as a page makes them. */
final class SetTest extends DoorbellTestCase
{
    private const LIMIT = 0.2; // the promise of README.md

    /** @test */
    public function oneCallSetsAndAllLaterFindItSet(): void
    {
        $bell = new Doorbell(self::node());
        $id = Doorbell::newId();
        self::assertTrue($bell->set($id), $bell->lastError());
        self::assertFalse($bell->set($id));
        self::assertSame('', $bell->lastError());
    }

    /** @test */
    public function aSmallIdMayBeAnInt(): void
    {
        $bell = new Doorbell(self::node());
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
        $bell = new Doorbell(self::node(), 'secret');
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
    public function aMalformedIdThrowsAndNothingIsSent(): void
    {
        $fake = new Fake([Fake::SET]);
        $bell = new Doorbell($fake->url);
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
        $bell = new Doorbell($fake->url);
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
        $bell = new Doorbell($fake->url);
        self::assertNull(self::within(self::LIMIT, fn () => $bell->set('7')));
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
        // Nobody accepts, and the kernel's queue is full: it doesn't answer the next who comes.
        $context = stream_context_create(['socket' => ['backlog' => 1]]);
        $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
        $server = stream_socket_server('tcp://127.0.0.1:0', $code, $why, $flags, $context);
        $url = 'http://' . stream_socket_get_name($server, false);
        $queue = [];
        do {
            $left = @stream_socket_client('tcp' . substr($url, 4), $code, $why, 0.1);
            $queue[] = $left;
        } while ($left !== false && count($queue) < 100);
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
     * @dataProvider nonsense
     */
    public function nonsenseIsNoSetAndCostsAtMostTheLimit(string $answer, string $error): void
    {
        $fake = new Fake([$answer]);
        $bell = new Doorbell($fake->url);
        self::assertNull(self::within(self::LIMIT, fn () => $bell->set('7')));
        self::assertSame(str_replace('NODE', $fake->url, $error), $bell->lastError());
        self::assertNull(self::within(self::LIMIT, fn () => $bell->setAll(['7'])));
        self::assertFalse(self::within(self::LIMIT, fn () => $bell->wait('7', 0)));
    }

    public function nonsense(): array
    {
        $none = 'NODE gave no answer of a Doorbell node';
        return [
            'a page for everything' => [Fake::answer(200, '<h1>Hi</h1>'), "$none (status 200)"],
            'json of others' => [Fake::answer(200, '{"set":true}'), "$none (status 200)"],
            'another protocol' => ["SSH-2.0-OpenSSH_9.2\r\n", "$none."],
            'a hang-up' => [Fake::HANG_UP, 'NODE hung up.'],
            'half an answer' => [substr(Fake::answer(200, 'xxxx'), 0, -2), "$none."],
            'a status of five digits' => ["HTTP/1.1 20000 OK\r\n\r\n", "$none."],
            'more than any answer' => [Fake::answer(200, str_repeat('x', 70_000)), "$none."],
            'a chunk of no length' =>
                ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "$none."],
        ];
    }

    /** @test */
    public function aRedirectIsNotFollowed(): void
    {
        $fake = new Fake([Fake::answer(301, '', 'Location: /elsewhere')]);
        $bell = new Doorbell($fake->url);
        self::assertNull(self::within(self::LIMIT, fn () => $bell->set('7')));
        $sentence = 'A redirect to /elsewhere is not followed (status 301)';
        self::assertSame($sentence, $bell->lastError());
    }

    /** @test */
    public function whatMayPassIsTriedAgainWithinTheLimit(): void
    {
        $later = fn (int $status) => Fake::problem($status, 'Later.');
        $passing = array_map($later, [408, 429, 500, 503]);
        $nonsense = Fake::answer(200, 'It works!');
        $fake = new Fake([...$passing, Fake::HANG_UP, $nonsense, Fake::SET]);
        $bell = new Doorbell($fake->url, null, 20);
        self::assertTrue($bell->set('7'), $bell->lastError());
        for ($i = 0; $i < 7; $i++) {
            self::assertStringStartsWith('POST /7 ', $fake->request());
        }
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
        $continue = "HTTP/1.1 100 Continue\r\n\r\n";
        $chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
            . "f;x=y\r\n{\"set\":1,\"alrea\r\n6\r\ndy\":0}\r\n0\r\n\r\n";
        $untilTheEnd = "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n{\"set\":0, \"already\":1}";
        $fake = new Fake([$continue . $chunked, $untilTheEnd]);
        $bell = new Doorbell($fake->url, null, 5);
        self::assertSame(['set' => 1, 'already' => 0], $bell->setAll(['7']), $bell->lastError());
        self::assertSame(['set' => 0, 'already' => 1], $bell->setAll(['7']), $bell->lastError());
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
        $version = 'A version is a whole number from 0 up, not "-1".';
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
