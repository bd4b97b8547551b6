<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;

/** setLater(), where PHP runs: the built-in server, PHP-FPM, LiteSpeed's function, the shell. */
final class LaterTest extends DoorbellTestCase
{
    /** A page of a silent node's limit of 3 s, that has its answer long before. */
    private const AT_ONCE = 1.5;

    /** @test */
    public function theBuiltInServerSendsThePageFirst(): void
    {
        [$server, $get] = self::builtInServer();
        $id = Doorbell::newId();
        self::assertFalse((new Doorbell(self::node()))->wait($id, 0));
        $answer = $get(self::node(), $id);
        self::assertStringContainsString("\r\nDoorbell-Wait: $id\r\n", $answer);
        self::assertTrue((new Doorbell(self::node()))->wait($id, 10));

        $silent = new Fake([Fake::SILENCE]);
        self::within(self::AT_ONCE, fn () => $get($silent->url, $id));
        $server->end();
    }

    /** @test */
    public function manyAreOneRequest(): void
    {
        [$server, $get] = self::builtInServer();
        $fake = new Fake([Fake::answer(200, '{"set":2,"already":0}')]);
        $get($fake->url, '7');
        $request = $fake->request();
        self::assertMatchesRegularExpression('~\APOST / .*\r\n\r\n7\n\S{64} \S{64}\z~s', $request);
        $server->end();
    }

    /** @test */
    public function fpmSendsAndEndsThePageFirst(): void
    {
        $fpm = glob('/usr/sbin/php-fpm*')[0] ?? null;
        if ($fpm === null) {
            self::markTestSkipped('no php-fpm: apt-get install php-fpm');
        }
        $folder = self::temporaryFolder();
        $user = posix_getuid() === 0 ? "user = root\nlisten.mode = 0600" : '';
        file_put_contents("$folder/fpm.conf", "[global]\nerror_log = $folder/log\ndaemonize = no\n"
            . "[www]\nlisten = $folder/socket\npm = static\npm.max_children = 1\n$user\n");
        $server = new Process([$fpm, '-n', '-R', '-F', '-y', "$folder/fpm.conf"]);
        self::eventually(fn () => file_exists("$folder/socket"));

        $id = Doorbell::newId();
        [$body, $isOver] = self::within(self::AT_ONCE, fn () =>
            self::fastCgi("unix://$folder/socket", self::node(), $id));
        self::assertStringContainsString("\r\nDoorbell-Wait: $id\r\n", "\r\n$body");
        self::assertStringEndsWith("\r\n\r\n" . self::BODY, $body);
        self::assertTrue((new Doorbell(self::node()))->wait($id, 10));

        $silent = new Fake([Fake::SILENCE]);
        $tries = 0;
        do {
            [$body, $isOver] = self::fastCgi("unix://$folder/socket", $silent->url, $id);
        } while (!$isOver && ++$tries < 5);
        self::assertStringEndsWith(self::BODY, $body);
        self::assertTrue($isOver, 'the page is over while the set goes on');
        $server->end();
    }

    /** @test */
    public function modPhpSendsThePageFirst(): void
    {
        $module = glob('/usr/lib/apache2/modules/libphp*.so')[0] ?? null;
        if ($module === null || !is_executable('/usr/sbin/apache2')) {
            self::markTestSkipped('no mod_php: apt-get install apache2 libapache2-mod-php');
        }
        $folder = self::temporaryFolder();
        mkdir("$folder/site/test", 0755, true);
        copy(dirname(__DIR__) . '/doorbell.php', "$folder/site/doorbell.php");
        copy(__DIR__ . '/page.php', "$folder/site/test/page.php");
        [$server, $address] = self::apache($folder, $module);
        $connect = fn () => stream_socket_client("tcp://$address");
        $silent = new Fake([Fake::SILENCE]);
        self::within(self::AT_ONCE, fn () => self::get($connect(), $silent->url, '7'));
        $id = Doorbell::newId();
        self::get($connect(), self::node(), $id);
        self::assertTrue((new Doorbell(self::node()))->wait($id, 10));
        $server->end();
    }

