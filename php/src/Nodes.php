<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use InvalidArgumentException;

/**
 * The nodes that a Doorbell may ask: one, or several that share a store, of which each takes any
 * set. The one that failed longest ago comes first, so all pages stay at one that works, and their
 * kept connections are few; who failed just now comes last. That is remembered as Marks are, so a
 * node that hangs costs its share of the time to one page, and not to each.
 *
 * @internal
 */
final class Nodes
{
    /** @var non-empty-array<string, Node> by their places */
    private array $nodes = [];

    /**
     * @param mixed $urls a URL, or a list of them
     * @param mixed $addresses an IP address or none; of several nodes a list, in the same order
     */
    public function __construct(
        mixed $urls,
        mixed $addresses,
        #[\SensitiveParameter]
        ?string $token
    ) {
        $addresses = $addresses === null ? [] : self::several('address', $addresses);
        $urls = self::several('node', $urls);
        if ($urls === []) {
            throw new InvalidArgumentException('Give the URL of a node, or of several.');
        }
        if ($addresses !== [] && count($addresses) !== count($urls)) {
            throw new InvalidArgumentException('Give an address for each node, or for none.');
        }
        foreach ($urls as $i => $url) {
            $node = new Node($url, $addresses[$i] ?? null, $token);
            $this->nodes[$node->place] ??= $node; // who is named twice has one turn
        }
    }

    /** @return non-empty-list<Node> in the order in which they are to be tried */
    public function inOrder(): array
    {
        if (count($this->nodes) === 1) {
            return array_values($this->nodes);
        }
        $failed = array_map(static fn (Node $node) => Marks::last($node->place), $this->nodes);
        asort($failed); // those that are equal stay as they were given
        $nodes = [];
        foreach ($failed as $place => $when) {
            $nodes[] = $this->nodes[$place];
        }
        return $nodes;
    }

    /** That node comes last from now on. */
    public function failed(Node $node): void
    {
        if (count($this->nodes) > 1) {
            Marks::set($node->place);
        }
    }

    /** Tells PHP's error log what is tried again, or at the next node. */
    public function log(Node $node, Answer $answer): void
    {
        Log::tell($node->place, $answer->kind(), $this->told([$node->place => $answer]));
    }

    /**
     * Of each node that was tried, why nothing came of it; of a single one, its own sentence.
     *
     * @param non-empty-array<string, Answer> $answers by the places of their nodes
     */
    public function told(array $answers): string
    {
        $sentences = [];
        foreach ($answers as $place => $answer) {
            if (count($this->nodes) === 1) {
                return $answer->sentence();
            }
            $sentences[] = self::sentence($this->nodes[$place]->title, $answer);
        }
        return implode('; ', $sentences) . '.';
    }

    /** Tells them all from any others. */
    public function name(): string
    {
        return implode(' ', array_map(static fn (Node $node) => $node->place, $this->nodes));
    }

    private static function sentence(string $title, Answer $answer): string
    {
        $sentence = rtrim($answer->sentence(), '.');
        return strpos($sentence, $title) === false ? "$title: $sentence" : $sentence;
    }

    /** @return list<string> */
    private static function several(string $what, mixed $given): array
    {
        $several = is_array($given) ? array_values($given) : [$given];
        foreach ($several as $one) {
            if (!is_string($one)) {
                $type = get_debug_type($one);
                throw new InvalidArgumentException("Each $what is text, not of the type $type.");
            }
        }
        return $several;
    }
}
