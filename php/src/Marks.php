<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use Error;

/**
 * When something happened last. A page's memory ends with it, so each mark is also the time of a
 * file, which all pages of a site share.
 *
 * @internal
 */
final class Marks
{
    /** @var array<string, float> when this process saw it, in seconds */
    private static array $seen = [];

    public static function set(string $what): void
    {
        try {
            self::$seen[$what] = microtime(true);
            if (PHP_SAPI !== 'cli') {
                @touch(self::file($what));
            }
        } catch (Error) {
            // A host that takes functions away has the memory of its processes.
        }
    }

    /** In seconds since 1970; 0 where nothing is known of it. */
    public static function last(string $what): float
    {
        $seen = self::$seen[$what] ?? 0.0;
        try {
            if (PHP_SAPI === 'cli') {
                return $seen;
            }
            clearstatcache();
            return max($seen, (float) @filemtime(self::file($what)));
        } catch (Error) {
            return $seen;
        }
    }

    private static function file(string $what): string
    {
        return sys_get_temp_dir() . '/doorbell-' . md5(__DIR__ . getmyuid() . $what);
    }
}
