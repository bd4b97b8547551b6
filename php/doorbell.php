<?php
// Doorbell's PHP client, all of it: README.md tells its use. SPDX-License-Identifier: Apache-2.0
// It runs on PHP 8.0 and later, and needs no extension but what every PHP has (https: openssl).
// Built by build.php from src/.

declare(strict_types=1);

namespace Doorbell;

use InvalidArgumentException;
use RuntimeException;

/**
 * Sets event variables at a Doorbell node, and waits for them. Ids and keys are text; a small id
 * may be an int.
 *
 * What can never work throws an InvalidArgumentException at once: a malformed id, a key that isn't
 * the id's. Whatever else goes wrong in a set is its return value, null, since a page must not
 * suffer from it; lastError() tells it in a sentence.
 *
 * What may pass (no connection, no answer in time, 408, 429, 5xx, an answer that isn't a node's)
 * is tried again within the time limit, after a random pause of up to 0.05 s, twice that each
 * time, and Retry-After on top.
 */
final class Doorbell
{
    /** Seconds for which a node is asked to hold a wait; proxies cut silence at 30 or more. */
    private const HOLD = 25.0;

    /** Silent for that much longer than it was asked to hold: the peer is gone. */
    private const ANSWER = 10.0;

    /** How late the node's "not yet" may come to a wait that has a timeout. */
    private const GRACE = 2.0;

    /** "Not yet" within this time is a node that goes away; asking at once would hammer it. */
    private const SOON = 1.0;

    /** Short, as a page's time limit is. */
    private const FIRST_PAUSE = 0.05;
    private const LONGEST_PAUSE = 30.0;

    private const LONGEST_LIMIT = 86_400.0;
    private const LONGEST_TIMEOUT = 31_536_000.0;

    /** A node refuses more of each. */
    private const LONGEST_SPREAD = 3600.0;
    private const IDS = 64;
    private const LINES = 10_000;

    private Node $node;
    private ?string $secret;
    private float $limit;
    private string $query;
    private string $error = '';

    /** @var list<string> what setLater() sends, a line each */
    private array $later = [];

    /**
     * The node at that URL. Nothing is sent yet.
     *
     * @param string $node where the node answers: https://bell.example, https://example.com/bell
     * @param string|null $secret the application's own, for topic()
     * @param float $limit seconds that a set may take, its retries too: 0.2 suits a page. The
     *     look-up of the node's name is the system's, which PHP can't cut short: see $address
     * @param float $spread seconds over which sets wake their waiters evenly, so that a crowd
     *     doesn't come to the application at one moment; up to an hour
     * @param string|null $address an IP address to connect to, so that no name is looked up;
     *     certificates are still checked for the name
     * @throws InvalidArgumentException
     */
    public function __construct(
        string $node,
        ?string $secret = null,
        float $limit = 0.2,
        float $spread = 0.0,
        ?string $address = null
    ) {
        if ($secret === '') {
            throw new InvalidArgumentException('A secret is not empty.');
        }
        self::check('limit', $limit, 0.001, self::LONGEST_LIMIT);
        self::check('spread', $spread, 0.0, self::LONGEST_SPREAD);
        $this->node = new Node($node, $address);
        $this->secret = $secret;
        $this->limit = $limit;
        $this->query = $spread > 0 ? sprintf('?spread=%.3F', $spread) : '';
    }

    /** A fresh id, 128 random bits in decimal: nobody else picks it, and nobody guesses it. */
    public static function newId(): string
    {
        $digits = [0]; // the lowest first: no integer of PHP's is large enough
        foreach (unpack('C*', random_bytes(16)) as $carry) {
            foreach ($digits as $i => $digit) {
                $carry += $digit * 256;
                $digits[$i] = $carry % 10;
                $carry = intdiv($carry, 10);
            }
            for (; $carry > 0; $carry = intdiv($carry, 10)) {
                $digits[] = $carry % 10;
            }
        }
        return strrev(implode('', $digits));
    }

