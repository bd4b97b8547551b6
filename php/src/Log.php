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

    /** @var array<string, int> when this process told it */
    private static array $told = [];

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
        $now = time();
        if ($now - (self::$told[$what] ?? -self::SECONDS) < self::SECONDS) {
            return false;
        }
        self::$told[$what] = $now;
        try {
            return PHP_SAPI === 'cli' || self::isDueToAll($what, $now);
        } catch (Error) {
            return true;
        }
    }

    /** A page's memory ends with it: the time is that of a file, which all pages of a site share. */
    private static function isDueToAll(string $what, int $now): bool
    {
        $file = sys_get_temp_dir() . '/doorbell-' . md5(__DIR__ . getmyuid() . $what);
        clearstatcache();
        $told = @filemtime($file);
        if ($told !== false && abs($now - $told) < self::SECONDS) {
            return false;
        }
        @touch($file);
        return true;
    }
}
