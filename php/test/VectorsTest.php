<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;
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