    /**
     * A fresh id that only its key can set: give the id to those who wait, and keep the key.
     *
     * @return array{string, string} id and key, as set() takes them
     */
    public static function newSealed(): array
    {
        $key = bin2hex(random_bytes(32));
        return [hash('sha256', $key), $key];
    }

    /**
     * Names the event that is set when this response is no longer true: adds the header
     * Doorbell-Wait. Call it before the first output. More ids mean any of them.
     *
     * @throws InvalidArgumentException for what is no id
     */
    public static function header(string|int ...$ids): void
    {
        header('Doorbell-Wait: ' . implode(',', self::some($ids)));
    }

    /**
     * The ids of a topic's versions, which whoever knows the secret finds again: no table of
     * waiters is needed.
     *
     * @throws InvalidArgumentException where this Doorbell has no secret
     */
    public function topic(string $name): Topic
    {
        if ($this->secret === null) {
            throw new InvalidArgumentException(
                "A topic needs the application's secret: new Doorbell(\$node, secret: '…')."
            );
        }
        return new Topic($this->secret, $name);
    }

    /**
     * Sets a variable. Commit first.
     *
     * @return bool|null true where this call set it, false where it was set already, null where
     *     no node took it in time: lastError() says why. Where an answer got lost on its way, the
     *     set was tried again, and its own first try may be what set it already
     * @throws InvalidArgumentException for a malformed id, or a key that isn't the id's
     */
    public function set(string|int $id, ?string $key = null): ?bool
    {
        $id = self::settable($id, $key);
        return $this->post('/' . $id, (string) $key, static fn (Answer $answer): ?bool =>
            $answer->isSet() ? $answer->status === 201 : null);
    }

    /**
     * Sets any number of variables, 10,000 by a request.
     *
     * @param iterable<string|int|array{string, string}> $events ids, or pairs of id and key
     * @return array{set: int, already: int}|null how many this call set, and how many were set
     *     before; null as for set(), and some of them may be set then. Again does no harm
     * @throws InvalidArgumentException as set() does, and nothing is set then
     */
    public function setAll(iterable $events): ?array
    {
        $lines = [];
        foreach ($events as $event) {
            [$id, $key] = is_array($event) ? $event + [1 => null] : [$event, null];
            $lines[] = rtrim(self::settable($id, $key) . ' ' . $key);
        }
        return $this->setLines($lines);
    }

    /**
     * As set(), but when the script ends, after its response was sent to the browser (at once and
     * whole with PHP-FPM and LiteSpeed, and as far as it is flushed elsewhere). All of them are
     * one request. A failure goes to PHP's error log.
     *
     * @throws InvalidArgumentException as set() does
     */
    public function setLater(string|int $id, ?string $key = null): void
    {
        $line = rtrim(self::settable($id, $key) . ' ' . $key);
        if ($this->later === []) {
            // Twice, to come after what the application registers, which may still print.
            register_shutdown_function(function (): void {
                register_shutdown_function(fn () => $this->sendLater());
            });
        }
        $this->later[] = $line;
    }

    /** Why the last call came to nothing, in a sentence; empty where it did not. */
    public function lastError(): string
    {
        return $this->error;
    }

    /**
     * Waits until the variable is set: for scripts, since it holds a process.
     *
     * @param float|null $timeout seconds; 0 only asks, null waits for ever. Where no answer comes
     *     either, it is 2 s late
     * @return bool false where it wasn't set in time
     * @throws InvalidArgumentException for a malformed id
     * @throws DoorbellException where the node refuses
     */
    public function wait(string|int $id, ?float $timeout = null): bool
    {
        return $this->waitAny([$id], $timeout) !== [];
    }

