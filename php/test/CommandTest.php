<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;

/** bin/doorbell, as a shell runs it. */
final class CommandTest extends DoorbellTestCase
{
    /** @test */
    public function setSaysWhoWasFirst(): void
    {
        $id = Doorbell::newId();
        self::assertSame([0, "first\n", ''], self::command('set', self::node(), $id));
        self::assertSame([0, "already\n", ''], self::command('set', self::node(), $id));
        [$sealed, $key] = Doorbell::newSealed();
        self::assertSame([0, "first\n", ''], self::command('set', self::node(), $sealed, $key));
    }

    /** @test */
    public function severalNodesStandWithCommas(): void
    {
        [$one, $other, $id] = [self::nobody(), self::nobody(), Doorbell::newId()];
        $nodes = "$one," . self::node();
        self::assertSame([0, "first\n", ''], self::command('set', $nodes, $id));
        self::assertSame([0, "0 1\n", ''], self::invoke(['setAll', $nodes], $id));
        self::assertSame([0, "$id\n"], array_slice(self::command('wait', $nodes, $id), 0, 2));
        $said = "doorbell: No connection to $one: Connection refused;"
            . " No connection to $other: Connection refused.\n";
        self::assertSame([2, '', $said], self::command('set', "$one,$other", $id));
    }

    /** @test */
    public function noListOfProcessesShowsAKeyThatIsNotAnArgument(): void
    {
        $file = tempnam(sys_get_temp_dir(), 'key');
        foreach (['-', $file, ''] as $from) {
            [$sealed, $key] = Doorbell::newSealed();
            file_put_contents($file, "$key\n");
            $words = ['set', self::node(), $sealed];
            $run = $from === '' ? self::invoke($words, '', ['DOORBELL_KEY' => $key])
                : self::invoke([...$words, '--key-file', $from], "$key\r\n");
            self::assertSame([0, "first\n", ''], $run);
        }
        file_put_contents($file, "s\n");
        self::assertSame(
            self::command('derive', 's', 'room', '7'),
            self::command('derive', '--secret-file', $file, 'room', '7')
        );
        unlink($file);
        [$code, , $error] = self::command('set', self::node(), '5', '--key-file', $file);
        self::assertSame([2, "doorbell: $file can't be read.\n"], [$code, $error]);
    }

    /** @test */
    public function waitPrintsWhatIsSet(): void
    {
        [$id, $other] = [Doorbell::newId(), Doorbell::newId()];
        self::assertSame([1, '', ''], self::command('wait', self::node(), $id, '0.1'));
        (new Doorbell(self::node(), null, 5))->setAll([$id, $other]);
        $set = self::command('wait', self::node(), "$other,1" . substr($id, 0, 20) . ",$id");
        self::assertSame([0, "$other\n$id\n", ''], $set);
    }

    /** @test */
    public function setAllReadsLines(): void
    {
        [$id, [$sealed, $key]] = [Doorbell::newId(), Doorbell::newSealed()];
        $lines = "$id\r\n$sealed $key\n$id";
        self::assertSame([0, "2 1\n", ''], self::invoke(['setAll', self::node()], $lines));
        self::assertSame([0, "0 0\n", ''], self::invoke(['setAll', self::node()], ''));
    }

    /** @test */
    public function derivePrintsIdAndKey(): void
    {
        foreach (array_slice(self::vectors()['derived'], 0, 8) as $vector) {
            $run = self::command('derive', $vector['secret'], $vector['topic'], $vector['version']);
            self::assertSame([0, "{$vector['id']} {$vector['key']}\n", ''], $run);
        }
    }

    /**
     * @test
     * @dataProvider mistakes
     */
    public function anErrorIsOneSentenceAndExitCode2(
        array $words,
        string $sentence,
        string $in = ''
    ): void {
        $words = str_replace('NODE', self::node(), $words);
        [$code, $out, $error] = self::invoke($words, $in);
        self::assertSame([2, ''], [$code, $out]);
        $one = "/\\Adoorbell: [^\\n]*{$sentence}[^\\n]*\\n\\z/";
        self::assertMatchesRegularExpression($one, $error);
    }

