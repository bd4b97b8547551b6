<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use Error;

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
