<?php
// Doorbell's PHP client, all of it: README.md tells its use. SPDX-License-Identifier: Apache-2.0
// It runs on PHP 8.0 and later, and needs no extension but what every PHP has (https: openssl).
// Built by build.php from src/.

declare(strict_types=1);

namespace Doorbell;

use Error;
use InvalidArgumentException;
use RuntimeException;

// Where an application holds several copies, the first one stands. PHP would take a class that
// stands by itself as soon as it reads the file, so each is in a condition.
if (class_exists(Doorbell::class, false)) {
    return;
}

if (!class_exists(Doorbell::class, false)) {
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
}

if (!class_exists(Topic::class, false)) {
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
        public function at(mixed $version): array
        {
            $text = is_int($version) || is_string($version) ? (string) $version : '';
            if (!preg_match('/\A(?:0|[1-9][0-9]*)\z/', $text)) {
                throw new InvalidArgumentException(
                    'A version is a whole number from 0 up, not ' . Ids::named($version) . '.'
                );
            }
            $key = hash_hmac('sha256', $this->name . "\n" . $version, $this->secret);
            return [hash('sha256', $key), $key];
        }
    }
}

if (!class_exists(DoorbellException::class, false)) {
    /** A node refused a wait. The message is the node's own sentence, the code its HTTP status. */
    final class DoorbellException extends RuntimeException
    {
    }
}