    public function mistakes(): array
    {
        $sealed = hash('sha256', 'k');
        return [
            'nothing' => [[], 'usage: doorbell wait NODE'],
            'another command' => [['ring', 'NODE', '7'], 'usage: '],
            'a word too many' => [['set', 'NODE', '7', 'k', 'x'], 'usage: '],
            'no node' => [['set', 'ftp:..x', '7'], 'A node is '],
            'no id' => [['set', 'NODE', 'x7'], 'An event id is .*, not "x7"'],
            'no id to wait for' => [['wait', 'NODE', '7,,8'], 'An event id is '],
            'no time' => [['wait', 'NODE', '7', '1e3'], 'SECONDS is a number, not "1e3"'],
            'a wrong key' => [['set', 'NODE', $sealed, 'l'], 'the key is not the one'],
            'no key' => [['set', 'NODE', $sealed], 'it is set by its key'],
            'an empty line' => [['setAll', 'NODE'], 'An event id is ', "7\n\n"],
            'a line of three' => [['setAll', 'NODE'], 'A key is ', "7 k k\n"],
            'no secret' => [['derive', '', 't', '1'], 'A secret is not empty'],
            'no version' => [['derive', 's', 't', '01'], 'A version is '],
        ];
    }

    /** @test */
    public function aNodeThatIsDownIsAnErrorWithinFiveSeconds(): void
    {
        $url = self::nobody();
        $down = self::within(5, fn () => self::command('set', $url, '7'));
        self::assertSame([2, '', "doorbell: No connection to $url: Connection refused.\n"], $down);
        $failure = "No connection to $url: Connection refused.\n";
        $said = "doorbell: {$failure}doorbell: Not set in time. $failure";
        self::assertSame([2, '', $said], self::command('wait', $url, '7', '0.2'));
    }

    /** @test */
    public function aWaitThatCameToNothingForAFailureTellsItAndEndsWithCode2(): void
    {
        $fake = new Fake([Fake::problem(500, 'Out of order.')]);
        [$code, $out, $error] = self::command('wait', $fake->url, '7', '0.3');
        self::assertSame([2, ''], [$code, $out]);
        $failure = 'Out of order. (status 500)';
        self::assertSame("doorbell: $failure\ndoorbell: Not set in time. $failure\n", $error);
    }

    /**
     * @test
     * @dataProvider finalAnswers
     */
    public function whatCannotPassEndsAWaitAtOnce(string $answer, string $sentence): void
    {
        $fake = new Fake([$answer]);
        $run = fn () => self::command('wait', $fake->url, '7', '60');
        $said = 'doorbell: ' . str_replace('NODE', $fake->url, $sentence) . "\n";
        self::assertSame([2, '', $said], self::within(2, $run));
    }

    public function finalAnswers(): array
    {
        return [
            'a login page' => [Fake::answer(200, '<h1>Log in</h1>'),
                'NODE gave no answer of a Doorbell node (status 200)'],
            'no node there' => [Fake::answer(404, '<h1>Oops</h1>'),
                'There is no Doorbell node at NODE (status 404)'],
            'a redirect' => [Fake::answer(301, '', 'Location: https://x/y'),
                'A redirect to https://x/y is not followed (status 301)'],
            'a change of protocol' => ["HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
                'NODE gave no answer of a Doorbell node.'],
            'another protocol' =>
                ["SSH-2.0-OpenSSH_9.2\r\n", 'NODE gave no answer of a Doorbell node.'],
        ];
    }

    /** @test */
    public function aCertificateThatIsNotTrustedEndsAWaitAtOnce(): void
    {
        $fake = new Fake([Fake::SILENCE, Fake::SET], self::certificate('bell.example'));
        $run = fn () => self::command('wait', $fake->url, '7', '60');
        [$code, $out, $error] = self::within(2, $run);
        self::assertSame([2, ''], [$code, $out]);
        self::assertStringStartsWith("doorbell: No TLS with {$fake->url}: ", $error);
        self::assertStringContainsString('certificate verify failed', $error);
        self::assertSame(1, substr_count($error, "\n"));
    }

    private static function command(string ...$words): array
    {
        return self::invoke($words, '');
    }

    private static function invoke(array $words, string $in, array $environment = []): array
    {
        $command = [PHP_BINARY, '-n', dirname(__DIR__) . '/bin/doorbell', ...$words];
        return Process::run($command, $in, null, $environment);
    }
}
