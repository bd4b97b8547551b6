<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;
use Doorbell\DoorbellException;
use InvalidArgumentException;

/** Waits, as a script makes them. */
final class WaitTest extends DoorbellTestCase
{
    /** @test */
    public function aWaitEndsWhenSomebodySets(): void
    {
        $id = Doorbell::newId();
        $command = dirname(__DIR__) . '/bin/doorbell';
        $waiter = new Process([PHP_BINARY, '-n', $command, 'wait', self::node(), $id]);
        $bell = new Doorbell(self::node(), null, 5);
        self::assertFalse($bell->wait($id, 0.2));
        self::assertTrue($bell->set($id));
        self::assertSame($id, $waiter->line());
        self::assertTrue($bell->wait($id));
    }

    /** @test */
    public function aWaitIsOverInTimeAndNotBefore(): void
    {
        $bell = new Doorbell(self::node());
        self::within(2.5, function () use ($bell): void { // with the grace of 2 s
            [$set, $took] = self::timed(fn () => $bell->wait(Doorbell::newId(), 0.5));
            self::assertFalse($set);
            self::assertGreaterThanOrEqual(0.5, $took);
        });
        self::assertSame('', $bell->lastError());
    }

    /** @test */
    public function aWaitForManyNamesAllThatAreSet(): void
    {
        $bell = new Doorbell(self::node(), 'secret', 5);
        $sealed = $bell->topic(Doorbell::newId())->at(1);
        [$one, $other, $unset] = [random_int(1, PHP_INT_MAX), Doorbell::newId(), Doorbell::newId()];
        $bell->setAll([$one, $other, $sealed]);
        $ids = [$unset, $sealed[0], $one, $other, $other];
        self::assertSame([$sealed[0], (string) $one, $other], $bell->waitAny($ids, 5));
    }

    /** @test */
    public function notYetIsAskedAgain(): void
    {
        $set = Fake::answer(200, '{"set":["7"]}');
        $fake = new Fake([Fake::NOT_YET, Fake::HANG_UP, Fake::problem(503, 'Later.'), $set]);
        self::assertTrue((new Doorbell($fake->url))->wait('7', 20));
        for ($i = 0; $i < 4; $i++) {
            $request = $fake->request();
            $first = '~\AGET /7\?timeout=\d+\.\d{3} HTTP/1\.1\r\n~';
            self::assertMatchesRegularExpression($first, $request);
            self::assertStringContainsString("\r\nAccept: application/json\r\n", $request);
        }
    }

    /** @test */
    public function aRefusalThrowsTheNodesSentence(): void
    {
        $fake = new Fake([Fake::problem(404, 'No such path.')]);
        try {
            (new Doorbell($fake->url))->wait('7');
        } catch (DoorbellException $e) {
            self::assertSame('No such path. (status 404)', $e->getMessage());
            self::assertSame(404, $e->getCode());
            return;
        }
        self::fail('no exception');
    }

    /** @test */
    public function aNodeThatIsDownEndsAWaitInTime(): void
    {
        $url = self::nobody();
        $bell = new Doorbell($url);
        self::assertFalse(self::within(0.5, fn () => $bell->wait('7', 0.5)));
        self::assertSame("No connection to $url: Connection refused.", $bell->lastError());
    }

    /**
     * @test
     * @testWith ["silence"]
     *           ["drip"]
     */
    public function aNodeThatNeverAnswersEndsAWaitTwoSecondsLate(string $how): void
    {
        $fake = new Fake([$how]);
        $bell = new Doorbell($fake->url);
        self::assertFalse(self::within(2.1, fn () => $bell->wait('7', 0.1)));
        self::assertSame("{$fake->url} did not answer in time.", $bell->lastError());
    }

    /** @test */
    public function sixtyFourIdsMakeAWaitAndNoOrMoreAreRefused(): void
    {
        $bell = new Doorbell(self::node(), null, 5);
        $ids = array_map(fn () => Doorbell::newId(), range(1, 64));
        $bell->set($ids[63]);
        self::assertSame([$ids[63]], $bell->waitAny($ids, 5));
        foreach ([[], [...$ids, '1']] as $bad) {
            try {
                $bell->waitAny($bad, 0);
                self::fail('taken');
            } catch (InvalidArgumentException $e) {
                $count = count($bad);
                self::assertSame("A wait is for 1 to 64 ids, not $count.", $e->getMessage());
            }
        }
        $this->expectExceptionMessage('The timeout is from 0 to 31536000 seconds, not -1.');
        $bell->wait('7', -1);
    }

    /** @test */
    public function aCertificateIsCheckedForTheNameWhateverTheAddress(): void
    {
        $file = self::certificate('bell.example');
        $fake = new Fake([Fake::SET], $file);
        $code = 'require "' . dirname(__DIR__) . '/doorbell.php";'
            . '$bell = new Doorbell\Doorbell($argv[1], limit: 1, address: "127.0.0.1");'
            . 'echo json_encode($bell->set(7)), " ", $bell->lastError();';
        $run = fn (string $url, string $ini) =>
            Process::run([PHP_BINARY, '-n', '-d', $ini, '-r', $code, $url]);
        $trusted = "openssl.cafile=$file";
        $named = "https://bell.example:{$fake->port}";
        self::assertSame([0, 'true ', ''], $run($named, $trusted));
        self::assertStringContainsString('Host: bell.example', $fake->request());
        $wrong = $run("https://127.0.0.1:{$fake->port}", $trusted)[1];
        self::assertStringStartsWith("null No TLS with https://127.0.0.1:{$fake->port}: ", $wrong);
        self::assertStringContainsString('bell.example', $wrong);
        $unknown = $run($named, 'openssl.cafile=')[1];
        self::assertStringStartsWith("null No TLS with $named: ", $unknown);
    }
}
