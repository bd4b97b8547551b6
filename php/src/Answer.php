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
