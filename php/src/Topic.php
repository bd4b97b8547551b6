<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use InvalidArgumentException;

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
