<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use InvalidArgumentException;

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