if (!class_exists(Ids::class, false)) {
    /**
     * The texts of ids and keys, and what is refused as one.
     *
     * @internal
     */
    final class Ids
    {
        /** A node refuses more of them in a wait. */
        private const MOST = 64;

        private const HEX = '/\A(?:[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\z/i';
        private const LARGEST = '340282366920938463463374607431768211455';

        /** The id as text. PHP would make 0 of false, which is an id, and which is then set for good. */
        public static function one(mixed $id): string
        {
            $text = is_int($id) || is_string($id) ? (string) $id : '';
            $number = ltrim($text, '0');
            $isNumber = preg_match('/\A[0-9]{1,39}\z/', $text)
                && (strlen($number) < 39 || strcmp($number, self::LARGEST) <= 0);
            if ($isNumber || preg_match(self::HEX, $text)) {
                return $text;
            }
            throw new InvalidArgumentException(
                'An event id is a decimal number below 2^128, a UUID or 64 hex digits, not '
                . self::named($id) . '.'
            );
        }

        /** @return list<string> */
        public static function some(iterable $ids): array
        {
            $some = [];
            foreach ($ids as $id) {
                $some[] = self::one($id);
            }
            $some = array_values(array_unique($some, SORT_STRING));
            if ($some === [] || count($some) > self::MOST) {
                throw new InvalidArgumentException(
                    'A wait is for 1 to ' . self::MOST . ' ids, not ' . count($some) . '.'
                );
            }
            return $some;
        }

        /** The id, where the key is the one that it needs. */
        public static function settable(mixed $id, mixed $key): string
        {
            $id = self::one($id);
            if ($key !== null && !is_string($key)) {
                $what = get_debug_type($key);
                throw new InvalidArgumentException("A key is text, not of the type $what.");
            }
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

        /** The value of the header Doorbell-Wait, and of a JSON field that says the same. */
        public static function waitable(?string $base, iterable $ids): string
        {
            $ids = implode(',', self::some($ids));
            if ($base === null) {
                return $ids;
            }
            $url = '~\A(?!\z)(?:https?://[a-z0-9._:\[\]-]+)?(?:/[!"$-+\-->@-\~]*)?\z~i';
            if (!preg_match($url, $base)) {
                throw new InvalidArgumentException(
                    'Pages find a node at an http or https URL or a path, without user, query and comma,'
                    . ' not at "' . Answer::line($base, 200) . '".'
                );
            }
            return rtrim($base, '/') . "/$ids";
        }

        /** The value as an error names it, and where to look. */
        public static function named(mixed $value): string
        {
            if (is_string($value) && $value !== '') {
                return '"' . Answer::line($value, 80) . '"';
            }
            if (is_int($value)) {
                return (string) $value;
            }
            if (is_float($value)) {
                return var_export($value, true) . ': a float loses digits, so keep it as text';
            }
            if (is_array($value) || is_object($value)) {
                return get_debug_type($value) . ': give its text';
            }
            $name = $value === null ? 'null' : ($value === '' ? '""' : var_export($value, true));
            return "$name: did the query find a row?";
        }
    }
}

if (!class_exists(Nodes::class, false)) {
    /**
     * The nodes that a Doorbell may ask: one, or several that share a store, of which each takes any
     * set. The one that failed longest ago comes first, so all pages stay at one that works, and their
     * kept connections are few; who failed just now comes last. That is remembered as Marks are, so a
     * node that hangs costs its share of the time to one page, and not to each.
     *
     * @internal
     */
    final class Nodes
    {
        /** @var non-empty-array<string, Node> by their places */
        private array $nodes = [];

        /**
         * @param mixed $urls a URL, or a list of them
         * @param mixed $addresses an IP address or none; of several nodes a list, in the same order
         */
        public function __construct(
            mixed $urls,
            mixed $addresses,
            #[\SensitiveParameter]
            ?string $token
        ) {
            $addresses = $addresses === null ? [] : self::several('address', $addresses);
            $urls = self::several('node', $urls);
            if ($urls === []) {
                throw new InvalidArgumentException('Give the URL of a node, or of several.');
            }
            if ($addresses !== [] && count($addresses) !== count($urls)) {
                throw new InvalidArgumentException('Give an address for each node, or for none.');
            }
            foreach ($urls as $i => $url) {
                $node = new Node($url, $addresses[$i] ?? null, $token);
                $this->nodes[$node->place] ??= $node; // who is named twice has one turn
            }
        }

        /** @return non-empty-list<Node> in the order in which they are to be tried */
        public function inOrder(): array
        {
            if (count($this->nodes) === 1) {
                return array_values($this->nodes);
            }
            $failed = array_map(static fn (Node $node) => Marks::last($node->place), $this->nodes);
            asort($failed); // those that are equal stay as they were given
            $nodes = [];
            foreach ($failed as $place => $when) {
                $nodes[] = $this->nodes[$place];
            }
            return $nodes;
        }

        /** That node comes last from now on. */
        public function failed(Node $node): void
        {
            if (count($this->nodes) > 1) {
                Marks::set($node->place);
            }
        }

        /** Tells PHP's error log what is tried again, or at the next node. */
        public function log(Node $node, Answer $answer): void
        {
            Log::tell($node->place, $answer->kind(), $this->told([$node->place => $answer]));
        }

        /**
         * Of each node that was tried, why nothing came of it; of a single one, its own sentence.
         *
         * @param non-empty-array<string, Answer> $answers by the places of their nodes
         */
        public function told(array $answers): string
        {
            $sentences = [];
            foreach ($answers as $place => $answer) {
                if (count($this->nodes) === 1) {
                    return $answer->sentence();
                }
                $sentences[] = self::sentence($this->nodes[$place]->title, $answer);
            }
            return implode('; ', $sentences) . '.';
        }

        /** Tells them all from any others. */
        public function name(): string
        {
            return implode(' ', array_map(static fn (Node $node) => $node->place, $this->nodes));
        }

        private static function sentence(string $title, Answer $answer): string
        {
            $sentence = rtrim($answer->sentence(), '.');
            return strpos($sentence, $title) === false ? "$title: $sentence" : $sentence;
        }

        /** @return list<string> */
        private static function several(string $what, mixed $given): array
        {
            $several = is_array($given) ? array_values($given) : [$given];
            foreach ($several as $one) {
                if (!is_string($one)) {
                    $type = get_debug_type($one);
                    throw new InvalidArgumentException("Each $what is text, not of the type $type.");
                }
            }
            return $several;
        }
    }
}

if (!class_exists(Node::class, false)) {
    /**
     * Where a node answers, and one question put to it at a time.
     *
     * @internal
     */
    final class Node
    {
        /** A node's answers are far shorter; what passes it isn't from a node. */
        private const ANSWER_BYTES = 65_536;

        /**
         * The chunk size of a stream that PHP keeps for the next page: all that stays with the stream
         * when a page ends, and so the mark of one that a page left in the middle of an answer.
         */
        private const BUSY = 65_536;
        private const IDLE = 65_535;

        /** The part of the time left that a kept connection has for its answer: it may be dead. */
        private const STALE = 3;

        /** Words of a handshake that broke off: the node may be about to start. */
        private const BROKEN = '/unexpected eof|reset by peer|broken pipe|timed out|no reason is known/i';

        public string $url;

        /** Tells it from any other: two may have one URL, at an address each. */
        public string $place;

        /** What a message calls it: the URL, and the address where one was given. */
        public string $title;
        public bool $isTls;
        public string $name;
        public int $port;
        private string $host;
        private string $peer;
        private string $path;
        private string $warning = '';

        /** The header of sets, where the node wants a token; waits go without. */
        private string $authorization = '';

        /** @var array<string, mixed> of TLS, beside PHP's own */
        private array $options = [];

        /** @var array<string, true> kept connections that are in use; more than one with coroutines */
        private static array $inUse = [];

        public function __construct(
            string $url,
            ?string $address,
            #[\SensitiveParameter]
            ?string $token = null
        ) {
            if (preg_match('~,\s*https?://|\Ahttps?://[^/]*,~i', $url)) {
                throw new InvalidArgumentException(
                    'A node is one URL, and several are an array, not "' . Answer::line($url, 200) . '".'
                );
            }
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
            if ($token !== null) {
                if (!preg_match('~\A[A-Za-z0-9._\~+/-]+=*\z~', $token)) { // RFC 6750, 2.1
                    throw new InvalidArgumentException(
                        'A token has letters, digits and . _ ~ + / - alone.'
                    );
                }
                $this->authorization = "Authorization: Bearer $token\r\n";
            }
            $port = (int) ($part[3] ?: ($this->isTls ? 443 : 80));
            $this->url = rtrim($url, '/');
            $this->title = $this->url . ($address === null ? '' : " ($address)");
            $this->name = trim($part[2], '[]');
            $this->port = $port;
            $this->host = $part[2] . ($part[3] === '' ? '' : ":$port");
            $this->peer = 'tcp://' . ($address ?? $part[2]) . ":$port";
            $this->path = rtrim($part[4], '/');
            $this->place = strtolower("{$part[1]}://{$part[2]} {$this->peer}") . $this->path;
        }

        /** The answer to a wait, or why there is none; over in time, but for the look-up of a name. */
        public function get(string $path, Deadline $deadline): Answer
        {
            return $this->quietly(fn (): Answer => $this->ask(
                $this->connect($deadline, null),
                null,
                "GET {$this->path}$path HTTP/1.1\r\n" . $this->fields() . "Connection: close\r\n\r\n",
                $deadline
            ));
        }

        /** The same of a set, over a connection that PHP keeps for the next one. */
        public function post(string $path, string $body, Deadline $deadline): Answer
        {
            $request = "POST {$this->path}$path HTTP/1.1\r\n" . $this->fields()
                . $this->authorization . "Content-Type: text/plain; charset=us-ascii\r\n"
                . 'Content-Length: ' . strlen($body) . "\r\n\r\n$body";
            $name = $this->name();
            self::$inUse[$name] = true;
            try {
                return $this->quietly(fn (): Answer => $this->postKept($request, $name, $deadline));
            } finally {
                unset(self::$inUse[$name]);
            }
        }

        /** The same, but for whoever answers there: to look who it is, and for nothing else. */
        public function believing(): self
        {
            $node = clone $this;
            $node->options = ['verify_peer' => false, 'verify_peer_name' => false,
                'capture_peer_cert' => true];
            return $node;
        }

        /** @return resource|Answer a connection of its own, or why there is none */
        public function open(Deadline $deadline)
        {
            return $this->quietly(fn () => $this->connect($deadline, null));
        }

        /** @param resource $socket of open(): asks, and doesn't wait for the answer, see look() */
        public function request($socket, string $line, Deadline $deadline): void
        {
            [$method, $path] = explode(' ', $line);
            $length = $method === 'POST' ? "{$this->authorization}Content-Length: 0\r\n" : '';
            $this->quietly(fn () => $this->write($socket, "$method {$this->path}$path HTTP/1.1\r\n"
                . $this->fields() . "{$length}Connection: close\r\n\r\n", $deadline));
        }

        /**
         * @param resource $socket of open()
         * @param string $bytes of its answer so far
         * @return Answer|null null where there is more to come
         */
        public function look($socket, string &$bytes): ?Answer
        {
            return $this->quietly(function () use ($socket, &$bytes): ?Answer {
                $bytes .= $some = (string) fread($socket, self::ANSWER_BYTES);
                return $this->heard($bytes, $some === '' && stream_get_meta_data($socket)['eof']);
            });
        }

        private function postKept(string $request, ?string $name, Deadline $deadline): Answer
        {
            $socket = $this->connect($deadline, $name, $isUsed);
            if ($isUsed) {
                $soon = new Deadline($deadline->left() / self::STALE);
                $answer = $this->ask($socket, $name, $request, $soon);
                if ($answer->status !== 0 && ($answer->isKept || !$answer->mayPass())) {
                    return $answer;
                }
                // It was closed, its node goes away, or is dead without a word. A set may be repeated.
                $socket = $this->connect($deadline, $name);
            }
            return $this->ask($socket, $name, $request, $deadline);
        }

        private function quietly(callable $ask): mixed
        {
            $this->warning = '';
            // An application's own handler must neither see these warnings nor throw.
            set_error_handler(function (int $level, string $text): bool {
                $this->warning = $text;
                return true;
            });
            try {
                return $ask();
            } finally {
                restore_error_handler();
            }
        }

        private function fields(): string
        {
            return "Host: {$this->host}\r\nAccept: application/json\r\nAccept-Encoding: identity\r\n";
        }

        /** Of a kept connection, which no other process, host or list of authorities may share. */
        private function name(): ?string
        {
            try {
                $whose = $this->isTls
                    ? "tls-{$this->host}" . ini_get('openssl.cafile') . ini_get('openssl.capath')
                    : 'plain';
                $name = '/doorbell-' . getmypid() . "-$whose";
                return function_exists('stream_set_chunk_size') && !isset(self::$inUse[$name])
                    ? $name : null;
            } catch (Error) {
                return null; // a host may take functions away
            }
        }

        /**
         * @param resource|Answer $socket, or why there is no connection
         * @param string|null $name of a connection that is kept
         */
        private function ask($socket, ?string $name, string $request, Deadline $deadline): Answer
        {
            if ($socket instanceof Answer) {
                return $socket;
            }
            $this->write($socket, $request, $deadline);
            $answer = $this->read($socket, $deadline);
            if ($answer->isKept && $name !== null) {
                stream_set_chunk_size($socket, self::IDLE);
            } else {
                fclose($socket);
            }
            return $answer;
        }

        /**
         * @param string|null $name of the connection that is kept for others; null where it isn't
         * @param bool $isUsed whether it had other questions before
         * @return resource|Answer a connection, or why there is none
         */
        private function connect(Deadline $deadline, ?string $name, ?bool &$isUsed = null)
        {
            if (!$this->isTls) {
                return $this->dial($deadline, $name, $isUsed);
            }
            $began = Deadline::now();
            $limit = $deadline->forHandshake();
            $socket = $this->dial($limit, $name, $isUsed);
            $failure = $socket instanceof Answer ? $socket : null;
            if ($failure === null && !$isUsed) {
                $failure = $this->shakeHands($socket, $limit);
                if ($failure !== null) {
                    fclose($socket);
                }
            }
            if ($failure !== null) {
                $deadline->fell();
                return $failure;
            }
            if (!$isUsed) {
                $deadline->stands(Deadline::now() - $began);
            }
            return $socket;
        }

        /** @return resource|Answer the same, as yet without TLS where it is new */
        private function dial(Deadline $limit, ?string $name, ?bool &$isUsed)
        {
            $how = STREAM_CLIENT_CONNECT | ($name === null ? 0 : STREAM_CLIENT_PERSISTENT);
            $tls = $this->options + ['peer_name' => $this->name];
            $context = stream_context_create(['ssl' => $tls]);
            do {
                $left = $limit->left();
                if ($left <= 0) {
                    return $this->none('connection', true, "There was no time left to connect.");
                }
                $peer = $this->peer . $name;
                $socket = stream_socket_client($peer, $code, $why, $left, $how, $context);
                if ($socket === false) {
                    $why = $why !== '' ? $why : $this->reason();
                    return $this->none('connection', true, "No connection to {$this->url}: $why.");
                }
                $mark = $name === null ? 0 : stream_set_chunk_size($socket, self::BUSY);
                stream_set_blocking($socket, false);
                // What comes from one that a page left in the middle, or unasked, is no answer to us.
                $isDirty = $mark === self::BUSY || ($mark === self::IDLE && !self::isQuiet($socket));
            } while ($isDirty && fclose($socket));
            $isUsed = $mark === self::IDLE;
            return $socket;
        }

        /** @param resource $socket */
        private static function isQuiet($socket): bool
        {
            return (string) fread($socket, 1) === '' && !stream_get_meta_data($socket)['eof'];
        }

        /** @param resource $socket */
        private function shakeHands($socket, Deadline $limit): ?Answer
        {
            do {
                $done = stream_socket_enable_crypto($socket, true, STREAM_CRYPTO_METHOD_TLS_CLIENT);
            } while ($done === 0 && $limit->nap());
            if ($done === true) {
                return null;
            }
            $why = $done === false ? $this->reason() : 'it is silent';
            $mayPass = $done === 0 || preg_match(self::BROKEN, $why) === 1;
            return $this->none('TLS', $mayPass, "No TLS with {$this->url}: $why.");
        }

        /** @param resource $socket */
        private function write($socket, string $bytes, Deadline $deadline): void
        {
            while ($bytes !== '') {
                $written = fwrite($socket, $bytes);
                // A peer that hung up may have answered before.
                if ($written === false || ($written === 0 && !$deadline->nap())) {
                    return;
                }
                $bytes = substr($bytes, $written);
            }
        }

        /**
         * By reads that block for a time: stream_select() can't look at a file number above 1,023.
         *
         * @param resource $socket
         */
        private function read($socket, Deadline $deadline): Answer
        {
            stream_set_blocking($socket, true);
            for ($bytes = ''; ($left = $deadline->left()) > 0;) {
                stream_set_timeout($socket, (int) $left, (int) (($left - (int) $left) * 1_000_000) + 1);
                $some = (string) fread($socket, self::ANSWER_BYTES);
                $bytes .= $some;
                $state = stream_get_meta_data($socket);
                $answer = $this->heard($bytes, $some === '' && $state['eof']);
                if ($answer !== null) {
                    return $answer;
                }
                if ($some === '' && !$state['timed_out']) {
                    $deadline->nap();
                }
            }
            return $this->none('silence', true, "{$this->url} did not answer in time.");
        }

        /** Null where there is more to come. */
        private function heard(string $bytes, bool $over): ?Answer
        {
            if ($bytes !== '') {
                $isTooLong = strlen($bytes) > self::ANSWER_BYTES;
                $answer = $isTooLong ? Answer::nonsense($this->url, 'length')
                    : Answer::parsed($this->url, $bytes, $over);
                if ($answer !== null) {
                    return $answer;
                }
            }
            if ($over) {
                $when = $bytes === '' ? '' : ' in the middle of its answer';
                return $this->none('hang-up', true, "{$this->url} hung up$when.");
            }
            return null;
        }

        private function none(string $kind, bool $mayPass, string $why): Answer
        {
            return Answer::none($this->url, $kind, $mayPass, $why);
        }

        /** The last of PHP's own words. */
        private function reason(): string
        {
            $text = (string) preg_replace('/\A[a-z_:]+\(\): /i', '', $this->warning);
            $text = $text === '' ? 'no reason is known' : $text;
            return rtrim(Answer::line($text, 300), '.');
        }
    }
}

if (!class_exists(Answer::class, false)) {
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
        /** Where a redirect leads. */
        public string $place = '';
        /** The connection may carry another question. */
        public bool $isKept = false;
        /** What kind of failure it is, where the status doesn't say it. */
        private string $kind;
        private bool $mayPass;
        private string $url;
        private string $type = '';
        private string $body = '';
        private string $why = '';

        private function __construct(string $url, int $status, string $kind, bool $mayPass)
        {
            $this->url = $url;
            $this->status = $status;
            $this->kind = $kind;
            $this->mayPass = $mayPass;
        }

        /** No answer, for a reason that may pass, or not. */
        public static function none(string $url, string $kind, bool $mayPass, string $why): self
        {
            $none = new self($url, 0, $kind, $mayPass);
            $none->why = $why;
            return $none;
        }

        /** What is no HTTP, or more than a node ever says. */
        public static function nonsense(string $url, string $kind = 'nonsense'): self
        {
            return self::none($url, $kind, false, "$url gave no answer of a Doorbell node.");
        }

        /** Null where there is more to come. */
        public static function parsed(string $url, string $bytes, bool $over): ?self
        {
            do {
                $line = strstr($bytes, "\r\n", true);
                if ($line === false && strncmp($bytes, 'HTTP/1.', min(7, strlen($bytes))) === 0) {
                    return null;
                }
                // A 101 would be another protocol.
                if (!preg_match('~\AHTTP/1\.[01] (?!101)([1-5]\d\d)(?: |\z)~', (string) $line, $is)) {
                    return self::nonsense($url);
                }
                $cut = strpos($bytes, "\r\n\r\n");
                if ($cut === false) {
                    return null;
                }
                [$head, $bytes] = [substr($bytes, 0, $cut + 2), substr($bytes, $cut + 4)];
            } while ($is[1] < 200); // 1xx is said before the answer, any number of times
            $status = (int) $is[1];
            $length = self::field($head, 'Content-Length');
            $isFramed = true;
            $rest = '';
            if ($status === 204 || $status === 304) {
                [$body, $rest] = ['', $bytes];
            } elseif (preg_match('/(?:\A|[, \t])chunked\z/i', self::field($head, 'Transfer-Encoding'))) {
                [$body, $rest] = self::dechunked($bytes);
            } elseif (preg_match('/\A0*(\d{1,9})(?:, *0*\1)*\z/', $length, $is)) {
                $isWhole = strlen($bytes) >= $is[1];
                [$body, $rest] = [$isWhole ? substr($bytes, 0, (int) $is[1]) : null,
                    $isWhole ? substr($bytes, (int) $is[1]) : ''];
            } else {
                $body = $over ? $bytes : null;
                $isFramed = false;
            }
            if ($body === null) {
                return $rest === null ? self::nonsense($url) : null;
            }
            $answer = new self($url, $status, "status $status", $status >= 500
                || $status === 408 || $status === 429);
            $answer->read($head, $body);
            $answer->isKept = $isFramed && $rest === '' && $head[7] === '1'
                && !preg_match('/\bclose\b/i', self::field($head, 'Connection'));
            return $answer;
        }

        private function read(string $head, string $body): void
        {
            $this->retryAfter = self::seconds($head);
            $this->type = strtolower(self::field($head, 'Content-Type'));
            $codings = self::field($head, 'Content-Encoding') . ','
                . preg_replace('/,?[ \t]*chunked\z/i', '', self::field($head, 'Transfer-Encoding'));
            $coding = trim((string) preg_replace('/\bidentity\b/i', '', $codings), ", \t");
            if ($this->status >= 300 && $this->status < 400) {
                $this->place = self::line(self::field($head, 'Location'), 200) ?: 'nowhere';
                $this->why = "A redirect to {$this->place} is not followed";
            } elseif ($this->status === 404) {
                $this->why = "There is no Doorbell node at {$this->url}";
            }
            if ($coding !== '' && $body !== '') {
                $coding = self::line($coding, 80);
                $body = "($coding)"; // it isn't read, and says nothing
                $said = "{$this->url} answered in $coding, which nobody asked for";
                $this->why = $this->why ?: $said;
            }
            $this->body = $body;
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
            return $this->mayPass;
        }

        /** One word or two for what went wrong: failures of one kind are told once. */
        public function kind(): string
        {
            return $this->kind;
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

        /** It is an answer to a wait, of whatever ids. */
        public function hasSet(): bool
        {
            return isset($this->json()['set']);
        }

        /** It is for people. */
        public function isPage(): bool
        {
            return strpos($this->type, 'text/html') === 0 || strpos(ltrim($this->body), '<') === 0;
        }

        /** It is an error as a node tells one. */
        public function isProblem(): bool
        {
            return strpos($this->type, 'application/problem+json') === 0;
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

        /** All values of a field, which may come in several lines. */
        private static function field(string $head, string $name): string
        {
            preg_match_all("/\r\n$name:[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)/i", $head, $matches);
            return implode(', ', $matches[1]);
        }

        /**
         * @return array{?string, ?string} the body, and what comes behind it; no body where there is
         *     more to come, and nothing at all where it is broken
         */
        private static function dechunked(string $bytes): array
        {
            $body = '';
            while (preg_match('/\A0*([0-9a-f]{1,7})[ \t]*(?:;[^\r\n]*)?\r\n/i', $bytes, $size)) {
                $length = (int) hexdec($size[1]);
                $bytes = substr($bytes, strlen($size[0]));
                if ($length === 0) {
                    return [$body, $bytes === "\r\n" ? '' : "?$bytes"]; // trailers aren't looked at
                }
                if (strlen($bytes) < $length + 2) {
                    return [null, ''];
                }
                if (substr($bytes, $length, 2) !== "\r\n") {
                    return [null, null];
                }
                $body .= substr($bytes, 0, $length);
                $bytes = substr($bytes, $length + 2);
            }
            return [null, strpos($bytes, "\r\n") === false ? '' : null];
        }

        /** Of a Retry-After, in seconds or as a date, which is the node's own as its Date is. */
        private static function seconds(string $head): float
        {
            $value = self::field($head, 'Retry-After');
            if (preg_match('/\A\d+\z/', $value)) {
                $seconds = (float) $value;
            } else {
                $now = self::time(self::field($head, 'Date')) ?? time();
                $seconds = (self::time($value) ?? $now) - $now;
            }
            return (float) max(0, min($seconds, self::LONGEST_RETRY_AFTER));
        }

        private static function time(string $date): ?int
        {
            $isDate = preg_match('/\A[A-Z][a-z]{2,8}, [\w :-]{10,24} GMT\z/', $date);
            $time = $isDate ? strtotime($date) : false;
            return $time === false ? null : $time;
        }
    }
}

if (!class_exists(Deadline::class, false)) {
    /**
     * How long a call may take. A new connection with TLS has time of its own beside that: its three
     * round trips are the network's, and no sign of a node that is slow. One that hangs in them has no
     * more than that, and several together neither.
     *
     * @internal
     */
    final class Deadline
    {
        private float $end;

        /** Seconds of handshakes that don't count, and when handshakes are over at the latest. */
        private float $handshake;
        private float $shaken;

        /** What this is a share of, if it is one. */
        private ?self $whole = null;

        /** @param float $handshake seconds for the handshakes of TLS, beside the others */
        public function __construct(float $seconds, float $handshake = 0.0)
        {
            $now = self::now();
            $this->end = $now + $seconds;
            $this->handshake = $handshake;
            $this->shaken = $now + max($seconds, $handshake);
        }

        public function left(): float
        {
            return $this->end - self::now();
        }

        /** An equal part of what is left, where so many are to be tried: the last gets all the rest. */
        public function share(int $of): self
        {
            if ($of === 1) {
                return $this;
            }
            $share = new self($this->left() / $of, $this->handshake / $of);
            $share->shaken = self::now() + $this->forHandshake()->left() / $of;
            $share->whole = $this;
            return $share;
        }

        /** The time that a connection may take, its handshake included. */
        public function forHandshake(): self
        {
            return new self(max($this->shaken, $this->end) - self::now());
        }

        /** A connection stands, after so many seconds: they don't count. */
        public function stands(float $seconds): void
        {
            $free = min($seconds, $this->handshake);
            $this->handshake -= $free;
            $this->end += $free;
            if ($this->whole !== null) {
                $this->whole->stands($free);
            }
        }

        /** There is none: what it took beyond its share doesn't count for those who are tried next. */
        public function fell(): void
        {
            if ($this->whole !== null) {
                $this->whole->stands(max(0.0, -$this->left()));
            }
        }

        /** A moment later; false where it is over. The client waits by naps where nothing tells it. */
        public function nap(): bool
        {
            $left = $this->left();
            usleep((int) max(0, min(1000, $left * 1_000_000)));
            return $left > 0;
        }

        /** Seconds by a clock that nobody sets. */
        public static function now(): float
        {
            return hrtime(true) / 1e9;
        }
    }
}

if (!class_exists(Log::class, false)) {
    /**
     * Tells PHP's error log of failures, each kind of them once a minute.
     *
     * @internal
     */
    final class Log
    {
        private const SECONDS = 60;

        public static function tell(string $node, string $kind, string $sentence): void
        {
            try {
                if (self::isDue("$node $kind")) {
                    error_log("doorbell: $sentence");
                }
            } catch (Error) {
                // A host that took error_log() away doesn't want to know.
            }
        }

        private static function isDue(string $what): bool
        {
            if (time() - Marks::last($what) < self::SECONDS) {
                return false;
            }
            Marks::set($what);
            return true;
        }
    }
}

if (!class_exists(Marks::class, false)) {
    /**
     * When something happened last. A page's memory ends with it, so each mark is also the time of a
     * file, which all pages of a site share. Anybody may write in its folder: what isn't a file of our
     * own there is neither read nor touched.
     *
     * @internal
     */
    final class Marks
    {
        private const KIND = 0170000;
        private const FILE = 0100000;

        /** @var array<string, float> when this process saw it, in seconds */
        private static array $seen = [];

        public static function set(string $what): void
        {
            self::$seen[$what] = microtime(true);
            self::quietly(static function () use ($what): void {
                $file = self::file($what);
                if (self::time($file) > 0) {
                    touch($file);
                } elseif (self::user() !== null && lstat($file) === false
                    && ($made = tempnam(sys_get_temp_dir(), 'doorbell-'))) {
                    rename($made, $file) || unlink($made); // fopen() would follow a link, by any mode
                }
            });
        }

        /** In seconds since 1970; 0 where nothing is known of it. */
        public static function last(string $what): float
        {
            $times = [self::$seen[$what] ?? 0.0];
            self::quietly(static function () use ($what, &$times): void {
                $times[] = (float) self::time(self::file($what));
            });
            // The clock was set back since: such a mark would stand for as long.
            $now = microtime(true);
            return max([0.0, ...array_filter($times, static fn (float $time) => $time <= $now)]);
        }

        /** Without warnings: an application's own error handler may throw. */
        private static function quietly(callable $look): void
        {
            if (PHP_SAPI === 'cli') {
                return;
            }
            try {
                set_error_handler(static fn (): bool => true);
                try {
                    $look();
                } finally {
                    restore_error_handler();
                }
            } catch (Error) {
                // A host that takes functions away has the memory of its processes.
            }
        }

        /** Of a file of our own; 0 where it is none, or nothing tells who we are. */
        private static function time(string $file): int
        {
            clearstatcache();
            $is = lstat($file);
            $isOurs = $is !== false && ($is['mode'] & self::KIND) === self::FILE
                && $is['uid'] === self::user();
            return $isOurs ? $is['mtime'] : 0;
        }

        private static function file(string $what): string
        {
            return sys_get_temp_dir() . '/doorbell-' . md5(__DIR__ . self::user() . $what);
        }

        /** As whom this process runs; getmyuid() is whose the script is. Null where nothing tells it. */
        private static function user(): ?int
        {
            $user = function_exists('posix_geteuid') ? posix_geteuid() : fileowner('/proc/self');
            return $user === false ? null : $user;
        }
    }
}

if (!class_exists(Doctor::class, false)) {
    /**
     * Looks from here whether a node is reached, whether its certificate is good, and whether a set
     * wakes a wait. It asks for an id of its own, and judges by what is missing, never by what is slow.
     *
     * @internal
     */
    final class Doctor
    {
        /** Seconds for a check. */
        private const LIMIT = 10.0;

        /** Seconds before the set, in which nothing may end the wait. */
        private const BEFORE = 1.0;

        /** Seconds for which the node is asked to hold the wait, as a client asks it. */
        private const HOLD = 25;

        /** Of why there is no connection, or no handshake: words that tell. */
        private const NO_CONNECTION = ['name' => '/getaddrinfo/i', 'refused' => '/refused/i',
            'blocked' => '/timed out|time left/i'];
        private const NO_TLS = ['plain' => '/wrong version number|packet length|http request/i',
            'silent' => '/silent/i', 'cut' => '/eof|reset by peer|broken pipe|no reason/i'];

        private Node $node;
        private string $id;
        private bool $isConnected = false;
        private bool $isHere = false;
        /** @var array<string, string|int> what stands for the words in braces of a finding */
        private array $words;

        public function __construct(Node $node)
        {
            $this->node = $node;
            $this->id = Doorbell::newId();
            $host = strpos($node->name, ':') === false ? $node->name : "[{$node->name}]";
            $this->words = ['url' => $node->url, 'host' => $node->name,
                'place' => "$host:{$node->port}", 'seconds' => (int) self::LIMIT];
        }

        /**
         * What `doctor NODE` prints.
         *
         * @return int its exit code: 0 where all is well, else 1
         * @throws InvalidArgumentException for what is no URL of a node
         */
        public static function tell(string $url): int
        {
            $code = 0;
            $token = getenv('DOORBELL_TOKEN') ?: null; // of the set
            $locale = getenv('LC_ALL') ?: getenv('LC_CTYPE') ?: getenv('LANG') ?: '';
            $isUtf8 = preg_match('/utf-?8/i', $locale) === 1;
            foreach ((new self(new Node($url, null, $token)))->examine() as $finding => $words) {
                echo implode("\n", Findings::lines($finding, $words, $isUtf8)), "\n";
                $code = Findings::isBad($finding) ? 1 : $code;
            }
            return $code;
        }

        /** The file that was uploaded, as a script of a shell; nothing if it isn't the script. */
        public static function script(string $file): void
        {
            try {
                if (realpath($_SERVER['SCRIPT_FILENAME'] ?? '') !== $file) {
                    return;
                }
            } catch (Error) {
                return; // a host that took realpath() away has bin/doorbell
            }
            $words = array_slice($_SERVER['argv'], 1);
            try {
                if (count($words) !== 2 || $words[0] !== 'doctor') {
                    throw new InvalidArgumentException('usage: php doorbell.php doctor NODE');
                }
                exit(self::tell($words[1]));
            } catch (InvalidArgumentException $e) {
                fwrite(STDERR, "doorbell: {$e->getMessage()}\n");
                exit(2);
            }
        }

        /** @return iterable<string, array<string, string|int>> findings, and their words */
        public function examine(): iterable
        {
            try {
                $reached = $this->reach();
            } catch (Error $error) {
                $this->isConnected = false;
                $this->words['why'] = "{$error->getMessage()}, see disable_functions in PHP's settings";
                $reached = 'reached/none';
            }
            yield $reached => $this->words;
            $tls = $this->isConnected ? $this->tls() : 'tls/untried';
            yield $tls => $this->words;
            $isTried = $reached === 'reached/well' && !Findings::isBad($tls);
            $wake = $isTried ? $this->wake() : 'wake/untried';
            yield $wake => $this->words;
        }

        /** Who answers there? Its certificate is the next question, so any will do here. */
        private function reach(): string
        {
            $deadline = new Deadline(self::LIMIT);
            $node = $this->node->believing();
            $socket = $node->open($deadline);
            if ($socket instanceof Answer) {
                return $this->unconnected($socket);
            }
            $this->isConnected = true;
            $this->isHere = self::isHere($socket);
            $node->request($socket, "GET /{$this->id}?timeout=0", $deadline);
            $answer = $this->answer($socket, $deadline);
            $this->words['status'] = $answer->status ?? 0;
            return 'reached/' . ($answer === null ? 'silent' : $this->whose($answer));
        }

        private function unconnected(Answer $none): string
        {
            $why = $this->reason($none);
            foreach ($none->kind() === 'TLS' ? self::NO_TLS : self::NO_CONNECTION as $kind => $words) {
                if (preg_match($words, $why)) {
                    return "reached/$kind";
                }
            }
            $this->words['why'] = $why;
            return 'reached/none';
        }

        /** What an answer to an ask for what nobody has set shows. */
        private function whose(Answer $answer): string
        {
            $this->words['to'] = $answer->place;
            $status = $answer->status;
            if ($status === 0) {
                return ['hang-up' => 'cut', 'length' => 'page'][$answer->kind()] ?? 'alien';
            }
            if ($status >= 300 && $status < 400) {
                return 'redirect';
            }
            if ($status === 200 && $answer->hasSet()) {
                return 'stale';
            }
            if ($status !== 204 && $status < 300 && $answer->isPage()) {
                return 'page';
            }
            if ($status === 429 || ($status === 503 && $answer->isProblem())) {
                return 'full';
            }
            $others = [204 => 'well', 401 => 'login', 403 => 'login', 404 => 'absent', 407 => 'login',
                502 => 'gateway', 503 => 'gateway', 504 => 'gateway', 511 => 'login'];
            return $others[$status] ?? 'other';
        }

        private function tls(): string
        {
            if (!$this->node->isTls) {
                return $this->isHere ? 'tls/here' : 'tls/open';
            }
            $socket = $this->node->open(new Deadline(self::LIMIT));
            if (!($socket instanceof Answer)) {
                return 'tls/well';
            }
            $this->words['why'] = $why = $this->reason($socket);
            if (preg_match('/did not match|peer certificate CN/i', $why)) {
                return 'tls/name';
            }
            return preg_match('/verify failed/i', $why) ? 'tls/' . $this->distrust() : 'tls/failed';
        }

        /** PHP doesn't tell why a certificate isn't trusted, so look at it. */
        private function distrust(): string
        {
            $socket = $this->node->believing()->open(new Deadline(self::LIMIT));
            if ($socket instanceof Answer) {
                return 'untrusted';
            }
            try {
                $seen = stream_context_get_options($socket)['ssl']['peer_certificate'];
                $dates = openssl_x509_parse($seen) ?: [];
            } catch (Error) {
                $dates = []; // a host may take functions away
            }
            if (($dates['validTo_time_t'] ?? INF) <= time()) {
                return 'expired';
            }
            return ($dates['validFrom_time_t'] ?? 0) > time() ? 'early' : 'untrusted';
        }

        private function wake(): string
        {
            $deadline = new Deadline(self::LIMIT);
            $wait = $this->node->open($deadline);
            if ($wait instanceof Answer) {
                return 'wake/cut';
            }
            $this->node->request($wait, "GET /{$this->id}?timeout=" . self::HOLD, $deadline);
            $heard = '';
            $early = $this->answer($wait, new Deadline(self::BEFORE), $heard);
            if ($early !== null) {
                return $this->unwoken($early);
            }
            $began = Deadline::now();
            $set = $this->node->open($deadline);
            if ($set instanceof Answer) {
                return $this->untaken(null);
            }
            $this->node->request($set, "POST /{$this->id}", $deadline);
            [$said, $taken, $woken] = ['', null, null];
            do { // both at a time: a set that was refused wakes nobody
                if ($woken === null) {
                    $woken = $this->node->look($wait, $heard);
                    $this->words['millis'] = (int) ceil((Deadline::now() - $began) * 1000);
                }
                $taken = $taken ?? $this->node->look($set, $said);
                $isOver = $taken !== null && ($woken !== null || !$taken->isSet());
            } while (!$isOver && $deadline->nap());
            if ($taken === null || !$taken->isSet()) {
                return $this->untaken($taken);
            }
            if ($woken === null) {
                return 'wake/asleep';
            }
            return $woken->named([$this->id]) !== [] ? 'wake/well' : $this->unwoken($woken);
        }

        private function unwoken(Answer $answer): string
        {
            $this->words['status'] = $answer->status;
            if ($answer->status < 200) {
                return 'wake/cut';
            }
            return $answer->status === 204 ? 'wake/short'
                : ($answer->status < 300 ? 'wake/early' : 'wake/refused');
        }

        private function untaken(?Answer $answer): string
        {
            $status = $answer->status ?? 0;
            $this->words['why'] = $status === 0 ? 'no answer'
                : ($status < 300 ? 'a page answered' : "status $status");
            return 'wake/unset';
        }

        /**
         * @param resource $socket
         * @param string $heard what came of it so far
         */
        private function answer($socket, Deadline $deadline, string &$heard = ''): ?Answer
        {
            do {
                $answer = $this->node->look($socket, $heard);
            } while ($answer === null && $deadline->nap());
            return $answer;
        }

        /** @param resource $socket whose other end has an address of this machine, or hasn't */
        private static function isHere($socket): bool
        {
            $there = preg_replace('/:\d+\z/', '', (string) stream_socket_get_name($socket, true));
            $here = preg_replace('/:\d+\z/', '', (string) stream_socket_get_name($socket, false));
            return $there === $here
                || preg_match('/\A(127\.|\[?::1\b|\[?::ffff:127\.)/i', $there) === 1;
        }

        /** The system's own words in a sentence of Node's. */
        private function reason(Answer $none): string
        {
            $sentence = $none->sentence();
            $start = strpos($sentence, "{$this->node->url}: ");
            return rtrim($start === false ? $sentence
                : substr($sentence, $start + strlen($this->node->url) + 2), '.');
        }
    }
}

if (!class_exists(Findings::class, false)) {
    /**
     * What a doctor has to say, in the words of all clients: spec/doctor.json.
     *
     * @internal
     */
    final class Findings
    {
        public const MARKS = [
            'utf8' => ['ok' => '✓', 'bad' => '✗', 'note' => '!'],
            'other' => ['ok' => 'ok ', 'bad' => 'BAD', 'note' => '!  '],
        ];
        public const CHECKS = ['reached' => 'reached', 'tls' => 'TLS', 'wake' => 'set to wake'];
        public const TRUST = 'openssl.cafile in php.ini, or by SSL_CERT_FILE in the environment';

        /** Of CHECK/KIND: mark, sentence and cure. */
        public const ALL = [
            'reached/well' => ['ok', 'a Doorbell node answers at {url}.', ''],
            'reached/name' => ['bad',
                'the name {host} leads to no address.',
                'Is it spelt right? Does the name server of this machine know it?'],
            'reached/refused' => ['bad',
                'nobody listens at {place}.',
                'Does the node run, and is the port right? A node that listens at 127.0.0.1 '
                . 'is reached from its own machine alone.'],
            'reached/blocked' => ['bad',
                'no connection to {place} in {seconds} s.',
                'A firewall, or a wrong address? Many hosts let their programs out to the '
                . 'ports 80 and 443 only.'],
            'reached/none' => ['bad',
                'no connection to {place}: {why}.',
                'Is there a way from this machine to {host}?'],
            'reached/silent' => ['bad',
                '{place} takes a connection, and gives no answer in {seconds} s.',
                'Does another server listen there, or a proxy that waits for its node?'],
            'reached/cut' => ['bad',
                '{place} hangs up without an answer.',
                'Does it speak TLS? Its URL begins with https: then. Or is it a proxy '
                . 'without its node?'],
            'reached/plain' => ['bad',
                '{place} speaks no TLS.',
                'Give the URL with http: if that is meant, or start the node with '
                . '--tls-cert and --tls-key.'],
            'reached/alien' => ['bad', '{place} speaks no HTTP.', 'Is the port right?'],
            'reached/page' => ['bad',
                'a web page answers at {url}, and no Doorbell node.',
                'Is it the login page of a network, or the application itself? Look at '
                . '{url}/ from this machine.'],
            'reached/login' => ['bad',
                'whoever answers at {url} wants a login, or refuses strangers (status '
                . '{status}).',
                'A node does neither. Have the proxy before it let this machine in.'],
            'reached/redirect' => ['bad',
                '{url} redirects to {to}.',
                'A client of Doorbell follows no redirect. If the node is there, give its '
                . 'URL.'],
            'reached/absent' => ['bad',
                'there is a server and no Doorbell node at {url} (status 404).',
                'Is the path right? Behind a web server it is mostly /doorbell, and by '
                . 'itself a node needs none.'],
            'reached/gateway' => ['bad',
                'a proxy answers at {url}, and does not reach its node (status {status}).',
                'Does the node run, at the address that the proxy has for it?'],
            'reached/full' => ['bad',
                'whoever answers at {url} has no room (status {status}).',
                'Try again in a minute. If it is the node, its log tells why.'],
            'reached/other' => ['bad',
                'another server answers at {url}, and no Doorbell node (status {status}).',
                'Are host, port and path right?'],
            'reached/stale' => ['bad',
                '{url} says that an event is set which nobody has set.',
                'Is a cache in between? A node\'s answers say Cache-Control: no-store, and '
                . 'it must not keep them.'],
            'tls/well' => ['ok', 'the certificate is trusted, and names {host}.', ''],
            'tls/here' => ['ok', 'none, and none is needed: {host} is this machine.', ''],
            'tls/open' => ['note',
                'none: anyone between this machine and {host} can read ids, and set them.',
                'Take https, unless the network between is your own.'],
            'tls/untried' => ['note', 'not tried.', ''],
            'tls/untrusted' => ['bad',
                'this machine does not trust the certificate of {place}.',
                'Has the node the whole chain (fullchain.pem)? A certificate of your own is '
                . 'trusted by {trust}.'],
            'tls/expired' => ['bad',
                'the certificate of {place} has expired.',
                'Renew it: a node takes the new files while it runs. Is the clock of this '
                . 'machine right?'],
            'tls/early' => ['bad',
                'the certificate of {place} is not valid yet.',
                'Is the clock of this machine right?'],
            'tls/name' => ['bad',
                'the certificate of {place} does not name {host}.',
                'Give the URL with a name that it has, or the node a certificate with this '
                . 'one.'],
            'tls/failed' => ['bad',
                'no TLS with {place}: {why}.',
                'Does something in between let no TLS through, or speak another version of '
                . 'it?'],
            'wake/well' => ['ok', '{millis} ms, with a new connection for the set.', ''],
            'wake/untried' => ['note', 'not tried.', ''],
            'wake/early' => ['bad',
                'the wait was answered, and not by the set (status {status}).',
                'Is a cache or a login page in between? Nothing may answer for the node, or '
                . 'keep what it says.'],
            'wake/short' => ['bad',
                'the wait was ended by a "not yet" within {seconds} s.',
                'Does a cache keep what the node says, or a proxy let nothing hang? Or is the '
                . 'node shutting down?'],
            'wake/refused' => ['bad',
                'the wait was refused (status {status}).',
                'With 504 a proxy cuts off what hangs: give it more time. With 429 or 503 the '
                . 'node is full.'],
            'wake/cut' => ['bad',
                'the wait was cut off without an answer.',
                'Does a proxy end requests that hang? Clients ask for 25 s, and go on after '
                . 'that.'],
            'wake/unset' => ['bad',
                'the set was not taken: {why}.',
                'Does what stands in between let a POST through, and to the same node?'],
            'wake/asleep' => ['bad',
                'the event was set, and the wait was not woken in {seconds} s.',
                'Are there two nodes behind this URL? They don\'t know of each other. Or a '
                . 'proxy that holds answers back?'],
        ];

        private const LONGEST_WORD = 200;

        public static function isBad(string $finding): bool
        {
            return self::ALL[$finding][0] === 'bad';
        }

        /**
         * @param array<string, string|int> $words what stands for the words in braces
         * @return list<string> a line, and those of the cure, if there is one: 80 columns at most, but a
         *     longer word stands whole
         */
        public static function lines(string $finding, array $words, bool $isUtf8): array
        {
            [$mark, $sentence, $cure] = self::ALL[$finding];
            $pairs = ['{trust}' => self::TRUST];
            foreach ($words as $name => $word) {
                // A terminal would obey what a stranger says.
                $word = (string) preg_replace('/[^ -~]/', '?', (string) $word);
                $pairs["{{$name}}"] = substr($word, 0, self::LONGEST_WORD);
            }
            $check = self::CHECKS[(string) strstr($finding, '/', true)];
            $line = self::MARKS[$isUtf8 ? 'utf8' : 'other'][$mark] . " $check: $sentence";
            $below = $cure === '' ? '' : "\n    " . wordwrap(strtr($cure, $pairs), 76, "\n    ");
            return explode("\n", strtr($line, $pairs) . $below);
        }
    }
}

// As a script of its own: php doorbell.php doctor NODE. Never of a web server.
if (PHP_SAPI === 'cli') {
    Doctor::script(__FILE__);
}
