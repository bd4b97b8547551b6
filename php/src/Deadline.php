<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

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
