<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use InvalidArgumentException;

/**
 * The texts of ids and keys, and what is refused as one.
 *
 * @internal
 */
final class Ids
{
    /** A node refuses more of them in a wait. */
    private const MOST = 64;

    private const HEX = '/\A(?:[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\z/i';
    private const LARGEST = '340282366920938463463374607431768211455';

    /** The id as text. PHP would make 0 of false, which is an id, and which is then set for good. */
    public static function one(mixed $id): string
    {
        $text = is_int($id) || is_string($id) ? (string) $id : '';
        $number = ltrim($text, '0');
        $isNumber = preg_match('/\A[0-9]{1,39}\z/', $text)
            && (strlen($number) < 39 || strcmp($number, self::LARGEST) <= 0);
        if ($isNumber || preg_match(self::HEX, $text)) {
            return $text;
        }
        throw new InvalidArgumentException(
            'An event id is a decimal number below 2^128, a UUID or 64 hex digits, not '
            . self::named($id) . '.'
        );
    }

    /** @return list<string> */
    public static function some(iterable $ids): array
    {
        $some = [];
        foreach ($ids as $id) {
            $some[] = self::one($id);
        }
        $some = array_values(array_unique($some, SORT_STRING));
        if ($some === [] || count($some) > self::MOST) {
            throw new InvalidArgumentException(
                'A wait is for 1 to ' . self::MOST . ' ids, not ' . count($some) . '.'
            );
        }
        return $some;
    }

    /** The id, where the key is the one that it needs. */
    public static function settable(mixed $id, mixed $key): string
    {
        $id = self::one($id);
        if ($key !== null && !is_string($key)) {
            $what = get_debug_type($key);
            throw new InvalidArgumentException("A key is text, not of the type $what.");
        }
        if ($key !== null && !preg_match('/\A[!-~]{1,128}\z/', $key)) {
            throw new InvalidArgumentException(
                'A key is 1 to 128 printable ASCII characters without spaces.'
            );
        }
        if (strlen($id) === 64 && hash('sha256', (string) $key) !== strtolower($id)) {
            throw new InvalidArgumentException(
                "The id $id is sealed: "
                . ($key === null ? 'it is set by its key.' : 'the key is not the one of this id.')
            );
        }
        return $id;
    }

    /** The value of the header Doorbell-Wait, and of a JSON field that says the same. */
    public static function waitable(?string $base, iterable $ids): string
    {
        $ids = implode(',', self::some($ids));
        if ($base === null) {
            return $ids;
        }
        $url = '~\A(?!\z)(?:https?://[a-z0-9._:\[\]-]+)?(?:/[!"$-+\-->@-\~]*)?\z~i';
        if (!preg_match($url, $base)) {
            throw new InvalidArgumentException(
                'Pages find a node at an http or https URL or a path, without user, query and comma,'
                . ' not at "' . Answer::line($base, 200) . '".'
            );
        }
        return rtrim($base, '/') . "/$ids";
    }

    /** The value as an error names it, and where to look. */
    public static function named(mixed $value): string
    {
        if (is_string($value) && $value !== '') {
            return '"' . Answer::line($value, 80) . '"';
        }
        if (is_int($value)) {
            return (string) $value;
        }
        if (is_float($value)) {
            return var_export($value, true) . ': a float loses digits, so keep it as text';
        }
        if (is_array($value) || is_object($value)) {
            return get_debug_type($value) . ': give its text';
        }
        $name = $value === null ? 'null' : ($value === '' ? '""' : var_export($value, true));
        return "$name: did the query find a row?";
    }
}
