<?php

declare(strict_types=1);

namespace Doorbell\Test;

use RuntimeException;

/** A program that a test started: it is read from by lines, and ended with the test. */
final class Process
{
    private const SECONDS = 600; // the launcher builds on its first use

    /** @var resource */
    private $process;

    /** @var array<int, resource> */
    private array $pipes = [];
    private string $read = '';

    /**
     * @param list<string> $command
     * @param bool $hasOneOutput its errors are read by lines, too
     */
    public function __construct(array $command, bool $hasOneOutput = false)
    {
        $error = $hasOneOutput ? ['redirect', 1] : STDERR;
        $how = [['file', '/dev/null', 'r'], ['pipe', 'w'], $error];
        $process = proc_open($command, $how, $this->pipes);
        if ($process === false) {
            throw new RuntimeException('not started: ' . implode(' ', $command));
        }
        $this->process = $process;
        stream_set_blocking($this->pipes[1], false);
    }

    /**
     * Runs a command to its end.
     *
     * @return array{int, string, string} exit code, standard output, standard error
     */
    public static function run(
        array $command,
        string $input = '',
        ?string $folder = null,
        array $environment = []
    ): array {
        [$in, $out, $err] = [tmpfile(), tmpfile(), tmpfile()];
        fwrite($in, $input);
        rewind($in);
        $process = proc_open($command, [$in, $out, $err], $pipes, $folder, $environment + getenv());
        $code = proc_close($process);
        rewind($out);
        rewind($err);
        return [$code, stream_get_contents($out), stream_get_contents($err)];
    }

    /** The next line of its output, without its end. */
    public function line(): string
    {
        $end = hrtime(true) + self::SECONDS * 1e9;
        while (($cut = strpos($this->read, "\n")) === false) {
            [$read, $none] = [[$this->pipes[1]], null];
            stream_select($read, $none, $none, 1);
            $some = fread($this->pipes[1], 65536);
            $this->read .= $some;
            if (($some === '' && feof($this->pipes[1])) || hrtime(true) > $end) {
                throw new RuntimeException("no line: {$this->read}");
            }
        }
        [$line, $this->read] = [substr($this->read, 0, $cut), substr($this->read, $cut + 1)];
        return $line;
    }

    public function isRunning(): bool
    {
        return proc_get_status($this->process)['running'];
    }

    public function end(): void
    {
        if (is_resource($this->process)) {
            proc_terminate($this->process);
            fclose($this->pipes[1]);
            proc_close($this->process);
        }
    }

    public function __destruct()
    {
        $this->end();
    }
}
