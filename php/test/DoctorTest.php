<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;
use Doorbell\Findings;

/** What the doctor says, as spec/doctor.json has it for all clients. */
final class DoctorTest extends DoorbellTestCase
{
    private static function spec(): array
    {
        $file = dirname(__DIR__, 2) . '/spec/doctor.json';
        return json_decode(file_get_contents($file), true, 512, JSON_THROW_ON_ERROR);
    }

    /** @test */
    public function itHasTheWordsOfAllClients(): void
    {
        $spec = self::spec();
        self::assertSame($spec['findings'], Findings::ALL);
        self::assertSame($spec['marks'], Findings::MARKS);
        self::assertSame($spec['checks'], Findings::CHECKS);
        self::assertSame($spec['trust']['php'], Findings::TRUST);
    }

    /** @test */
    public function allIsWellWithANode(): void
    {
        $finds = ['reached/well', 'tls/here', 'wake/well'];
        self::finds($finds, self::node(), [], self::doctor(self::node()));
        self::finds($finds, self::node(), [], self::doctor(self::node() . '/'));
        $url = str_replace('127.0.0.1', 'localhost', self::node());
        self::finds($finds, $url, [], self::doctor($url));
    }

    /** @test */
    public function whereNobodyAnswersItSaysWhy(): void
    {
        $not = ['tls/untried', 'wake/untried'];
        $url = self::nobody();
        self::finds(['reached/refused', ...$not], $url, [], self::doctor($url));
        $url = 'http://nowhere.invalid:8080/bell';
        self::finds(['reached/name', ...$not], $url, [], self::doctor($url));
    }

    /**
     * @test
     * @dataProvider cases
     */
    public function itTellsWhatIsNoNode(array $answers, array $finds, array $words): void
    {
        $fake = new Fake($answers);
        self::finds($finds, $fake->url, $words, self::doctor($fake->url));
    }

    public function cases(): array
    {
        $cases = self::spec()['cases'];
        return array_map(
            static fn (array $case) => [$case['answers'], $case['finds'], $case['words']],
            array_combine(array_column($cases, 'what'), $cases)
        );
    }

    /** @test */
    public function aPageThatIsLongIsAPageToo(): void
    {
        $fake = new Fake([Fake::answer(200, str_repeat('<p>', 30_000))]);
        $finds = ['reached/page', 'tls/here', 'wake/untried'];
        self::finds($finds, $fake->url, [], self::doctor($fake->url));
    }

    /**
     * @test
     * @dataProvider certificates
     */
    public function itTellsWhatIsWrongWithACertificate(string $kind, string $name, int $days): void
    {
        $file = self::certificate($name, $days);
        $fake = new Fake([Fake::NOT_YET, Fake::NOT_YET, Fake::SET], $file);
        $trusted = $kind === 'untrusted' ? '' : $file;
        $wake = $kind === 'well' ? 'wake/short' : 'wake/untried';
        $run = self::doctor($fake->url, ['-d', "openssl.cafile=$trusted"]);
        self::finds(['reached/well', "tls/$kind", $wake], $fake->url, [], $run);
    }

    public function certificates(): array
    {
        return [
            'trusted' => ['well', '127.0.0.1', 2],
            'nobody knows who signed it' => ['untrusted', '127.0.0.1', 2],
            'it has expired' => ['expired', '127.0.0.1', 0],
            'it is of another name' => ['name', 'bell.example', 2],
        ];
    }

    /** @test */
    public function aNodeWithoutTlsAndOneThatSlamsTheDoorAreTold(): void
    {
        $not = ['tls/untried', 'wake/untried'];
        $url = 'https' . strstr(self::node(), ':');
        self::finds(['reached/plain', ...$not], $url, [], self::doctor($url));
        $fake = new Fake([Fake::SLAM]);
        $url = "https://127.0.0.1:{$fake->port}";
        self::finds(['reached/cut', ...$not], $url, [], self::doctor($url));
    }

    /** @test */
    public function plainHttpToAnotherMachineIsToldAndNoCross(): void
    {
        $lines = Findings::lines('tls/open', ['host' => 'bell.example'], true);
        self::assertStringStartsWith('! TLS: none: anyone between ', $lines[0]);
        self::assertStringContainsString(' and bell.example can ', $lines[0]);
        self::assertFalse(Findings::isBad('tls/open'));
    }

    /** @test */
    public function aPageMayShowIt(): void
    {
        $lines = (new Doorbell(self::node()))->doctor();
        self::assertCount(3, $lines);
        self::finds(['reached/well', 'tls/here', 'wake/well'], self::node(), [],
            [0, implode("\n", $lines) . "\n", '']);
        $lines = (new Doorbell('http://nowhere.invalid', address: '127.0.0.1'))->doctor();
        self::assertStringStartsNotWith('✗ reached: the name', $lines[0]);
    }

    /** @test */
    public function whatIsNoUrlOrNoCommandIsAMistake(): void
    {
        $uploaded = [PHP_BINARY, '-n', dirname(__DIR__) . '/doorbell.php'];
        $mistakes = [['x'], ['doctor'], ['doctor', 'bell'], ['doctor', self::nobody(), 'x'], []];
        foreach ($mistakes as $words) {
            foreach ([$uploaded, [PHP_BINARY, '-n', dirname(__DIR__) . '/bin/doorbell']] as $command) {
                [$code, $out, $error] = Process::run([...$command, ...$words]);
                self::assertSame([2, ''], [$code, $out]);
                self::assertMatchesRegularExpression('/\Adoorbell: [^\n]+\n\z/', $error);
            }
        }
    }

