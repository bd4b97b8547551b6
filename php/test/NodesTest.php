<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;
use Doorbell\DoorbellException;

/** Sets, and waits, at one of several nodes that share a store. */
final class NodesTest extends DoorbellTestCase
{
    private const COUNT = '{"set":2,"already":0}';

    /** @test */
    public function theNextNodeIsTriedWhereTheFirstIsAway(): void
    {
        $next = new Fake([Fake::SET]);
        $bell = new Doorbell([self::nobody(), $next->url], limit: 10);
        self::assertTrue($bell->set('7'), $bell->lastError());
        self::assertSame('', $bell->lastError());
        self::assertStringStartsWith('POST /7 ', $next->request());
    }

    /** @test */
    public function theNextNodeIsTriedWhereTheFirstHangs(): void
    {
        $silent = new Fake([Fake::HOLD]);
        $next = new Fake([Fake::SET]);
        foreach ([$silent->url, self::dropping()] as $first) {
            $bell = new Doorbell([$first, $next->url], limit: 4);
            self::assertTrue($bell->set('7'), $bell->lastError());
        }
    }

    /** @test */
    public function theNextNodeIsTriedWhereTheFirstSaysWhatMayPass(): void
    {
        foreach ([408, 429, 500, 502, 503, 504] as $status) {
            $first = new Fake([Fake::problem($status, 'Later.', 'Retry-After: 60')]);
            $next = new Fake([Fake::SET]);
            $bell = new Doorbell([$first->url, $next->url], limit: 10);
            self::assertTrue(self::within(0.5, fn () => $bell->set('7')), $bell->lastError());
        }
    }

    /** @test */
    public function aRefusalIsNotTriedElsewhere(): void
    {
        foreach ([400, 401, 403, 404, 413] as $status) {
            $first = new Fake([Fake::problem($status, 'No.')]);
            $next = new Fake([Fake::SET]);
            $bell = new Doorbell([$first->url, $next->url], limit: 10);
            self::assertNull(self::within(0.5, fn () => $bell->set('7')));
            self::assertSame("{$first->url}: No. (status $status).", $bell->lastError());
            self::assertNull($bell->setAll(['7', '8']));
            self::assertTrue((new Doorbell($next->url))->set('9'));
            self::assertStringStartsWith('POST /9 ', $next->request());
        }
    }

    /** @test */
    public function theLastNodeHasItsChanceWhereTwoHang(): void
    {
        $last = new Fake([Fake::SET, Fake::answer(200, self::COUNT)]);
        [$id, $key] = Doorbell::newSealed();
        $sets = [fn (Doorbell $bell) => $bell->set($id, $key),
            fn (Doorbell $bell) => $bell->setAll(['7', [$id, $key]])];
        foreach ($sets as $set) {
            $silent = new Fake([Fake::HOLD]);
            $bell = new Doorbell([$silent->url, self::dropping(), $last->url], limit: 4);
            [$value, $took] = self::timed(fn () => $set($bell));
            self::assertNotNull($value, $bell->lastError());
            self::assertLessThan(4 + self::SLACK, $took);
            self::assertStringContainsString($key, $last->request());
        }
    }

    /** @test */
    public function allNodesTogetherCostAtMostTheLimit(): void
    {
        $silent = new Fake([Fake::HOLD]);
        $dropping = self::dropping();
        $bell = new Doorbell([$silent->url, $dropping, self::nobody()], limit: 0.2);
        self::assertNull(self::within(0.2, fn () => $bell->set('7')));
        self::assertNull(self::within(0.2, fn () => $bell->setAll(['7', '8'])));
    }

    /** @test */
    public function aHandshakeThatHangsTakesNoTimeOfTheNext(): void
    {
        $file = self::certificate('127.0.0.1');
        $silent = new Fake([Fake::SILENCE]);
        $last = new Fake([Fake::SET], $file, 100);
        $code = 'require "' . dirname(__DIR__) . '/doorbell.php"; ini_set("error_log", "/dev/null");'
            . '$bell = new Doorbell\Doorbell(["https://127.0.0.1:$argv[1]", $argv[2]], limit: 0.4);'
            . '$began = hrtime(true);'
            . 'echo json_encode($bell->set(7)), $bell->lastError(), " ", hrtime(true) - $began;';
        $tries = 0;
        do { // again for a machine that was busy
            $run = Process::run([PHP_BINARY, '-n', '-d', "openssl.cafile=$file", '-r', $code,
                $silent->port, $last->url]);
        } while (!str_starts_with($run[1], 'true ') && ++$tries < 5);
        self::assertMatchesRegularExpression('/\Atrue \d+\z/', $run[1]);
        self::assertLessThan((0.4 + 1.0 + self::SLACK) * 1e9, (int) substr($run[1], 5));
    }

