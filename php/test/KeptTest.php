<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;
use Doorbell\Node;
use ReflectionMethod;

/** The connection that PHP keeps from one set to the next. */
final class KeptTest extends DoorbellTestCase
{
    /** @test */
    public function oneConnectionServesManySets(): void
    {
        $count = Fake::answer(200, '{"set":1,"already":0}');
        $chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        $refusal = Fake::problem(403, 'No.');
        $fake = new Fake([[Fake::SET], [$count], [$chunked], [$refusal], [Fake::SET]]);
        $bell = new Doorbell($fake->url, null, 30);
        self::assertTrue($bell->set(1), $bell->lastError());
        self::assertSame(['set' => 1, 'already' => 0], $bell->setAll([2]), $bell->lastError());
        self::assertFalse($bell->set(3), $bell->lastError());
        self::assertNull($bell->set(4));
        self::assertTrue((new Doorbell($fake->url, null, 30))->set(5));
        for ($i = 1; $i <= 5; $i++) {
            $fake->request();
            self::assertSame(1, $fake->connection);
        }
    }

    /**
     * @test
     * @dataProvider ends
     */
    public function aConnectionThatIsNoMoreIsNoticedAndTheSetIsSentAgain(array $answers): void
    {
        $fake = new Fake($answers);
        $bell = new Doorbell($fake->url, null, 6);
        self::assertTrue($bell->set(1), $bell->lastError());
        usleep(200_000); // whatever comes unasked has come
        [$set, $took] = self::timed(fn () => $bell->set(2));
        self::assertTrue($set, $bell->lastError());
        self::assertLessThan(5, $took);
        $fake->request();
        do {
            $request = $fake->request();
        } while ($fake->connection === 1);
        self::assertStringStartsWith('POST /2 ', $request);
    }

    public function ends(): array
    {
        $late = Fake::answer(408, '', 'Connection: close');
        $half = substr(Fake::SET, 0, 20);
        $other = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
        return [
            'it is closed by then' => [[Fake::SET, Fake::SET]],
            'it is closed when it is asked' => [[[Fake::SET], Fake::HANG_UP, Fake::SET]],
            'it is silent' => [[[Fake::SET], Fake::SILENCE, Fake::SET]],
            'it breaks off' => [[[Fake::SET], $half, Fake::SET]],
            'it says that it is late' => [[[Fake::SET], $late, Fake::SET]],
            'its node goes away, and another is there' => [[[Fake::SET],
                Fake::problem(503, 'Ends.', "Retry-After: 60\r\nConnection: close"), Fake::SET]],
            'it said so unasked' => [[[Fake::SET, $late], Fake::SET]],
            'it has an answer that nobody asked for' => [[[Fake::SET, $other], Fake::SET]],
            'it has that in one piece' => [[[Fake::SET . $other], Fake::SET]],
            'it said that it will close' =>
                [[[str_replace("\r\n\r\n", "\r\nconnection: Close\r\n\r\n", Fake::SET)], Fake::SET]],
        ];
    }

    /** @test */
    public function anAnswerThatAPageDidNotTakeIsNotThatOfTheNext(): void
    {
        $fake = new Fake([[Fake::SET], Fake::ALREADY]);
        $node = new Node($fake->url, null);
        $name = new ReflectionMethod($node, 'name');
        $name->setAccessible(true);
        $connect = new ReflectionMethod($node, 'connect');
        $connect->setAccessible(true);
        $left = $connect->invoke($node, new \Doorbell\Deadline(5), $name->invoke($node));
        fwrite($left, "POST /1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n"); // and the page ends here
        $fake->request();
        $bell = new Doorbell($fake->url, null, 10);
        self::assertFalse($bell->set(2), 'the answer to another set was 201');
    }

    /** @test */
    public function noOtherNameSharesAConnectionWithTls(): void
    {
        $file = self::certificate('bell.example');
        $fake = new Fake([[Fake::SET]], $file);
        $code = 'require "' . dirname(__DIR__) . '/doorbell.php"; ini_set("error_log", "/dev/null");'
            . 'foreach (["bell.example", "bell.example", "other.example"] as $name) {'
            . '$url = "https://$name:$argv[1]";'
            . '$limit = $name === "other.example" ? 3 : 30;' // It fails until then.
            . '$bell = new Doorbell\Doorbell($url, limit: $limit, address: "127.0.0.1");'
            . 'echo json_encode($bell->set(7)), " "; }';
        $run = Process::run(
            [PHP_BINARY, '-n', '-d', "openssl.cafile=$file", '-r', $code, $fake->port]
        );
        self::assertSame([0, 'true true null ', ''], $run);
        for ($i = 0; $i < 2; $i++) {
            $fake->request();
            self::assertSame(1, $fake->connection);
        }
    }

    /** @test */
    public function aBodyOfAnyLengthIsSentOverTls(): void
    {
        $file = self::certificate('127.0.0.1');
        $fake = new Fake([Fake::answer(200, '{"set":10000,"already":0}')], $file);
        $code = 'require "' . dirname(__DIR__) . '/doorbell.php";'
            . '$bell = new Doorbell\Doorbell($argv[1], limit: 30, secret: "s");'
            . '$topic = $bell->topic("t");'
            . 'echo json_encode($bell->setAll(array_map([$topic, "at"], range(1, 10000)))),'
            . ' $bell->lastError();';
        $run = Process::run(
            [PHP_BINARY, '-n', '-d', "openssl.cafile=$file", '-r', $code, $fake->url]
        );
        self::assertSame([0, '{"set":10000,"already":0}', ''], $run);
        self::assertSame(10_000 * 130 - 1, strlen(strstr($fake->request(), "\r\n\r\n")) - 4);
    }
}
