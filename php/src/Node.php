<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use InvalidArgumentException;

/**
 * Where a node answers, and one question put to it at a time.
 *
 * @internal
 */
final class Node
{
    /** A node's answers are far shorter; what passes it isn't from a node. */
    private const ANSWER_BYTES = 65_536;

    private string $url;
    private bool $isTls;
    private string $host;
    private string $peer;
    private string $path;
    private string $warning = '';

    public function __construct(string $url, ?string $address)
    {
        $host = '(\[[0-9a-f:.]+\]|[a-z0-9._-]+)';
        $pattern = "~\A(https?)://$host(?::([1-9][0-9]{0,4}))?((?:/[!\"$-.0->@-\~]*)*)\z~i";
        if (!preg_match($pattern, $url, $part) || (int) ($part[3] ?: 80) > 65_535) {
            throw new InvalidArgumentException(
                'A node is an http or https URL without user, query and fragment, not "'
                . Answer::line($url, 200) . '".'
            );
        }
        $this->isTls = strtolower($part[1]) === 'https';
        if ($this->isTls && !extension_loaded('openssl')) {
            throw new InvalidArgumentException("https needs PHP's extension openssl.");
        }
        if ($address !== null && filter_var($address, FILTER_VALIDATE_IP) === false) {
            throw new InvalidArgumentException(
                'An address is an IP address, not "' . Answer::line($address, 80) . '".'
            );
        }
        if ($address !== null) {
            $address = strpos($address, ':') === false ? $address : "[$address]";
        }
        $port = (int) ($part[3] ?: ($this->isTls ? 443 : 80));
        $this->url = rtrim($url, '/');
        $this->host = $part[2] . ($part[3] === '' ? '' : ":$port");
        $this->peer = 'tcp://' . ($address ?? $part[2]) . ":$port";
        $this->path = rtrim($part[4], '/');
    }

    /** The answer, or why there is none; over by $end, but for the look-up of a name. */
    public function ask(string $method, string $path, string $body, float $end): Answer
    {
        $this->warning = '';
        // An application's own handler must neither see these warnings nor throw.
        set_error_handler(function (int $level, string $text): bool {
            $this->warning = $text;
            return true;
        });
        try {
            $socket = $this->connect($end);
            if (is_string($socket)) {
                return new Answer($this->url, 0, '', $socket);
            }
            $this->write($socket, $this->request($method, $path, $body), $end);
            $answer = $this->read($socket, $end);
            fclose($socket);
            return $answer;
        } finally {
            restore_error_handler();
        }
    }

    private function request(string $method, string $path, string $body): string
    {
        return "$method {$this->path}$path HTTP/1.1\r\n"
            . "Host: {$this->host}\r\n"
            . "Accept: application/json\r\n"
            . "Connection: close\r\n"
            . ($method === 'GET' ? '' : "Content-Type: text/plain; charset=us-ascii\r\n"
                . 'Content-Length: ' . strlen($body) . "\r\n")
            . "\r\n$body";
    }

    /** @return resource|string a connection that doesn't block, or why there is none */
    private function connect(float $end)
    {
        $name = trim((string) preg_replace('/:\d+\z/', '', $this->host), '[]');
        $context = stream_context_create(['ssl' => ['peer_name' => $name]]);
        $left = self::left($end);
        if ($left <= 0) {
            return 'There was no time left to connect.';
        }
        $how = STREAM_CLIENT_CONNECT;
        $socket = stream_socket_client($this->peer, $code, $why, $left, $how, $context);
        if ($socket === false) {
            return "No connection to {$this->url}: " . ($why !== '' ? $why : $this->reason()) . '.';
        }
        stream_set_blocking($socket, false);
        $done = !$this->isTls;
        while ($done !== true) {
            $done = stream_socket_enable_crypto($socket, true, STREAM_CRYPTO_METHOD_TLS_CLIENT);
            if ($done === false || ($done === 0 && !self::awaits($socket, false, $end))) {
                fclose($socket);
                $why = $done === false ? $this->reason() : 'it is silent';
                return "No TLS with {$this->url}: $why.";
            }
        }
        return $socket;
    }

    /** @param resource $socket */
    private function write($socket, string $bytes, float $end): void
    {
        while ($bytes !== '') {
            $written = fwrite($socket, $bytes);
            // A peer that hung up may have answered before.
            if ($written === false || ($written === 0 && !self::awaits($socket, true, $end))) {
                return;
            }
            $bytes = substr($bytes, $written);
        }
    }

    /** @param resource $socket */
    private function read($socket, float $end): Answer
    {
        $bytes = '';
        do {
            $some = (string) fread($socket, self::ANSWER_BYTES);
            $bytes .= $some;
            $over = $some === '' && feof($socket);
            $isTooLong = strlen($bytes) > self::ANSWER_BYTES;
            $answer = $isTooLong ? null : Answer::parsed($this->url, $bytes, $over);
            if ($answer !== null) {
                return $answer;
            }
            if ($over || $isTooLong) {
                $why = $bytes === '' ? 'hung up' : 'gave no answer of a Doorbell node';
                return new Answer($this->url, 0, '', "{$this->url} $why.");
            }
            // TLS keeps bytes that a look at the socket doesn't show: first read until it's empty.
        } while ($some !== '' ? self::left($end) > 0 : self::awaits($socket, false, $end));
        return new Answer($this->url, 0, '', "{$this->url} did not answer in time.");
    }

    /**
     * Until the socket can be read from, or written to.
     *
     * @param resource $socket
     */
    private static function awaits($socket, bool $writable, float $end): bool
    {
        for ($left = self::left($end); $left > 0; $left = self::left($end)) {
            [$read, $write, $except] = $writable ? [[], [$socket], []] : [[$socket], [], []];
            $micros = (int) ($left * 1_000_000) + 1;
            if (stream_select($read, $write, $except, 0, $micros) > 0) {
                return true;
            }
        }
        return false;
    }

    private static function left(float $end): float
    {
        return $end - hrtime(true) / 1e9;
    }

    /** The last of PHP's own words. */
    private function reason(): string
    {
        $text = (string) preg_replace('/\A[a-z_:]+\(\): /i', '', $this->warning);
        $text = $text === '' ? 'no reason is known' : $text;
        return rtrim(Answer::line($text, 300), '.');
    }
}