    /**
     * Waits until one or more of 1 to 64 variables are set; for the rest as wait().
     *
     * @param iterable<string|int> $ids
     * @return list<string> those that are set by then; empty where none was in time
     */
    public function waitAny(iterable $ids, ?float $timeout = null): array
    {
        $ids = self::some($ids);
        self::check('timeout', $timeout ?? 0.0, 0.0, self::LONGEST_TIMEOUT);
        $end = $timeout === null ? INF : self::now() + $timeout;
        $failures = 0;
        do {
            $began = self::now();
            // Up to a fifth shorter, so that a crowd doesn't stay together.
            $hold = max(0.0, min(self::HOLD * (1 - self::chance() / 5), $end - $began));
            $answer = $this->node->ask(
                'GET',
                sprintf('/%s?timeout=%.3F', implode(',', $ids), $hold),
                '',
                min($began + $hold + self::ANSWER, $end + self::GRACE)
            );
            $set = $answer->named($ids);
            $this->error = $set !== [] || $answer->isNotYet() ? '' : $answer->sentence();
            if ($this->error !== '' && !$answer->mayPass()) {
                throw new DoorbellException($this->error, $answer->status);
            }
            $soon = self::now() - $began < min(self::SOON, $hold / 2);
            $failures = $answer->isNotYet() && !$soon ? 0 : $failures + 1;
            if ($set === [] && $failures > 0) {
                $pause = $answer->retryAfter + self::backoff($failures);
                self::sleep(min($pause, $end - self::now()));
            }
        } while ($set === [] && self::now() < $end);
        return $set;
    }

    private function sendLater(): void
    {
        $finish = function_exists('fastcgi_finish_request') ? 'fastcgi_finish_request' : (
            function_exists('litespeed_finish_request') ? 'litespeed_finish_request' : null
        );
        if ($finish !== null) {
            $finish();
        } else {
            while (ob_get_level() > 0 && @ob_end_flush()) {
            }
            flush();
        }
        [$lines, $this->later] = [$this->later, []];
        if ($this->setLines($lines) === null) {
            error_log('doorbell: ' . $this->error);
        }
    }

    /** @param list<string> $lines */
    private function setLines(array $lines): ?array
    {
        $this->error = '';
        $sum = ['set' => 0, 'already' => 0];
        $end = self::now() + $this->limit;
        foreach (array_chunk($lines, self::LINES) as $some) {
            $read = static fn (Answer $answer): ?array => $answer->count(count($some));
            $count = $this->post('/', implode("\n", $some), $read, $end);
            if ($count === null) {
                return null;
            }
            $sum = ['set' => $sum['set'] + $count[0], 'already' => $sum['already'] + $count[1]];
        }
        return $sum;
    }

    /** Tries until $read makes something of an answer; null where the node refuses, or late. */
    private function post(string $path, string $body, callable $read, ?float $end = null): mixed
    {
        $end ??= self::now() + $this->limit;
        $this->error = '';
        for ($failures = 1;; $failures++) {
            $answer = $this->node->ask('POST', $path . $this->query, $body, $end);
            $value = $read($answer);
            if ($value !== null) {
                $this->error = '';
                return $value;
            }
            // A try that the limit cut short says less than the one before it.
            if ($answer->status !== 0 || $this->error === '') {
                $this->error = $answer->sentence();
            }
            $pause = $answer->retryAfter + min(self::backoff($failures), $this->limit / 5);
            if (!$answer->mayPass() || self::now() + $pause >= $end) {
                return null;
            }
            self::sleep($pause);
        }
    }

    private static function id(string|int $id): string
    {
        $id = (string) $id;
        $number = ltrim($id, '0');
        $isNumber = preg_match('/\A[0-9]{1,39}\z/', $id) && (strlen($number) < 39
            || strcmp($number, '340282366920938463463374607431768211455') <= 0);
        $hex = '/\A(?:[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\z/i';
        if ($isNumber || preg_match($hex, $id)) {
            return $id;
        }
        throw new InvalidArgumentException(
            'An event id is a decimal number below 2^128, a UUID or 64 hex digits, not "'
            . Answer::line($id, 80) . '".'
        );
    }

    /** The id, where the key is the one that it needs. */
    private static function settable(string|int $id, ?string $key): string
    {
        $id = self::id($id);
        if ($key !== null && !preg_match('/\A[!-~]{1,128}\z/', $key)) {
            throw new InvalidArgumentException(
                'A key is 1 to 128 printable ASCII characters without spaces.'
            );
        }
        if (strlen($id) === 64 && hash('sha256', (string) $key) !== strtolower($id)) {
            throw new InvalidArgumentException(
                "The id $id is sealed: "
                . ($key === null ? 'it is set by its key.' : 'the key is not the one of this id.')
            );
        }
        return $id;
    }