    /** @test */
    public function theResponseIsFinishedBeforeTheSet(): void
    {
        foreach (['fastcgi_finish_request', 'litespeed_finish_request'] as $finish) {
            $id = Doorbell::newId();
            [$code, $out, $error] = self::script("\$id = '$id';"
                . "function $finish() { global \$bell, \$id;"
                . '    echo json_encode($bell->wait($id, 0)); }'
                . '$bell->setLater($id); echo "page ";');
            self::assertSame([0, 'page false', ''], [$code, $out, $error]);
            self::assertTrue((new Doorbell(self::node()))->wait($id, 0));
        }
    }

    /** @test */
    public function aPageThatDiesSetsAllTheSame(): void
    {
        $id = Doorbell::newId();
        [$code, , $error] = self::script("\$bell->setLater('$id'); nothing_of_that_name();");
        self::assertSame(255, $code);
        self::assertStringContainsString('nothing_of_that_name', $error);
        self::assertTrue((new Doorbell(self::node()))->wait($id, 0));
    }

    /** @test */
    public function aWorkerSendsThemByFlushAndNothingIsLeftForItsEnd(): void
    {
        [$one, $other, $last] = [Doorbell::newId(), Doorbell::newId(), Doorbell::newId()];
        // Two requests to a worker, and a third that nobody flushes.
        [$code, $out, $error] = self::script(
            "\$bell->setLater('$one'); \$more = new Doorbell\Doorbell('" . self::node() . "');"
            . "\$more->setLater('$other');"
            . 'function fastcgi_finish_request() { echo "finished "; }'
            . 'echo json_encode(Doorbell\Doorbell::flush()), " ";'
            . "echo json_encode(\$bell->waitAny(['$one', '$other'], 0)), ' ';"
            . "\$bell->setLater('$other'); echo json_encode(\$bell->flush()), ' ';"
            . 'echo json_encode(Doorbell\Doorbell::flush()), " ";'
            . "\$bell->setLater('$last'); echo json_encode(\$bell->wait('$last', 0)), ' ';"
        );
        $said = "true [\"$one\",\"$other\"] true true false finished ";
        self::assertSame([0, $said, ''], [$code, $out, $error]);
        self::assertTrue((new Doorbell(self::node()))->wait($last, 0));
    }

    /** @test */
    public function afterAFlushThePageIsNotFinishedAnew(): void
    {
        $id = Doorbell::newId();
        $run = self::script('function fastcgi_finish_request() { echo "finished"; }'
            . "\$bell->setLater('$id'); Doorbell\Doorbell::flush(); echo 'page';");
        self::assertSame([0, 'page', ''], $run);
    }

    /** @test */
    public function aWorkerThatServesManyRequestsKeepsNothingOfThem(): void
    {
        $run = self::script('$serve = function () use ($bell) {'
            . '    for ($i = 0; $i < 300; $i++) { $bell->setLater(7); $bell->flush(); } };'
            . '$serve(); $before = memory_get_usage(); $serve();'
            . 'echo memory_get_usage() - $before < 20000 ? "page" : memory_get_usage() - $before;');
        self::assertSame([0, 'page', ''], $run);
    }

    /** @test */
    public function aFlushThatFailsSaysSoAndTellsTheLog(): void
    {
        $url = self::nobody();
        [$code, $out, $error] = self::script('$bell->setLater(7);'
            . 'echo json_encode($bell->flush()), json_encode($bell->flush());', $url);
        self::assertSame([0, 'falsetrue'], [$code, $out]);
        self::assertSame("doorbell: No connection to $url: Connection refused.\n", $error);
    }

    /** @test */
    public function whatIsSetLaterInAShutdownFunctionIsSentToo(): void
    {
        $id = Doorbell::newId();
        $run = self::script('register_shutdown_function(fn () => register_shutdown_function(fn () =>'
            . " register_shutdown_function(fn () => \$bell->setLater('$id'))));"
            . "\$bell->setLater('7');");
        self::assertSame([0, '', ''], $run);
        self::assertTrue((new Doorbell(self::node()))->wait($id, 0));
    }

    /** @test */
    public function thePagesOfAProcessShareAConnection(): void
    {
        [$server, $get] = self::builtInServer();
        $fake = new Fake([[Fake::SET]]);
        for ($i = 1; $i <= 3; $i++) {
            $get($fake->url, '7', 'now');
            $fake->request();
            self::assertSame(1, $fake->connection);
        }
        $server->end();
    }

