<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;

require_once __DIR__ . '/PackageTest.php'; // not by the bootstrap: PHPUnit would not run its tests

/** What a host makes of PHP: functions that are gone, copies, many files, pages that die. */
final class HostTest extends DoorbellTestCase
{
    /**
     * @test
     * @dataProvider functions
     */
    public function withoutAFunctionASetIsNullAndThePageGoesOn(string $gone): void
    {
        [$sealed, $key] = Doorbell::newSealed();
        $id = Doorbell::newId();
        $code = 'require "' . dirname(__DIR__) . '/doorbell.php"; $said = [];'
            . "\$bell = new Doorbell\\Doorbell('NODE', limit: 30, spread: 0.001);"
            . "foreach ([fn () => \$bell->set('$id'), fn () => \$bell->set('$sealed', '$key'),"
            . "    fn () => \$bell->setAll(['$id', ['$sealed', '$key']])] as \$set) {"
            . '    $value = $set();'
            . '    echo $value === null ? "null" : "done", $bell->lastError() === "" ? "" : "!", " ";'
            . '}'
            . "\$bell->setLater('$id'); echo 'page ';"
            . 'set_error_handler(fn () => print("seen"));';
        if ($gone === 'set_error_handler') {
            $code = substr($code, 0, strpos($code, 'set_error_handler(')); // the page has none
        }
        $run = Process::run([PHP_BINARY, '-n', '-d', "disable_functions=$gone", '-d',
            'error_log=/dev/null', '-r', str_replace('NODE', self::node(), $code)]);
        self::assertSame([0, ''], [$run[0], $run[2]], $run[1]);
        self::assertMatchesRegularExpression('/\A((done|null!) ){3}page \z/', $run[1]);
    }

    public function functions(): array
    {
        // Without class_exists() the file can't be read, long before a commit.
        $names = array_diff(explode(' ', PackageTest::FUNCTIONS), ['class_exists']);
        foreach (['fastcgi_finish_request', 'litespeed_finish_request', 'fsockopen', 'pfsockopen',
            'set_time_limit', 'stream_select'] as $other) {
            $names[] = $other;
        }
        return array_combine($names, array_map(fn (string $name) => [$name], $names));
    }

    /** @test */
    public function whatAHostOftenTakesAwayIsNotNeeded(): void
    {
        $gone = 'exec,system,popen,fsockopen,pfsockopen,getmypid,getmyuid,ini_set,ini_get,set_time_limit,'
            . 'error_log,stream_set_chunk_size,stream_socket_server,stream_select,touch,'
            . 'register_shutdown_function,sys_get_temp_dir,curl_exec,ignore_user_abort';
        $id = Doorbell::newId();
        $code = 'require "' . dirname(__DIR__) . '/doorbell.php";'
            . '$bell = new Doorbell\Doorbell($argv[1], limit: 30);'
            . 'echo json_encode($bell->set($argv[2])), json_encode($bell->set($argv[2]));'
            . '$bell->setLater($argv[3]);';
        $later = Doorbell::newId();
        $run = Process::run([PHP_BINARY, '-n', '-d', "disable_functions=$gone", '-r', $code,
            self::node(), $id, $later]);
        self::assertSame([0, 'truefalse', ''], $run);
        self::assertTrue((new Doorbell(self::node()))->wait($later, 0));
    }

    /** @test */
    public function aWaitWithoutAFunctionIsAnExceptionOfOurs(): void
    {
        $code = 'require "' . dirname(__DIR__) . '/doorbell.php";'
            . 'try { (new Doorbell\Doorbell("http://127.0.0.1:9"))->wait(7, 1.0); }'
            . 'catch (Doorbell\DoorbellException $late) { echo $late->getMessage(); }';
        foreach (['stream_socket_client', 'fwrite', 'hrtime', 'stream_set_timeout'] as $gone) {
            $run = Process::run([PHP_BINARY, '-n', '-d', "disable_functions=$gone", '-r', $code]);
            $sentence = 'This PHP lacks what a wait needs, see disable_functions in its settings: '
                . "Call to undefined function Doorbell\\$gone().";
            $isNeeded = in_array($gone, ['stream_socket_client', 'hrtime'], true);
            self::assertSame([0, $isNeeded ? $sentence : ''], [$run[0], $run[1]], $gone);
        }
    }

    /** @test */
    public function aPageWithoutHeaderGoesOn(): void
    {
        $code = 'require "' . dirname(__DIR__) . '/doorbell.php";'
            . 'Doorbell\Doorbell::header(7); Doorbell\Doorbell::headerAt("/bell", 7); echo "page";';
        $run = Process::run([PHP_BINARY, '-n', '-d', 'disable_functions=header', '-r', $code]);
        self::assertSame([0, 'page'], [$run[0], $run[1]]);
        self::assertStringStartsWith('doorbell: No header Doorbell-Wait: ', $run[2]);
    }

