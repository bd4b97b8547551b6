<?php

declare(strict_types=1);

namespace Doorbell\Test;

/** Nodes over TLS, trusted and not, near and far. */
final class TlsTest extends DoorbellTestCase
{
    private const START = 'ini_set("error_log", "/dev/null");'
        . '$bell = new Doorbell\Doorbell($argv[1], limit: (float) $argv[2]);';

    /** @test */
    public function theLimitCountsFromTheEndOfTheHandshake(): void
    {
        $file = self::certificate('127.0.0.1');
        $set = 'echo json_encode($bell->set(7)), $bell->lastError();';
        $tries = 0;
        do { // a handshake and an answer of 0.7 s each, and a machine that may be busy besides
            $fake = new Fake([Fake::SET], $file, 700);
            $run = self::script($set, $file, $fake->url, '1');
        } while ($run !== [0, 'true', ''] && ++$tries < 5);
        self::assertSame([0, 'true', ''], $run);
    }

    /** @test */
    public function aHandshakeHasASecondHoweverShortTheLimitIs(): void
    {
        $file = self::certificate('127.0.0.1');
        $set = 'echo json_encode($bell->set(7)), $bell->lastError();';
        $tries = 0;
        do { // again for a machine on which a handshake takes more than a second
            $fake = new Fake([Fake::SET], $file, 300);
            $run = self::script($set, $file, $fake->url, '0.1');
        } while (strpos($run[1], 'nullNo TLS') === 0 && ++$tries < 5);
        self::assertSame([0, "null{$fake->url} did not answer in time.", ''], $run);
        self::assertStringStartsWith('POST /7 ', $fake->request(), 'it arrived all the same');
    }

    /**
     * @test
     * @dataProvider failures
     */
    public function aTlsFailureEndsAWaitAtOnce(string $how, string $reason): void
    {
        $file = self::certificate($how === 'name' ? 'bell.example' : '127.0.0.1',
            $how === 'expired' ? 0 : 2);
        $fake = new Fake([Fake::SET], $file);
        $url = $how === 'plain' ? 'https' . strstr(self::node(), ':') : $fake->url;
        $wait = 'try { $bell->wait(7, 60); } catch (Doorbell\DoorbellException $e) {'
            . 'echo $e->getMessage(); }';
        [$code, $out, $error] = self::within(2, fn () =>
            self::script($wait, $how === 'unknown' ? '' : $file, $url, '1'));
        self::assertSame([0, ''], [$code, $error]);
        self::assertStringStartsWith("No TLS with $url: ", $out);
        self::assertMatchesRegularExpression("/$reason/", $out);
        $set = 'echo json_encode($bell->set(7)), $bell->lastError();';
        [$code, $out, $error] = self::within(2, fn () =>
            self::script($set, $how === 'unknown' ? '' : $file, $url, '60'));
        self::assertSame([0, ''], [$code, $error]);
        self::assertStringStartsWith("nullNo TLS with $url: ", $out);
    }

    public function failures(): array
    {
        return [
            'nobody knows who signed it' => ['unknown', 'certificate verify failed'],
            'it is of another name' => ['name', 'did not match expected CN=`127\.0\.0\.1\''],
            'it has expired' => ['expired', 'certificate verify failed'],
            'the node speaks no TLS' => ['plain', 'wrong version number'],
        ];
    }

    /** @test */
    public function aHandshakeThatBreaksOffIsTriedAgain(): void
    {
        $file = self::certificate('127.0.0.1');
        $proxy = new Fake([Fake::SLAM]); // as one does whose node is about to start
        $url = 'https' . strstr($proxy->url, ':');
        $wait = 'echo json_encode($bell->wait(7, 0.5)), $bell->lastError();';
        [$code, $out, $error] = self::script($wait, $file, $url, '1');
        self::assertSame([0, ''], [$code, $error]);
        self::assertStringStartsWith("falseNo TLS with $url: ", $out);
    }

    private static function script(string $code, string $trusted, string ...$words): array
    {
        $start = 'require "' . dirname(__DIR__) . '/doorbell.php";' . self::START;
        return Process::run([PHP_BINARY, '-n', '-d', "openssl.cafile=$trusted", '-r',
            $start . $code, ...$words]);
    }
}
