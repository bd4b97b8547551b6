<?php

declare(strict_types=1);

namespace Doorbell\Test;

/**
 * Something that listens where a node should, for one test: fake.php in a process of its own. It
 * gives one answer after the other, and the last one again and again. It hangs up after each answer,
 * but keeps the connection after one that is an array of the pieces in which it comes.
 */
final class Fake
{
    public const SET = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
    public const ALREADY = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    public const NOT_YET = "HTTP/1.1 204 No Content\r\n\r\n";
    /** Accepts, reads, and is silent. */
    public const SILENCE = 'silence';
    /** The same, and goes on with the next connection meanwhile. */
    public const HOLD = 'hold';
    /** A byte each 20 ms of a head that doesn't end, for 5 s. */
    public const DRIP = 'drip';
    public const HANG_UP = '';
    /** Hangs up before anything is said, and so in a handshake. */
    public const SLAM = 'slam';

    public string $port;
    public string $url;
    /** The number of the connection by which the last request came that request() told. */
    public int $connection = 0;
    private Process $process;

    /**
     * @param string|null $certificate a PEM file with its key, for https
     * @param int $late milliseconds before a handshake, and before an answer
     */
    public function __construct(array $answers, ?string $certificate = null, int $late = 0)
    {
        $answers = base64_encode(serialize($answers));
        $this->process = new Process(
            [PHP_BINARY, '-n', __DIR__ . '/fake.php', $answers, (string) $certificate, (string) $late]
        );
        $this->port = $this->process->line();
        $this->url = ($certificate === null ? 'http' : 'https') . "://127.0.0.1:{$this->port}";
    }

    public static function answer(int $status, string $body, string $field = 'X: y'): string
    {
        $length = strlen($body);
        return "HTTP/1.1 $status Status\r\nContent-Length: $length\r\n$field\r\n\r\n$body";
    }

    public static function problem(int $status, string $detail, string $field = 'X: y'): string
    {
        $problem = ['status' => $status, 'detail' => $detail];
        return self::answer($status, json_encode($problem), $field);
    }

    /** The next request that it got, head and body. */
    public function request(): string
    {
        [$number, $request] = explode(' ', $this->process->line());
        $this->connection = (int) $number;
        return base64_decode($request);
    }
}
