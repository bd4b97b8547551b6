<?php

declare(strict_types=1);

namespace Doorbell\Test;

use PHPUnit\Framework\AssertionFailedError;
use PHPUnit\Framework\TestCase;

/** A real node for all tests, and the clock. DOORBELL_URL names a node that runs already. */
abstract class DoorbellTestCase extends TestCase
{
    /** For what a machine does besides. */
    protected const SLACK = 0.5;
    /** What the tests' page says. */
    protected const BODY = 'page, the end';
    private static ?Process $node = null;
    private static string $url;
    /** @var list<resource|false> */
    private static array $bound = [];

    protected static function node(): string
    {
        self::$url ??= getenv('DOORBELL_URL') ?: self::start();
        return self::$url;
    }

    private static function start(): string
    {
        $launcher = dirname(__DIR__, 2) . '/doorbell';
        $serve = [$launcher, 'serve', '--listen', '127.0.0.1:0', '--store', 'memory'];
        self::$node = new Process($serve);
        register_shutdown_function(fn () => self::$node->end());
        return explode(' ', self::$node->line())[3];
    }

    /** A port at which nobody listens, and that nobody else gets: it is bound until the end. */
    protected static function nobody(): string
    {
        $server = stream_socket_server('tcp://127.0.0.1:0', $code, $why, STREAM_SERVER_BIND);
        self::$bound[] = $server;
        return 'http://' . stream_socket_get_name($server, false);
    }

    /** A port where nobody accepts, and the kernel drops who comes, since its queue is full. */
    protected static function dropping(): string
    {
        $context = stream_context_create(['socket' => ['backlog' => 1]]);
        $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
        $server = stream_socket_server('tcp://127.0.0.1:0', $code, $why, $flags, $context);
        $address = stream_socket_get_name($server, false);
        self::$bound[] = $server;
        for ($tries = 0, $left = true; $left !== false && $tries < 100; $tries++) {
            $left = @stream_socket_client("tcp://$address", $code, $why, 0.1);
            self::$bound[] = $left;
        }
        return "http://$address";
    }

    /** An address for a server that must be told one, below the ports that systems give away. */
    protected static function address(): string
    {
        do {
            $address = '127.0.0.1:' . random_int(20_000, 32_000);
            $server = @stream_socket_server("tcp://$address");
        } while ($server === false);
        return $address;
    }

    /**
     * Runs what must be over by then: again for a machine that was busy with something else.
     *
     * @return mixed what it returned
     */
    protected static function within(float $seconds, callable $run)
    {
        $tries = 0;
        do {
            [$value, $took] = self::timed($run);
        } while ($took > $seconds + self::SLACK && ++$tries < 5);
        self::assertLessThan($seconds + self::SLACK, $took, 'seconds');
        return $value;
    }

    /**
     * Runs what needs its time: again, with the next of these limits, for a machine that stalled. What
     * it asks must be new each time, since a node that failed is remembered.
     *
     * @param list<float> $limits seconds
     */
    protected static function inTime(array $limits, callable $run): void
    {
        $last = array_pop($limits);
        foreach ($limits as $limit) {
            try {
                $run($limit);
                return;
            } catch (AssertionFailedError $e) {
                // the next one tells
            }
        }
        $run($last);
    }

    /** @return array{mixed, float} what it returned, and seconds */
    protected static function timed(callable $run): array
    {
        $began = hrtime(true);
        $value = $run();
        return [$value, (hrtime(true) - $began) / 1e9];
    }

    protected static function vectors(): array
    {
        $file = dirname(__DIR__, 2) . '/spec/vectors.json';
        return json_decode(file_get_contents($file), true, 512, JSON_THROW_ON_ERROR);
    }

    protected static function temporaryFolder(): string
    {
        $folder = sys_get_temp_dir() . '/doorbell-php-' . bin2hex(random_bytes(6));
        mkdir($folder, 0700);
        register_shutdown_function(fn () => Process::run(['rm', '-r', $folder]));
        return $folder;
    }

    /** A file with a certificate of its own, and its key. */
    protected static function certificate(string $name, int $days = 2): string
    {
        $folder = self::temporaryFolder();
        file_put_contents("$folder/config", "[req]\ndistinguished_name=name\n[name]\n");
        $options = ['config' => "$folder/config", 'digest_alg' => 'sha256'];
        $key = openssl_pkey_new($options + ['private_key_bits' => 2048]);
        $request = openssl_csr_new(['commonName' => $name], $key, $options);
        $certificate = openssl_csr_sign($request, null, $key, $days, $options);
        openssl_x509_export($certificate, $pem);
        openssl_pkey_export($key, $keyPem, null, $options);
        file_put_contents("$folder/cert.pem", $pem . $keyPem);
        return "$folder/cert.pem";
    }

    /** @return array{Process, callable} a server, and how its page is got */
    protected static function builtInServer(array $ini = []): array
    {
        [$server, $address] = self::webServer(__DIR__, ['-d', 'output_buffering=0', ...$ini]);
        return [$server, fn (string|array $node, string $id, string $when = 'later') =>
            self::get(stream_socket_client("tcp://$address"), $node, $id, $when)];
    }

    /** @return array{Process, string} a server of this folder, and its address, which it chose itself */
    protected static function webServer(string $folder, array $ini = []): array
    {
        $server = new Process([PHP_BINARY, '-n', ...$ini, '-S', '127.0.0.1:0', '-t', $folder], true);
        self::assertSame(1, preg_match('~http://([\d.:]+)~', $server->line(), $found));
        return [$server, $found[1]];
    }

    /**
     * The page's answer, up to the end of its text: what a browser shows.
     *
     * @param resource $socket
     */
    protected static function get($socket, string|array $node, string $id, string $when = 'later'): string
    {
        $query = http_build_query(['node' => $node, 'id' => $id, $when => '']);
        fwrite($socket, "GET /page.php?$query HTTP/1.0\r\n\r\n");
        $answer = '';
        while (!feof($socket) && substr($answer, -strlen(self::BODY)) !== self::BODY) {
            $answer .= fread($socket, 8192);
        }
        self::assertStringEndsWith("\r\n\r\n" . self::BODY, $answer);
        return $answer;
    }

    protected static function eventually(callable $condition): void
    {
        for ($end = hrtime(true) + 60e9; !$condition(); usleep(5000)) {
            self::assertLessThan($end, hrtime(true), 'not in 60 s');
        }
    }
}
