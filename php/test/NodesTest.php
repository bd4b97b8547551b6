<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;
use Doorbell\DoorbellException;
use Doorbell\Marks;
use Doorbell\Node;

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
        self::inTime([4, 30], function (float $limit): void {
            $silent = new Fake([Fake::HOLD]);
            $next = new Fake([Fake::SET]);
            foreach ([$silent->url, self::dropping()] as $first) {
                $bell = new Doorbell([$first, $next->url], limit: $limit);
                self::assertTrue($bell->set('7'), $bell->lastError());
            }
        });
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
            self::assertTrue((new Doorbell($next->url, limit: 20))->set('9'));
            self::assertStringStartsWith('POST /9 ', $next->request());
        }
    }

    /** @test */
    public function theLastNodeHasItsChanceWhereTwoHang(): void
    {
        [$id, $key] = Doorbell::newSealed();
        $one = fn (Doorbell $bell) => $bell->set($id, $key);
        $both = fn (Doorbell $bell) => $bell->setAll(['7', [$id, $key]]);
        foreach ([[$one, Fake::SET], [$both, Fake::answer(200, self::COUNT)]] as [$set, $answer]) {
            self::inTime([4, 30], function (float $limit) use ($set, $answer, $key): void {
                $last = new Fake([$answer]);
                $silent = new Fake([Fake::HOLD]);
                $bell = new Doorbell([$silent->url, self::dropping(), $last->url], limit: $limit);
                [$value, $took] = self::timed(fn () => $set($bell));
                self::assertNotNull($value, $bell->lastError());
                self::assertLessThan($limit + self::SLACK, $took);
                self::assertStringContainsString($key, $last->request());
            });
        }
    }

    /** @test */
    public function allNodesTogetherCostAtMostTheLimit(): void
    {
        $silent = new Fake([Fake::HOLD]);
        $urls = [];
        $dropping = self::dropping();
        for ($i = 0; $i < 10; $i++) {
            array_push($urls, "{$silent->url}/$i", "$dropping/$i");
        }
        $bell = new Doorbell($urls, limit: 0.2);
        self::assertNull(self::within(0.2, fn () => $bell->set('7')));
        self::assertNull(self::within(0.2, fn () => $bell->setAll(['7', '8'])));
    }

    /** @test */
    public function handshakesThatHangCostAtMostTheLimitTogether(): void
    {
        foreach (['https', 'http'] as $first) {
            self::inTime([1, 1, 1, 10], function (float $limit) use ($first): void {
                $silent = new Fake([Fake::SILENCE]);
                $port = $silent->port;
                $urls = ["$first://127.0.0.1:$port/0"];
                for ($i = 1; $i < 8; $i++) {
                    $urls[] = "https://127.0.0.1:$port/$i";
                }
                $bell = new Doorbell($urls, limit: $limit);
                [$value, $took] = self::timed(fn () => $bell->set('7'));
                self::assertNull($value);
                self::assertGreaterThan(0.5 * $limit, $took, 'it is there, and hangs');
                self::assertLessThan(1.5 * $limit, $took, 'seconds');
            });
        }
    }

    /** @test */
    public function aHandshakeThatHangsTakesNoTimeOfTheNext(): void
    {
        $file = self::certificate('127.0.0.1');
        $last = new Fake([Fake::SET], $file, 100);
        $code = 'require "' . dirname(__DIR__) . '/doorbell.php"; ini_set("error_log", "/dev/null");'
            . '$bell = new Doorbell\Doorbell(["https://127.0.0.1:$argv[1]", $argv[2]], limit: 0.4);'
            . '$began = hrtime(true);'
            . 'echo json_encode($bell->set(7)), $bell->lastError(), " ", hrtime(true) - $began;';
        $php = [PHP_BINARY, '-n', '-d', "openssl.cafile=$file", '-r', $code];
        self::inTime([0.4, 0.4, 0.4, 0.4, 0.4], function () use ($php, $last): void {
            $silent = new Fake([Fake::SILENCE]);
            $said = Process::run([...$php, $silent->port, $last->url])[1];
            self::assertMatchesRegularExpression('/\Atrue \d+\z/', $said);
            self::assertLessThan((0.4 + 1.0 + self::SLACK) * 1e9, (int) substr($said, 5));
        });
    }

    /** @test */
    public function theErrorNamesAllThatWereTriedEachWithItsReason(): void
    {
        self::inTime([3, 30], function (float $limit): void {
            $silent = new Fake([Fake::HOLD]);
            $full = new Fake([Fake::problem(503, 'No room.', 'Retry-After: 90')]);
            $nobody = self::nobody();
            $bell = new Doorbell([$nobody, $full->url, $silent->url], limit: $limit);
            $all = "No connection to $nobody: Connection refused; {$full->url}: No room. (status 503);"
                . " {$silent->url} did not answer in time.";
            self::assertNull($bell->set('7'));
            self::assertSame($all, $bell->lastError());
        });
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
    public function aWaitLeavesANodeThatHangsAndTheNextOneBeginsAtTheOther(): void
    {
        foreach (['http', 'https'] as $scheme) {
            self::inTime([0, 0, 0, 0, 0], function (float $limit) use ($scheme): void {
                $silent = new Fake([Fake::SILENCE]);
                $next = new Fake([Fake::answer(200, '{"set":["7"]}')]);
                $bell = new Doorbell(["$scheme://127.0.0.1:{$silent->port}", $next->url]);
                [$isSet, $took] = self::timed(fn () => $bell->wait('7', $limit));
                self::assertTrue($isSet, $bell->lastError());
                self::assertGreaterThan(0.9, $took, 'its part is a second: half of what a wait may be late');
                self::assertTrue(self::within(0.4, fn () => $bell->wait('7', 0)));
            });
        }
    }

    /** @test */
    public function aNodeThatHoldsAWaitIsAskedToHoldItForLongAndNoOther(): void
    {
        $node = new Fake([Fake::NOT_YET, Fake::answer(200, '{"set":["7"]}')], null, 300);
        $other = new Fake([Fake::answer(200, '{"set":["7"]}')]);
        self::assertTrue((new Doorbell([$node->url, $other->url]))->wait('7', 90));
        [$first, $second] = [$node->request(), $node->request()];
        self::assertMatchesRegularExpression('~\AGET /7\?timeout=(0\.[89]\d\d|1\.000) ~', $first);
        self::assertMatchesRegularExpression('~\AGET /7\?timeout=2\d\.~', $second);
    }

    /** @test */
    public function aWaitComesBackNotBeforeTheLongestRetryAfterOfARound(): void
    {
        $first = new Fake([Fake::problem(503, 'Ends.', 'Retry-After: 1'),
            Fake::answer(200, '{"set":["7"]}')]);
        $next = new Fake([Fake::problem(503, 'Ends.')]);
        [$isSet, $took] = self::timed(fn () => (new Doorbell([$first->url, $next->url]))->wait('7', 60));
        self::assertTrue($isSet);
        self::assertGreaterThanOrEqual(1.0, $took);
    }

    /** @test */
    public function theTokenGoesToEachNode(): void
    {
        $nodes = [new Fake([Fake::problem(503, 'Ends.')]), new Fake([Fake::SET])];
        $bell = new Doorbell(array_column($nodes, 'url'), limit: 10, token: 'abc');
        self::assertTrue($bell->set('7'), $bell->lastError());
        foreach ($nodes as $node) {
            self::assertStringContainsString("\r\nAuthorization: Bearer abc\r\n", $node->request());
        }
    }

    /** @test */
    public function aNodeThatIsNamedTwiceHasOneTurn(): void
    {
        $first = new Fake([Fake::problem(503, 'Ends.', 'Retry-After: 60'), Fake::SET]);
        $urls = [$first->url, 'HTTP' . substr($first->url, 4) . '/'];
        self::assertNull((new Doorbell($urls, limit: 10))->set('7'));
        $next = new Fake([Fake::SET]);
        $urls = ["http://bell.example:{$next->port}", "http://bell.example:{$next->port}"];
        $bell = new Doorbell($urls, limit: 20, address: ['127.0.0.2', '127.0.0.1']);
        self::assertTrue($bell->set('7'), 'a name that two have is not one node');
    }

    /**
     * @test
     * @dataProvider badMarks
     */
    public function whatStrangersPutInPlaceOfAMarkIsLeftAlone(callable $put): void
    {
        [$folder, $elsewhere] = [self::temporaryFolder(), self::temporaryFolder()];
        [$server, $get] = self::builtInServer(['-d', "sys_temp_dir=$folder", '-d', 'error_log=/dev/null']);
        $next = new Fake([Fake::SET]);
        $first = new Fake([Fake::problem(503, 'Ends.')]);
        $asks = function (string $id, bool $isFirstAsked) use ($get, $first, $next): void {
            $get([$first->url, $next->url], $id, 'now');
            self::assertStringStartsWith("POST /$id ", $next->request());
            if ($isFirstAsked) {
                self::assertStringStartsWith("POST /$id ", $first->request());
            }
        };
        $asks('1', true);
        $asks('2', false);
        foreach (glob("$folder/doorbell-*") as $mark) {
            unlink($mark);
            $put($mark, "$elsewhere/" . basename($mark));
        }
        $before = Process::run(['ls', '-lR', '--time-style=full-iso', $folder, $elsewhere]);
        $asks('3', true);
        $asks('4', true);
        self::assertSame($before, Process::run(['ls', '-lR', '--time-style=full-iso', $folder, $elsewhere]));
        $server->end();
    }

    public function badMarks(): array
    {
        return [
            'a folder' => [fn (string $mark) => mkdir($mark)],
            'a link' => [fn (string $mark, string $other) => touch($other) && symlink($other, $mark)],
            'a link to nothing' => [fn (string $mark, string $other) => symlink($other, $mark)],
            'a file of a stranger' => [fn (string $mark) => touch($mark)
                && (fileowner("/proc/self") === 0 ? chown($mark, 65534) : unlink($mark) && mkdir($mark))],
        ];
    }

    /** @test */
    public function aMarkInTheFutureIsNone(): void
    {
        $folder = self::temporaryFolder();
        [$server, $get] = self::builtInServer(['-d', "sys_temp_dir=$folder", '-d', 'error_log=/dev/null']);
        $next = new Fake([Fake::SET]);
        $first = new Fake([Fake::problem(503, 'Ends.')]);
        $get([$first->url, $next->url], '1', 'now');
        self::assertStringStartsWith('POST /1 ', $first->request());
        foreach (glob("$folder/doorbell-*") as $mark) {
            touch($mark, time() + 86_400);
        }
        $server->end(); // and with it what its process saw
        [$server, $get] = self::builtInServer(['-d', "sys_temp_dir=$folder", '-d', 'error_log=/dev/null']);
        $get([$first->url, $next->url], '2', 'now');
        self::assertStringStartsWith('POST /2 ', $first->request());
        $server->end();
    }

    /** @test */
    public function aClockThatIsSetBackEndsNoSet(): void
    {
        $first = new Fake([Fake::problem(503, 'Ends.')]);
        $next = new Fake([Fake::SET]);
        $bell = new Doorbell([$first->url, $next->url], limit: 10);
        self::assertTrue($bell->set('1'), $bell->lastError());
        $seen = new \ReflectionProperty(Marks::class, 'seen');
        $seen->setAccessible(true);
        $before = $seen->getValue();
        $seen->setValue(null, array_map(fn (float $time) => $time + 86_400, $before));
        try {
            self::assertTrue($bell->set('2'), $bell->lastError());
        } finally {
            $seen->setValue(null, $before);
        }
    }

    /** @test */
    public function noMarkIsSharedWhereNothingTellsWhoWeAre(): void
    {
        $folder = self::temporaryFolder();
        $next = new Fake([Fake::SET]);
        $first = new Fake([Fake::problem(503, 'Ends.')]);
        [$server, $get] = self::builtInServer(['-d', "sys_temp_dir=$folder", '-d', 'error_log=/dev/null',
            '-d', 'disable_functions=posix_geteuid',
            '-d', 'open_basedir=' . dirname(__DIR__, 2) . PATH_SEPARATOR . $folder]);
        $get([$first->url, $next->url], '1', 'now');
        self::assertStringStartsWith('POST /1 ', $first->request());
        self::assertSame([], glob("$folder/*"), 'nothing is written');
        $mark = "$folder/doorbell-" . md5(dirname(__DIR__) . (new Node($first->url, null))->place);
        touch($mark);
        $get([$first->url, $next->url], '2', 'now');
        (new Doorbell($first->url, limit: 0.1))->set('3');
        self::assertStringStartsWith('POST /2 ', $first->request(), 'whose the mark is, nobody knows');
        self::assertSame([$mark], glob("$folder/*"));
        $server->end();
    }

    /** @test */
    public function aPageGoesOnWhereNoMarkCanBeMade(): void
    {
        $next = new Fake([Fake::SET]);
        $first = new Fake([Fake::problem(503, 'Ends.')]);
        foreach (['sys_temp_dir=/proc', 'open_basedir=' . dirname(__DIR__, 2)] as $ini) {
            [$server, $get] = self::builtInServer(['-d', $ini, '-d', 'error_log=/dev/null']);
            foreach (['1', '2'] as $id) {
                $get([$first->url, $next->url], $id, 'now');
                self::assertStringStartsWith("POST /$id ", $next->request());
            }
            $server->end();
        }
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
    public function nodesOfOneNameAreToldApartByTheirAddresses(): void
    {
        $full = new Fake([Fake::problem(503, 'No room.', 'Retry-After: 9')]);
        $url = "http://bell.example:{$full->port}";
        $bell = new Doorbell([$url, $url], limit: 3, address: ['127.0.0.2', '127.0.0.1']);
        self::assertNull($bell->set('7'));
        self::assertSame("$url (127.0.0.2): No connection to $url: Connection refused;"
            . " $url (127.0.0.1): No room. (status 503).", $bell->lastError());
        $code = 'require "' . dirname(__DIR__) . '/doorbell.php";'
            . '$at = ["127.0.0.2", "127.0.0.3"];'
            . '(new Doorbell\Doorbell([$argv[1], $argv[1]], limit: $argv[2], address: $at))->set(7);';
        self::inTime([0.1, 3], function (float $limit) use ($code, $url): void {
            $log = Process::run([PHP_BINARY, '-n', '-r', $code, $url, (string) $limit])[2];
            foreach (['127.0.0.2', '127.0.0.3'] as $address) {
                self::assertStringContainsString("doorbell: $url ($address): No connection to ", $log);
            }
        });
    }

    /** @test */
    public function aListThatIsNoneThrows(): void
    {
        $lists = [
            'Give the URL of a node, or of several.' => [[]],
            'Each node is text, not of the type null.' => [['http://x', null]],
            'A node is an http or https URL without user, query and fragment, not "x".' =>
                [['http://x', 'x']],
            'A node is one URL, and several are an array, not "http://x/a,https://y".' =>
                ['http://x/a,https://y'],
            'A node is one URL, and several are an array, not "http://x,".' => [['http://x,']],
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