    /** @test */
    public function aMissingFunctionIsNamedAndToldToTheLogOnce(): void
    {
        $code = 'require "' . dirname(__DIR__) . '/doorbell.php";'
            . '$bell = new Doorbell\Doorbell("http://127.0.0.1:9");'
            . '$bell->set(7); $bell->set(8); $bell->setLater(9); echo $bell->lastError();';
        [$code, $out, $error] = Process::run(
            [PHP_BINARY, '-n', '-d', 'disable_functions=stream_socket_client', '-r', $code]
        );
        $sentence = 'This PHP lacks what a set needs, see disable_functions in its settings: '
            . 'Call to undefined function Doorbell\stream_socket_client().';
        self::assertSame([0, $sentence, "doorbell: $sentence\n"], [$code, $out, $error]);
    }

    /** @test */
    public function ofSeveralCopiesTheFirstOneStandsInSilence(): void
    {
        $folder = self::temporaryFolder();
        $file = dirname(__DIR__) . '/doorbell.php';
        copy($file, "$folder/copy.php");
        // Another version: it lacks a class, and has one of its own.
        $other = str_replace(['class Deadline', 'Deadline::class'], ['class D', 'D::class'],
            file_get_contents($file));
        file_put_contents("$folder/other.php", $other);
        $autoload = 'spl_autoload_register(fn ($class) => require "' . dirname(__DIR__)
            . '/src/" . substr($class, 9) . ".php");';
        $set = '$bell = new Doorbell\Doorbell($argv[1], limit: 30);'
            . 'echo json_encode($bell->set(...Doorbell\Doorbell::newSealed()));'
            . 'new Doorbell\DoorbellException;';
        $ways = [
            "require '$file'; require '$folder/copy.php';",
            "require '$folder/copy.php'; require '$file'; include '$folder/other.php';",
            "$autoload require '$file';",
            "$autoload class_exists('Doorbell\\Doorbell'); require '$file'; include '$folder/copy.php';",
            "$autoload class_exists('Doorbell\\DoorbellException'); require '$file';",
            "require '$file'; $autoload",
        ];
        foreach ($ways as $way) {
            foreach (['0', '1'] as $cache) {
                $run = Process::run([PHP_BINARY, '-d', "opcache.enable_cli=$cache", '-d',
                    'display_errors=stderr', '-r', $way . $set, self::node()]);
                self::assertSame([0, 'true', ''], $run, $way);
            }
        }
    }

    /** @test */
    public function aProcessWithManyOpenFilesSetsAndWaitsWithoutABurningProcessor(): void
    {
        $code = '$files = []; for ($i = 0; $i < 1100; $i++) $files[] = fopen("/dev/null", "r");'
            . 'require "' . dirname(__DIR__) . '/doorbell.php";'
            . '$bell = new Doorbell\Doorbell($argv[1], limit: 30);'
            . '$used = function () { $u = getrusage(); return $u["ru_utime.tv_sec"] + $u["ru_stime.tv_sec"]'
            . '    + ($u["ru_utime.tv_usec"] + $u["ru_stime.tv_usec"]) / 1e6; };'
            . '$began = $used();'
            . 'echo json_encode([count($files), $bell->set($argv[2]), $bell->wait($argv[2], 5),'
            . '    $bell->wait($argv[3], 3), $bell->lastError(), $used() - $began < 0.5]);';
        $file = self::certificate('127.0.0.1');
        $tls = new Fake([Fake::SET, Fake::answer(200, '{"set":["7"]}'), Fake::SILENCE], $file);
        $many = ['bash', '-c', 'ulimit -n 4096 && exec "$@"', 'bash'];
        $php = [...$many, PHP_BINARY, '-n', '-d', "openssl.cafile=$file", '-r', $code];
        $id = Doorbell::newId();
        $run = Process::run([...$php, self::node(), $id, Doorbell::newId()]);
        self::assertSame([0, '[1100,true,true,false,"",true]', ''], $run);
        [, $out] = Process::run([...$php, $tls->url, '7', '8']);
        self::assertMatchesRegularExpression('/\A\[1100,true,true,false,".*",true\]\z/', $out);
    }

    /** @test */
    public function theLogTellsAFailureOnceAMinuteToAllPages(): void
    {
        $folder = self::temporaryFolder();
        mkdir("$folder/tmp");
        $log = "$folder/log";
        [$server, $get] = self::builtInServer(['-d', "error_log=$log", '-d', "sys_temp_dir=$folder/tmp"]);
        $refusing = new Fake([Fake::problem(403, 'No.')]);
        $down = self::nobody();
        $lines = fn (string $what) => substr_count((string) @file_get_contents($log), $what);
        foreach ([$refusing->url, $down, $refusing->url, $down, $refusing->url] as $node) {
            $get($node, '7', 'now');
        }
        self::eventually(fn () => $lines('doorbell: No. (status 403)') === 1);
        self::assertSame(1, $lines("doorbell: No connection to $down: Connection refused."));
        foreach (glob("$folder/tmp/doorbell-*") as $told) {
            touch($told, time() - 61);
        }
        $get($refusing->url, '7', 'now');
        $get($refusing->url, '7', 'now');
        self::eventually(fn () => $lines('doorbell: No. (status 403)') >= 2);
        self::assertSame(2, $lines('doorbell: No. (status 403)'));
        $server->end();
    }
}