    /** @test */
    public function theUploadedFileIsItsOwnCommandWithMarksThatTheOutputCanShow(): void
    {
        $command = [PHP_BINARY, '-n', dirname(__DIR__) . '/doorbell.php', 'doctor', $url = self::nobody()];
        foreach (['C.UTF-8' => 'utf8', 'de_DE.utf8' => 'utf8', 'C' => 'other', '' => 'other'] as $is => $marks) {
            $locale = ['LC_ALL' => $is, 'LC_CTYPE' => '', 'LANG' => ''];
            $run = Process::run($command, '', null, $locale);
            self::finds(['reached/refused', 'tls/untried', 'wake/untried'], $url, [], $run, $marks);
        }
    }

    /** @test */
    public function theUploadedFileIsNoCommandOfAnApplicationNorOfAWebServer(): void
    {
        $folder = self::temporaryFolder();
        $uploaded = dirname(__DIR__) . '/doorbell.php';
        $words = ['doctor', 'http://nowhere.invalid'];
        file_put_contents("$folder/cron.php", "<?php require '$uploaded'; echo 'cron';");
        $cron = [PHP_BINARY, '-n', "$folder/cron.php", ...$words];
        self::assertSame([0, 'cron', ''], Process::run($cron));
        $with = [PHP_BINARY, '-n', '-d', 'disable_functions=realpath', "$folder/cron.php", ...$words];
        self::assertSame([0, 'cron', ''], Process::run($with));
        $once = [PHP_BINARY, '-n', '-r', "require '$uploaded'; echo 'once';", '--', ...$words];
        self::assertSame([0, 'once', ''], Process::run($once));
        copy($uploaded, "$folder/doorbell.php");
        [$server, $address] = self::webServer($folder);
        $page = file_get_contents("http://$address/doorbell.php?doctor&http://nowhere.invalid");
        self::assertSame('', $page);
        $server->end();
    }

    /** @test */
    public function aHostThatTookAFunctionAwayIsToldWhich(): void
    {
        $finds = ['reached/none', 'tls/untried', 'wake/untried'];
        foreach (['stream_socket_client', 'stream_socket_get_name', 'fwrite', 'fread'] as $gone) {
            $fake = new Fake([Fake::NOT_YET]);
            $run = self::doctor($fake->url, ['-d', "disable_functions=$gone"]);
            $why = "Call to undefined function Doorbell\\$gone(), see disable_functions in PHP's settings";
            self::finds($finds, $fake->url, ['why' => $why], $run);
        }
        $file = self::certificate('127.0.0.1', 0);
        $fake = new Fake([Fake::NOT_YET], $file);
        $ini = ['-d', "openssl.cafile=$file", '-d', 'disable_functions=openssl_x509_parse'];
        $finds = ['reached/well', 'tls/untrusted', 'wake/untried'];
        self::finds($finds, $fake->url, [], self::doctor($fake->url, $ini));
    }

    /** @return array{int, string, string} */
    private static function doctor(string $url, array $ini = []): array
    {
        $command = [PHP_BINARY, '-n', ...$ini, dirname(__DIR__) . '/bin/doorbell', 'doctor', $url];
        return Process::run($command, '', null, ['LC_ALL' => 'C.UTF-8']);
    }

    /** @param array<string, string|int> $words what stands for the words in braces */
    private static function filled(string $text, array $words): string
    {
        foreach ($words as $name => $word) {
            $text = str_replace("{{$name}}", (string) $word, $text);
        }
        return $text;
    }

    /** The lines of a cure: as many words as 80 columns hold, behind an indent. */
    private static function wrapped(string $cure): string
    {
        $lines = [];
        foreach (explode(' ', $cure) as $word) {
            $last = array_key_last($lines);
            if ($last !== null && strlen("$lines[$last] $word") <= 80) {
                $lines[$last] .= " $word";
            } else {
                $lines[] = "    $word";
            }
        }
        return implode("\n", $lines) . "\n";
    }

    /** @param list<string> $finds what it says, in the words of the spec, and nothing else */
    private static function finds(
        array $finds,
        string $url,
        array $words,
        array $run,
        string $marks = 'utf8'
    ): void {
        $spec = self::spec();
        $at = parse_url($url);
        $words += ['url' => $url, 'host' => $at['host'], 'place' => "{$at['host']}:{$at['port']}",
            'seconds' => 10, 'trust' => $spec['trust']['php']];
        $expected = '';
        $code = 0;
        foreach ($finds as $find) {
            [$mark, $sentence, $cure] = $spec['findings'][$find];
            $check = $spec['checks'][strtok($find, '/')];
            $expected .= "{$spec['marks'][$marks][$mark]} $check: $sentence\n"
                . ($cure === '' ? '' : self::wrapped(self::filled($cure, $words)));
            $code = $mark === 'bad' ? 1 : $code;
        }
        $expected = self::filled($expected, $words);
        // How long a wake takes is the machine's affair.
        $run[1] = preg_replace('/(?<=: )[1-9]\d*(?= ms, )/', '{millis}', $run[1]);
        self::assertSame([$code, $expected, ''], $run);
    }
}