    /** @return list<string> */
    private static function some(iterable $ids): array
    {
        $some = [];
        foreach ($ids as $id) {
            $some[] = self::id($id);
        }
        $some = array_values(array_unique($some, SORT_STRING));
        if ($some === [] || count($some) > self::IDS) {
            throw new InvalidArgumentException(
                'A wait is for 1 to ' . self::IDS . ' ids, not ' . count($some) . '.'
            );
        }
        return $some;
    }

    private static function check(string $name, float $value, float $least, float $most): void
    {
        if (!($value >= $least && $value <= $most)) {
            throw new InvalidArgumentException(
                "The $name is from $least to $most seconds, not $value."
            );
        }
    }

    private static function backoff(int $failures): float
    {
        return min(self::LONGEST_PAUSE, self::FIRST_PAUSE * 2 ** min($failures - 1, 20))
            * self::chance();
    }

    /** From 0 to 1; not mt_rand(), whose sequence may be the application's. */
    private static function chance(): float
    {
        return random_int(0, 1_000_000) / 1_000_000;
    }

    private static function sleep(float $seconds): void
    {
        usleep((int) max(0, $seconds * 1_000_000));
    }

    /** Seconds by a clock that nobody sets. */
    private static function now(): float
    {
        return hrtime(true) / 1e9;
    }
}

/** The events of one topic: each version of it has its own. */
final class Topic
{
    private string $secret;
    private string $name;

    /** @internal see Doorbell::topic() */
    public function __construct(string $secret, string $name)
    {
        $this->secret = $secret;
        $this->name = $name;
    }

    /**
     * The event of that version: $bell->set(...$topic->at(7)).
     *
     * @param int|string $version 0 or more, in decimal
     * @return array{string, string} id and key, as set() takes them
     * @throws InvalidArgumentException where the version is none
     */
    public function at(int|string $version): array
    {
        if (!preg_match('/\A(?:0|[1-9][0-9]*)\z/', (string) $version)) {
            throw new InvalidArgumentException(
                'A version is a whole number from 0 up, not "'
                . Answer::line((string) $version, 80) . '".'
            );
        }
        $key = hash_hmac('sha256', $this->name . "\n" . $version, $this->secret);
        return [hash('sha256', $key), $key];
    }
}

/** A node refused a wait. The message is the node's own sentence, the code its HTTP status. */
final class DoorbellException extends RuntimeException
{
}

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

/**
 * What came back from a node, or from whatever stands in its place.
 *
 * @internal
 */
final class Answer
{
    /** Nobody sends a client away for good by a slip of the keyboard. */
    private const LONGEST_RETRY_AFTER = 300;

    /** 0 where no answer came. */
    public int $status;
    public float $retryAfter = 0.0;
    private string $url;
    private string $body;
    private string $why;

    public function __construct(string $url, int $status, string $body, string $why = '')
    {
        $this->url = $url;
        $this->status = $status;
        $this->body = $body;
        $this->why = $why;
    }

    /** Null where the bytes are no answer, or not a whole one yet. */
    public static function parsed(string $url, string $bytes, bool $over): ?self
    {
        do {
            $cut = strpos($bytes, "\r\n\r\n");
            $first = '~\AHTTP/1\.[01] ([1-5]\d\d)(?![^ \r])~';
            if ($cut === false || !preg_match($first, $bytes, $is)) {
                return null;
            }
            [$head, $bytes] = [substr($bytes, 0, $cut + 2), substr($bytes, $cut + 4)];
        } while ($is[1] < 200);
        $status = (int) $is[1];
        if ($status === 204 || $status === 304) {
            $body = '';
        } elseif (preg_match('/chunked\z/i', self::field($head, 'Transfer-Encoding'))) {
            $body = self::dechunked($bytes);
        } elseif (preg_match('/\A\d{1,9}\z/', self::field($head, 'Content-Length'), $length)) {
            $body = strlen($bytes) >= $length[0] ? substr($bytes, 0, (int) $length[0]) : null;
        } else {
            $body = $over ? $bytes : null;
        }
        if ($body === null) {
            return null;
        }
        $answer = new self($url, $status, $body);
        if ($status >= 300 && $status < 400) {
            $place = self::field($head, 'Location') ?: 'nowhere';
            $answer->why = 'A redirect to ' . self::line($place, 200) . ' is not followed';
        }
        $answer->retryAfter = self::seconds(self::field($head, 'Retry-After'));
        return $answer;
    }

