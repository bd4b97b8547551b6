<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

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
