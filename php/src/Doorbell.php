<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use Error;
use InvalidArgumentException;

/**
 * Sets event variables at a Doorbell node, and waits for them. Ids and keys are text; a small id
 * may be an int.
 *
 * Bad input throws an InvalidArgumentException at once: a malformed id, a key that isn't
 * the id's. Whatever else goes wrong in a set is its return value, null, since a page must not
 * suffer from it; lastError() tells it in a sentence, and so does PHP's error log, once a minute
 * for each kind of failure.
 *
 * What may pass (no connection, no answer in time, 408, 429, 5xx) is tried again within the time
 * limit, after a random pause of up to 1 s, twice that each time, but not before Retry-After. What
 * can't pass by itself (a certificate that isn't trusted, a redirect, another 4xx, an answer that
 * isn't a node's) ends the call at once.
 */
final class Doorbell
{
    /** Seconds for which a node is asked to hold a wait; proxies cut silence at 30 or more. */
    private const HOLD = 25.0;

    /** Silent for that much longer than it was asked to hold: the peer is gone. */
    private const ANSWER = 10.0;

    /** How late the node's "not yet" may come to a wait that has a timeout. */
    private const GRACE = 2.0;

    /** Of one among several nodes that a wait hasn't heard yet: does it hang? */
    private const FIRST_HOLD = 1.0;

    /** "Not yet" within this time is a node that goes away; asking at once would hammer it. */
    private const SOON = 1.0;

    /** Seconds beside a set's limit for connections with TLS, if that is shorter. */
    private const HANDSHAKE = 1.0;

    private const LONGEST_PAUSE = 30.0;

    private const LONGEST_LIMIT = 86_400.0;
    private const LONGEST_TIMEOUT = 31_536_000.0;

    /** A node refuses more of each. */
    private const LONGEST_SPREAD = 3600.0;
    private const LINES = 10_000;

    /** Null where PHP lacks what it takes. */
    private ?Nodes $nodes = null;
    private string $lack = '';
    private ?string $secret;
    private float $limit;
    private string $query = '';
    private string $error = '';

    /** @var list<string> what setLater() sends, a line each */
    private array $later = [];

    /** @var array<int, self> those that have something to send, by their object ids */
    private static array $late = [];
    private static bool $isAtTheEnd = false;

