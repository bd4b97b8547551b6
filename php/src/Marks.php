<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use Error;

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
