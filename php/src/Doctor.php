<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use Error;
use InvalidArgumentException;

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
