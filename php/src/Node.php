<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use Error;
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