    /** @test */
    public function aFailureGoesToTheErrorLog(): void
    {
        $url = self::nobody();
        [$code, $out, $error] = self::script('$bell->setLater(7); echo "page";', $url);
        self::assertSame([0, 'page'], [$code, $out]);
        $sentence = "doorbell: No connection to $url: Connection refused.\n";
        self::assertStringEndsWith($sentence, $error);
        self::assertSame(1, substr_count($error, "\n"));
    }

    /** @return array{Process, string} the server of this folder's site, and its address */
    private static function apache(string $folder, string $module): array
    {
        $modules = '/usr/lib/apache2/modules/mod_';
        // At its end Apache signals its process group, which must not be the test's.
        $command = ['setsid', '/usr/sbin/apache2', '-f', "$folder/conf", '-DFOREGROUND'];
        if (posix_getuid() === 0) {
            array_unshift($command, 'setpriv', '--reuid=www-data', '--regid=www-data', '--clear-groups');
        }
        $tries = 0;
        do { // again where somebody else took the port meanwhile
            $address = self::address();
            file_put_contents("$folder/conf", "ServerName $address\nListen $address\n"
                . "ServerRoot $folder\nPidFile $folder/pid\nDefaultRuntimeDir $folder\n"
                . "ErrorLog $folder/log\nDocumentRoot $folder/site/test\n"
                . "LoadModule mpm_prefork_module {$modules}mpm_prefork.so\n"
                . "LoadModule authz_core_module {$modules}authz_core.so\n"
                . "LoadModule php_module $module\n"
                . "<FilesMatch php>\nSetHandler application/x-httpd-php\n</FilesMatch>\n");
            if (posix_getuid() === 0) {
                Process::run(['chown', '-R', 'www-data:', $folder]);
            }
            $server = new Process($command);
            self::eventually(fn () => is_file("$folder/pid") || !$server->isRunning());
        } while (!$server->isRunning() && ++$tries < 5);
        self::assertTrue($server->isRunning(), 'Apache has begun');
        return [$server, $address];
    }

    private static function script(string $code, ?string $node = null): array
    {
        $start = 'require "' . dirname(__DIR__) . '/doorbell.php";'
            . '$bell = new Doorbell\Doorbell("' . ($node ?? self::node())
            . '", limit: ' . ($node === null ? '30' : '0.5') . ');';
        $ini = ['-d', 'display_errors=0', '-d', 'log_errors=1'];
        return Process::run([PHP_BINARY, '-n', ...$ini, '-r', $start . $code]);
    }

    /** @return array{string, bool} what the page said within AT_ONCE, and whether it ended it */
    private static function fastCgi(string $address, string $node, string $id): array
    {
        $query = http_build_query(['node' => $node, 'id' => $id]);
        $parameters = '';
        $page = __DIR__ . '/page.php';
        $named = ['SCRIPT_FILENAME' => $page, 'QUERY_STRING' => $query, 'REQUEST_METHOD' => 'GET'];
        foreach ($named as $name => $value) {
            $lengths = pack('CN', strlen($name), strlen($value) | 1 << 31);
            $parameters .= $lengths . $name . $value;
        }
        $record = fn (int $type, string $content) =>
            pack('CCnnCx', 1, $type, 1, strlen($content), 0) . $content;
        $socket = stream_socket_client($address);
        fwrite($socket, $record(1, pack('nCx5', 1, 0)) . $record(4, $parameters) . $record(4, '')
            . $record(5, ''));
        stream_set_timeout($socket, (int) self::AT_ONCE, 500_000);
        $said = '';
        while (strlen($head = (string) stream_get_contents($socket, 8)) === 8) {
            ['type' => $type, 'length' => $length, 'padding' => $padding] =
                unpack('Cversion/Ctype/nid/nlength/Cpadding', $head);
            $content = (string) stream_get_contents($socket, $length + $padding);
            if ($type === 3) {
                return [$said, true];
            }
            $said .= substr($content, 0, $length);
        }
        return [$said, false];
    }
}
