<?php

declare(strict_types=1);

namespace Doorbell\Test;

use PHPUnit\Framework\TestCase;

/** A real node for all tests, and the clock. DOORBELL_URL names a node that runs already. */
abstract class DoorbellTestCase extends TestCase
{
    /** For what a machine does besides. */
    protected const SLACK = 0.1;
    private static ?Process $node = null;
    private static string $url;

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

    /** A port at which nobody listens. */
    protected static function nobody(): string
    {
        $server = stream_socket_server('tcp://127.0.0.1:0');
        return 'http://' . stream_socket_get_name($server, false);
    }

    /**
     * Runs what must be over by then: once more for a machine that was busy with something else.
     *
     * @return mixed what it returned
     */
    protected static function within(float $seconds, callable $run)
    {
        [$value, $took] = self::timed($run);
        if ($took > $seconds + self::SLACK) {
            [$value, $took] = self::timed($run);
        }
        self::assertLessThan($seconds + self::SLACK, $took, 'seconds');
        return $value;
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
}