    /**
     * The node at that URL, or several that share a store. Nothing is sent yet.
     *
     * @param string|list<string> $node where the node answers: https://bell.example,
     *     https://example.com/bell. Of several, the next is tried where one doesn't answer in its
     *     part of $limit, or what it says may pass; whatever else it says counts. A wait first
     *     asks a node to hold it for up to a second, to see that it doesn't hang: one that does is
     *     left after its part, or after some 11 s
     * @param string|null $secret the application's own, for topic()
     * @param float $limit seconds that a set may take, its retries too; in the background give
     *     it 30. A connection with TLS is kept for later pages, and its handshake may take a second
     *     more. The look-up of the node's name is the system's, which PHP can't cut short: see
     *     $address
     * @param float $spread seconds over which sets wake their waiters evenly, so that a crowd
     *     doesn't come to the application at one moment; up to an hour
     * @param string|list<string>|null $address an IP address to connect to, so that no name is
     *     looked up; certificates are still checked for the name. Of several nodes, one for each
     * @param string|null $token what a node of --set-policy token wants of who sets; waits go
     *     without. A set that is refused for it is not tried again
     * @throws InvalidArgumentException
     */
    public function __construct(
        string|array $node,
        ?string $secret = null,
        float $limit = 1.0,
        float $spread = 0.0,
        string|array|null $address = null,
        #[\SensitiveParameter]
        ?string $token = null
    ) {
        if ($secret === '') {
            throw new InvalidArgumentException('A secret is not empty.');
        }
        self::check('limit', $limit, 0.001, self::LONGEST_LIMIT);
        self::check('spread', $spread, 0.0, self::LONGEST_SPREAD);
        $this->secret = $secret;
        $this->limit = $limit;
        try {
            $this->query = $spread > 0 ? sprintf('?spread=%.3F', $spread) : '';
            $this->nodes = new Nodes($node, $address, $token);
        } catch (Error $error) {
            $this->lack = $error->getMessage(); // each set tells it
        }
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
     * @throws InvalidArgumentException if the text is not an id
     */
    public static function header(mixed ...$ids): void
    {
        self::send(Ids::waitable(null, $ids));
    }

    /**
     * The same, where pages don't find the node as they are set up to: it names the node too.
     *
     * @param string $base where pages find it: an http or https URL, or a path of this host
     * @throws InvalidArgumentException for what is no base or no id
     */
    public static function headerAt(string $base, mixed ...$ids): void
    {
        self::send(Ids::waitable($base, $ids));
    }

    private static function send(string $value): void
    {
        try {
            header("Doorbell-Wait: $value");
        } catch (Error $error) {
            Log::tell('', 'header', "No header Doorbell-Wait: {$error->getMessage()}.");
        }
    }

    /**
     * The ids of a topic's versions, which whoever knows the secret finds again: no table of
     * waiters is needed.
     *
     * @throws InvalidArgumentException where this Doorbell has no secret
     */
    public function topic(mixed $name): Topic
    {
        if (!is_string($name) && !is_int($name)) {
            $what = Ids::named($name);
            throw new InvalidArgumentException("A topic's name is text, not $what.");
        }
        if ($this->secret === null) {
            throw new InvalidArgumentException(
                "A topic needs the application's secret: new Doorbell(\$node, secret: '…')."
            );
        }
        return new Topic($this->secret, (string) $name);
    }

    /**
     * Sets a variable. Commit first.
     *
     * @return bool|null true where this call set it, false where it was set already, null where
     *     no node took it in time: lastError() says why. Where an answer got lost on its way, the
     *     set was tried again, and its own first try may be what set it already
     * @throws InvalidArgumentException for a malformed id, or a key that isn't the id's
     */
    public function set(mixed $id, ?string $key = null): ?bool
    {
        return $this->safely(function () use ($id, $key): ?bool {
            $id = Ids::settable($id, $key);
            return $this->post('/' . $id, (string) $key, static fn (Answer $answer): ?bool =>
                $answer->isSet() ? $answer->status === 201 : null, $this->deadline());
        });
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
        $all = [];
        foreach ($events as $event) {
            $all[] = $event;
        }
        return $this->safely(function () use ($all): ?array {
            $lines = [];
            foreach ($all as $event) {
                [$id, $key] = is_array($event) ? $event + [null, null] : [$event, null];
                $lines[] = self::oneLine($id, $key);
            }
            return $this->setLines($lines);
        });
    }

    /**
     * As set(), but when the script ends, after its response was sent to the browser (at once and
     * whole with PHP-FPM and LiteSpeed, and as far as it is flushed elsewhere). All of them are
     * one request. A failure goes to PHP's error log. Commit before you call it. A worker that
     * serves many requests doesn't end with them: see flush().
     *
     * @throws InvalidArgumentException as set() does
     */
    public function setLater(mixed $id, ?string $key = null): void
    {
        $this->safely(function () use ($id, $key): bool {
            $this->later[] = self::oneLine($id, $key);
            self::$late[spl_object_id($this)] = $this;
            return self::isSentAtTheEnd() || self::flush();
        });
    }

    /**
     * Sends now what setLater() of any Doorbell object gathered: for the hook that a long-lived
     * worker (FrankenPHP, RoadRunner, Swoole) has for the time after a response.
     *
     * @return bool false where a set failed: the error log says why
     */
    public static function flush(): bool
    {
        [$late, self::$late] = [self::$late, []];
        $isSent = true;
        foreach ($late as $bell) {
            [$lines, $bell->later] = [$bell->later, []];
            $isSent = $bell->safely(fn () => $bell->setLines($lines)) !== null && $isSent;
        }
        return $isSent;
    }

    /** Why the last call came to nothing, in a sentence; empty where nothing went wrong. */
    public function lastError(): string
    {
        return $this->error;
    }

    /**
     * Looks from here whether the node is reached, whether its certificate is good, and whether a
     * set wakes a wait; for people, on hosts that have no shell. It takes about a second, and 30
     * at most. It sets an id of its own.
     *
     * @return list<string> lines of plain text in UTF-8: ✓ or ✗ and a sentence for each check, and
     *     what to do about it beneath
     */
    public function doctor(): array
    {
        if ($this->nodes === null) {
            throw new DoorbellException("This PHP lacks what Doorbell needs: {$this->lack}.");
        }
        $lines = [];
        foreach ($this->nodes->inOrder() as $node) {
            foreach ((new Doctor($node))->examine() as $finding => $words) {
                array_push($lines, ...Findings::lines($finding, $words, true));
            }
        }
        return $lines;
    }

    /**
     * Waits until the variable is set: for scripts, since it holds a process.
     *
     * @param float|null $timeout seconds; 0 only asks, null waits for ever. Where no answer comes
     *     either, it is 2 s late
     * @return bool false where it wasn't set in time
     * @throws InvalidArgumentException for a malformed id
     * @throws DoorbellException for what can't pass by itself: the node refuses, isn't one, or has
     *     a certificate that isn't trusted
     */
    public function wait(mixed $id, ?float $timeout = null): bool
    {
        return $this->waitAny([$id], $timeout) !== [];
    }

    /**
     * Waits until one or more of 1 to 64 variables are set; for the rest as wait().
     *
     * What may pass is asked again, and told to PHP's error log once a minute for each kind.
     *
     * @param iterable<string|int> $ids
     * @return list<string> those that are set by then; empty where none was in time, and then
     *     lastError() tells of the last failure
     */
    public function waitAny(iterable $ids, ?float $timeout = null): array
    {
        $ids = Ids::some($ids);
        self::check('timeout', $timeout ?? 0.0, 0.0, self::LONGEST_TIMEOUT);
        try {
            return $this->waitFor($ids, $timeout);
        } catch (Error $error) {
            throw new DoorbellException(
                'This PHP lacks what a wait needs, see disable_functions in its settings: '
                . $error->getMessage() . '.'
            );
        }
    }

    /** @param list<string> $ids */
    private function waitFor(array $ids, ?float $timeout): array
    {
        if ($this->nodes === null) {
            throw new Error($this->lack);
        }
        $end = $timeout === null ? INF : Deadline::now() + $timeout;
        $failures = 0;
        $answers = [];
        $heard = null; // who has just held this wait as it should
        do {
            $nodes = $this->nodes->inOrder();
            $retryAfter = 0.0;
            foreach ($nodes as $i => $node) {
                $began = Deadline::now();
                $isHeard = $node === $heard || count($nodes) === 1;
                $part = ($end - $began + self::GRACE) / ($isHeard ? 1 : count($nodes) - $i);
                if ($part <= 0) {
                    break; // the look-up of a name took it all
                }
                $hold = $isHeard ? self::HOLD : min(self::FIRST_HOLD, $part / 2);
                // Up to a fifth shorter, so that a crowd doesn't stay together.
                $hold = max(0.0, min($hold * (1 - self::chance() / 5), $end - $began));
                $answer = $node->get(
                    sprintf('/%s?timeout=%.3F', implode(',', $ids), $hold),
                    new Deadline(min($hold + self::ANSWER, $part))
                );
                $set = $answer->named($ids);
                if ($set !== []) {
                    $this->error = '';
                    return $set;
                }
                if ($answer->isNotYet()) {
                    [$answers, $this->error] = [[], ''];
                } else {
                    $answers[$node->place] = $answer;
                    $this->error = $this->nodes->told($answers);
                }
                if ($this->isOnTime($node, $answer, $hold, $began)) {
                    [$heard, $failures] = [$node, 0];
                    continue 2;
                }
                $heard = null;
                $this->nodes->failed($node);
                $retryAfter = max($retryAfter, $answer->retryAfter);
            }
            $pause = self::pause($retryAfter, ++$failures, self::LONGEST_PAUSE);
            self::sleep(min($pause, $end - Deadline::now()));
        } while (Deadline::now() < $end);
        return [];
    }

    /** Whether it says "not yet", and not so soon as a node that goes away. */
    private function isOnTime(Node $node, Answer $answer, float $hold, float $began): bool
    {
        if ($answer->isNotYet()) {
            return Deadline::now() - $began >= min(self::SOON, $hold / 2);
        }
        if (!$answer->mayPass()) {
            throw new DoorbellException($this->error, $answer->status);
        }
        $this->nodes->log($node, $answer);
        return false;
    }

    /** Null instead of PHP's own errors: after the commit a page must not end by what it lacks. */
    private function safely(callable $set): mixed
    {
        try {
            return $set();
        } catch (Error $error) {
            $this->error = 'This PHP lacks what a set needs, see disable_functions in its settings: '
                . $error->getMessage() . '.';
            Log::tell('', 'PHP', $this->error);
            return null;
        }
    }

    private static function isSentAtTheEnd(): bool
    {
        try {
            if (!self::$isAtTheEnd) {
                // Twice, to come after what the application registers, which may still print.
                register_shutdown_function(static function (): void {
                    register_shutdown_function(static fn () => self::end());
                });
                self::$isAtTheEnd = true;
            }
            return true;
        } catch (Error) {
            return false;
        }
    }

    private static function end(): void
    {
        self::$isAtTheEnd = false;
        if (self::$late === []) {
            return; // flush() was called
        }
        try {
            self::finish();
        } catch (Error) {
            // The page is late then, and the set comes all the same.
        } finally { // so it does where the application's own output throws
            self::flush();
        }
    }

    /** Sends the response. */
    private static function finish(): void
    {
        foreach (['fastcgi_finish_request', 'litespeed_finish_request'] as $finish) {
            if (function_exists($finish)) {
                $finish();
                return;
            }
        }
        // What can't be removed would be a warning, and an application's own handler may throw.
        while ((ob_get_status()['flags'] ?? 0) & PHP_OUTPUT_HANDLER_REMOVABLE) {
            ob_end_flush();
        }
        flush();
    }

    private static function oneLine(mixed $id, mixed $key): string
    {
        return rtrim(Ids::settable($id, $key) . ' ' . $key);
    }

    private function deadline(): Deadline
    {
        return new Deadline($this->limit, max($this->limit, self::HANDSHAKE));
    }

    /** @param list<string> $lines */
    private function setLines(array $lines): ?array
    {
        $this->error = '';
        $sum = ['set' => 0, 'already' => 0];
        $deadline = $this->deadline();
        foreach (array_chunk($lines, self::LINES) as $some) {
            $read = static fn (Answer $answer): ?array => $answer->count(count($some));
            $count = $this->post('/', implode("\n", $some), $read, $deadline);
            if ($count === null) {
                return null;
            }
            $sum = ['set' => $sum['set'] + $count[0], 'already' => $sum['already'] + $count[1]];
        }
        return $sum;
    }

    /** Tries until $read makes something of an answer; null where the node refuses, or late. */
    private function post(string $path, string $body, callable $read, Deadline $deadline): mixed
    {
        $this->error = '';
        if ($this->nodes === null) {
            throw new Error($this->lack);
        }
        $answers = [];
        for ($failures = 1;; $failures++) {
            $retryAfter = 0.0;
            $nodes = $this->nodes->inOrder();
            foreach ($nodes as $i => $node) {
                if ($i > 0 && $deadline->left() <= 0) {
                    break; // the look-up of a name took it all
                }
                $share = $deadline->share(count($nodes) - $i);
                $answer = $node->post($path . $this->query, $body, $share);
                $value = $read($answer);
                if ($value !== null) {
                    $this->error = '';
                    return $value;
                }
                // A try that the limit cut short says less than the one before it.
                if ($answer->status !== 0 || !isset($answers[$node->place])) {
                    $answers[$node->place] = $answer;
                }
                if (!$answer->mayPass()) {
                    $retryAfter = INF; // and no other node would say anything else
                    break;
                }
                $this->nodes->failed($node);
                if (count($nodes) > 1) {
                    $this->nodes->log($node, $answer);
                }
                $retryAfter = max($retryAfter, $answer->retryAfter);
            }
            $this->error = $this->nodes->told($answers);
            $pause = self::pause($retryAfter, $failures, $this->limit / 5);
            if ($pause >= $deadline->left()) {
                Log::tell($this->nodes->name(), $answer->kind(), $this->error);
                return null;
            }
            self::sleep($pause);
        }
    }

    private static function check(string $name, float $value, float $least, float $most): void
    {
        if (!($value >= $least && $value <= $most)) {
            throw new InvalidArgumentException(
                "The $name is from $least to $most seconds, not $value."
            );
        }
    }

    /** Not before Retry-After; and over the same time again, so that a crowd comes apart. */
    private static function pause(float $retryAfter, int $failures, float $longest): float
    {
        $ordinary = min($longest, 2 ** min($failures - 1, 20)) * self::chance();
        return max($retryAfter * (1 + self::chance()), $ordinary);
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
}