    /** @test */
    public function theErrorNamesAllThatWereTriedEachWithItsReason(): void
    {
        $silent = new Fake([Fake::HOLD]);
        $full = new Fake([Fake::problem(503, 'No room.', 'Retry-After: 9')]);
        $nobody = self::nobody();
        $bell = new Doorbell([$nobody, $full->url, $silent->url], limit: 3);
        $all = "No connection to $nobody: Connection refused; {$full->url}: No room. (status 503);"
            . " {$silent->url} did not answer in time.";
        self::assertNull($bell->set('7'));
        self::assertSame($all, $bell->lastError());
        $refusing = new Fake([Fake::problem(403, 'No.')]);
        $bell = new Doorbell([self::nobody(), $refusing->url], limit: 10);
        self::assertNull($bell->set('7'));
        self::assertStringEndsWith("; {$refusing->url}: No. (status 403).", $bell->lastError());
    }

    /** @test */
    public function setsStayAtTheNodeThatWorks(): void
    {
        $first = new Fake([Fake::problem(503, 'Ends.'), Fake::ALREADY]);
        $next = new Fake([Fake::SET, Fake::SET, Fake::SET, Fake::problem(503, 'Ends.')]);
        $urls = [$first->url, $next->url];
        $bell = new Doorbell($urls, limit: 10);
        self::assertTrue($bell->set('1'), $bell->lastError());
        self::assertTrue($bell->set('2'), 'the first one would say that it is set');
        self::assertTrue((new Doorbell($urls, limit: 10))->set('3'), 'as those who come later');
        self::assertFalse($bell->set('4'), 'until that fails');
        self::assertFalse($bell->set('5'));
    }

    /** @test */
    public function theNextPageTriesANodeThatFailedLast(): void
    {
        $folder = self::temporaryFolder();
        [$server, $get] = self::builtInServer(['-d', "sys_temp_dir=$folder", '-d', 'error_log=/dev/null']);
        $next = new Fake([Fake::SET]);
        $first = new Fake([Fake::problem(503, 'Ends.')]);
        foreach (['1', '2', '3'] as $id) {
            $get([$first->url, $next->url], $id, 'now');
            self::assertStringStartsWith("POST /$id ", $next->request());
        }
        $first->request();
        (new Doorbell($first->url, limit: 0.1))->set('4');
        self::assertStringStartsWith('POST /4 ', $first->request(), 'it was asked once before');
        $server->end();
    }

    /** @test */
    public function aWaitGoesToTheNextNodeWhereOneFails(): void
    {
        $full = new Fake([Fake::problem(503, 'No room.', 'Retry-After: 60')]);
        $next = new Fake([Fake::answer(200, '{"set":["7"]}'), Fake::problem(403, 'No.')]);
        $nobody = self::nobody();
        $bell = new Doorbell([$nobody, $full->url, $next->url]);
        self::assertTrue($bell->wait('7', 30));
        self::assertSame('', $bell->lastError());
        $this->expectException(DoorbellException::class);
        $this->expectExceptionMessage("{$next->url}: No. (status 403).");
        $bell->wait('8', 30);
    }

    /** @test */
    public function eachNodeMayHaveAnAddress(): void
    {
        $next = new Fake([Fake::SET]);
        $gone = parse_url(self::nobody(), PHP_URL_PORT);
        $urls = ["http://one.example:$gone", "http://two.example:{$next->port}"];
        $bell = new Doorbell($urls, limit: 10, address: ['127.0.0.1', '127.0.0.1']);
        self::assertTrue($bell->set('7'), $bell->lastError());
        self::assertStringContainsString("\r\nHost: two.example:{$next->port}\r\n", $next->request());
    }

    /** @test */
    public function aListThatIsNoneThrows(): void
    {
        $lists = [
            'Give the URL of a node, or of several.' => [[]],
            'Each node is text, not of the type null.' => [['http://x', null]],
            'A node is an http or https URL without user, query and fragment, not "x".' =>
                [['http://x', 'x']],
            'Give an address for each node, or for none.' =>
                [['http://x', 'http://y'], null, 1.0, 0.0, '127.0.0.1'],
        ];
        foreach ($lists as $message => $arguments) {
            try {
                new Doorbell(...$arguments);
                self::fail("taken, and not: $message");
            } catch (\InvalidArgumentException $e) {
                self::assertSame($message, $e->getMessage());
            }
        }
    }

    /** @test */
    public function theDoctorLooksAtEachNode(): void
    {
        [$one, $other] = [self::nobody(), self::nobody()];
        $said = implode("\n", (new Doorbell([$one, $other]))->doctor());
        self::assertStringContainsString(substr($one, 7), $said);
        self::assertStringContainsString(substr($other, 7), $said);
    }
}
