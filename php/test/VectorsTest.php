<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;
use Doorbell\Ids;
use InvalidArgumentException;

/** spec/vectors.json, as every client keeps it. */
final class VectorsTest extends DoorbellTestCase
{
    /** @test */
    public function aNodeTakesEveryValidId(): void
    {
        $bell = new Doorbell(self::node(), null, 10);
        $keys = array_column(self::vectors()['sealed'], 'key', 'id');
        foreach (self::vectors()['ids']['valid'] as ['text' => $id, 'kind' => $kind]) {
            $key = $kind === 'sealed' ? $keys[strtolower($id)] ?? null : null;
            if ($kind !== 'sealed' || $key !== null) {
                self::assertNotNull($bell->set($id, $key), $bell->lastError());
                self::assertSame([$id], $bell->waitAny([$id], 0));
            } else {
                self::assertFalse($bell->wait($id, 0), $id);
            }
        }
    }

    /** @test */
    public function everyInvalidIdIsRefusedHere(): void
    {
        $bell = new Doorbell(self::nobody());
        foreach (self::vectors()['ids']['invalid'] as ['text' => $id, 'why' => $why]) {
            self::assertRefused(fn () => $bell->set($id), 'An event id is ', $why);
            self::assertRefused(fn () => $bell->setAll([$id]), 'An event id is ', $why);
            self::assertRefused(fn () => $bell->setLater($id), 'An event id is ', $why);
            self::assertRefused(fn () => $bell->wait($id, 0), 'An event id is ', $why);
            self::assertRefused(fn () => Doorbell::header($id), 'An event id is ', $why);
        }
    }

    /** @test */
    public function theHeaderIsWrittenByTheOneGrammar(): void
    {
        foreach (self::vectors()['headersWritten'] as $vector) {
            self::assertSame($vector['value'], Ids::waitable($vector['base'], $vector['ids']));
        }
        self::assertSame('/bell/7,8', Ids::waitable('/bell/', ['7', 8]));
        self::assertSame('/7', Ids::waitable('/', ['7']));
        foreach (self::vectors()['headersRefused'] as ['ids' => $ids]) {
            // An int of PHP's is exact beyond 2^53 too.
            if ($ids !== [2 ** 53]) {
                $what = $ids === [] || count($ids) > 64 ? 'A wait is for ' : 'An event id is ';
                self::assertRefused(fn () => Doorbell::header(...$ids), $what, json_encode($ids));
            }
        }
        $bases = ['', 'bell.example', 'ftp://x', 'https://', 'https:///x', 'https://x?y', 'https://x#y',
            'https://u@x', 'https://x/,', "https://x/\r\nY: z", 'https://x/ y'];
        foreach ($bases as $base) {
            self::assertRefused(fn () => Doorbell::headerAt($base, 7), 'Pages find a node at ', $base);
        }
    }

    /** @test */
    public function whatIsNoTextAndNoIntIsNoIdInAnyCall(): void
    {
        $bell = new Doorbell(self::nobody(), 'secret');
        $wrong = [[false, 'false: did the query'], [true, 'true: did the query'], [null, 'null: did the'],
            ['', '"": did the query'], [-1, '-1'], [1.0, '1.0: a float loses digits'], [NAN, 'NAN: a float'],
            [1e25, '1.0E+25: a float'], [['7', '8'], 'array: give its text'],
            [new \ArrayObject(), 'ArrayObject: give its text'],
            [new \SimpleXMLElement('<id>7</id>'), 'SimpleXMLElement: give its text']];
        foreach ($wrong as [$id, $named]) {
            $named = "An event id is a decimal number below 2^128, a UUID or 64 hex digits, not $named";
            $calls = [
                fn () => $bell->set($id),
                fn () => $bell->setAll([[$id, 'k']]),
                fn () => $bell->setLater($id),
                fn () => $bell->wait($id, 0),
                fn () => $bell->waitAny(['7', $id], 0),
                fn () => Doorbell::header($id),
                fn () => Doorbell::header('7', $id),
                fn () => Doorbell::headerAt('https://bell.example', $id),
            ];
            if (!is_array($id)) {
                $calls[] = fn () => $bell->setAll(['7', $id]);
            }
            foreach ($calls as $call) {
                self::assertRefused($call, $named, $named);
            }
            $version = fn () => $bell->topic('t')->at($id);
            self::assertRefused($version, 'A version is a whole number from 0 up, not ', $named);
            if (!is_int($id) && !is_string($id)) {
                self::assertRefused(fn () => $bell->topic($id), "A topic's name is text, not ", $named);
            }
        }
    }

    /** @test */
    public function everyKeySetsItsSealedId(): void
    {
        $bell = new Doorbell(self::node(), null, 10);
        foreach (self::vectors()['sealed'] as ['key' => $key, 'id' => $id]) {
            self::assertNotNull($bell->set($id, $key), $bell->lastError());
            self::assertTrue($bell->wait($id, 0));
        }
    }

    /** @test */
    public function everyValidKeyIsTakenAndEveryInvalidOneIsRefusedHere(): void
    {
        $bell = new Doorbell(self::node(), null, 10);
        foreach (self::vectors()['keys']['valid'] as $key) {
            self::assertNotNull($bell->set(hash('sha256', $key), $key), $bell->lastError());
        }
        foreach (self::vectors()['keys']['invalid'] as ['key' => $key, 'why' => $why]) {
            $set = fn () => $bell->set(hash('sha256', $key), $key);
            self::assertRefused($set, 'A key is 1 to 128 ', $why);
        }
    }

    /** @test */
    public function everyTopicAndVersionHasItsIdAndKey(): void
    {
        foreach (self::vectors()['derived'] as $vector) {
            $topic = (new Doorbell(self::nobody(), $vector['secret']))->topic($vector['topic']);
            $expected = [$vector['id'], $vector['key']];
            self::assertSame($expected, $topic->at($vector['version']));
            if (strlen($vector['version']) < 10) {
                self::assertSame($expected, $topic->at((int) $vector['version']));
            }
        }
    }

    /** @test */
    public function aUuidAndItsDecimalAreOneVariable(): void
    {
        $bell = new Doorbell(self::node(), null, 10);
        foreach (self::vectors()['uuids'] as ['uuid' => $uuid, 'decimal' => $decimal]) {
            self::assertNotNull($bell->set($uuid), $bell->lastError());
            self::assertFalse($bell->set($decimal));
        }
    }

    private static function assertRefused(callable $call, string $start, string $what): void
    {
        try {
            $call();
        } catch (InvalidArgumentException $e) {
            self::assertStringStartsWith($start, $e->getMessage());
            self::assertDoesNotMatchRegularExpression('/[\x00-\x1f\x7f]/', $e->getMessage());
            return;
        }
        self::fail("taken: $what");
    }
}