    /** A node's answer to a set has no body; a page that says 200 to everything has one. */
    public function isSet(): bool
    {
        return ($this->status === 200 || $this->status === 201) && trim($this->body) === '';
    }

    public function isNotYet(): bool
    {
        return $this->status === 204;
    }

    /** Another try may fare better. */
    public function mayPass(): bool
    {
        return $this->status < 300 || $this->status >= 500
            || $this->status === 408 || $this->status === 429;
    }

    /**
     * Those of the ids that the answer names as set; none where it isn't a node's.
     *
     * @param list<string> $asked
     * @return list<string>
     */
    public function named(array $asked): array
    {
        $set = $this->status === 200 ? $this->json()['set'] ?? null : null;
        return is_array($set)
            ? array_values(array_filter($asked, static fn ($id) => in_array($id, $set, true)))
            : [];
    }

    /** @return array{int, int}|null null where it doesn't account for so many lines */
    public function count(int $lines): ?array
    {
        $json = $this->status === 200 ? $this->json() : [];
        [$set, $already] = [$json['set'] ?? null, $json['already'] ?? null];
        return is_int($set) && is_int($already) && $set >= 0 && $already >= 0
            && $set + $already === $lines ? [$set, $already] : null;
    }

    /** What went wrong. */
    public function sentence(): string
    {
        if ($this->status === 0) {
            return $this->why;
        }
        $detail = $this->json()['detail'] ?? null;
        if (is_string($detail) && $detail !== '') {
            $why = self::line($detail, 300);
        } elseif ($this->why !== '') {
            $why = $this->why;
        } elseif ($this->status < 300) {
            $why = "{$this->url} gave no answer of a Doorbell node";
        } else {
            $why = "{$this->url} refused";
        }
        return "$why (status {$this->status})";
    }

    /** As one line of text, not too long. */
    public static function line(string $text, int $length): string
    {
        $text = (string) preg_replace('/[\x00-\x1f\x7f]/', '?', $text);
        $isLonger = preg_match("/\A.{{$length}}(?=.)/su", $text, $start);
        if ($isLonger === false) {
            return substr($text, 0, $length); // it isn't UTF-8
        }
        return $isLonger === 1 ? "$start[0]…" : $text;
    }

    private function json(): array
    {
        $json = json_decode($this->body, true, 8);
        return is_array($json) ? $json : [];
    }

    private static function field(string $head, string $name): string
    {
        $line = "/\r\n$name:[ \t]*([^\r\n]*?)[ \t]*\r\n/i";
        return preg_match($line, $head, $match) ? $match[1] : '';
    }

    /** Null where there is more to come. */
    private static function dechunked(string $bytes): ?string
    {
        $body = '';
        while (preg_match('/\A([0-9a-f]{1,7})[ \t]*(?:;[^\r\n]*)?\r\n/i', $bytes, $size)) {
            $length = (int) hexdec($size[1]);
            if ($length === 0) {
                return $body;
            }
            $start = strlen($size[0]);
            if (strlen($bytes) < $start + $length + 2) {
                return null;
            }
            $body .= substr($bytes, $start, $length);
            $bytes = substr($bytes, $start + $length + 2);
        }
        return null;
    }

    /** Of a Retry-After, in seconds or as a date. */
    private static function seconds(string $value): float
    {
        if (preg_match('/\A\d{1,9}\z/', $value)) {
            $seconds = (int) $value;
        } else {
            $time = $value === '' ? false : strtotime($value);
            $seconds = $time === false ? 0 : $time - time();
        }
        return (float) max(0, min($seconds, self::LONGEST_RETRY_AFTER));
    }
}
