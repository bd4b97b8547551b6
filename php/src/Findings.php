<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

/**
 * What a doctor has to say, in the words of all clients: spec/doctor.json.
 *
 * @internal
 */
final class Findings
{
    public const MARKS = [
        'utf8' => ['ok' => '✓', 'bad' => '✗', 'note' => '!'],
        'other' => ['ok' => 'ok ', 'bad' => 'BAD', 'note' => '!  '],
    ];
    public const CHECKS = ['reached' => 'reached', 'tls' => 'TLS', 'wake' => 'set to wake'];
    public const TRUST = 'openssl.cafile in php.ini, or by SSL_CERT_FILE in the environment';

    /** Of CHECK/KIND: mark, sentence and cure. */
    public const ALL = [
        'reached/well' => ['ok', 'a Doorbell node answers at {url}.', ''],
        'reached/name' => ['bad',
            'the name {host} leads to no address.',
            'Is it spelt right? Does the name server of this machine know it?'],
        'reached/refused' => ['bad',
            'nobody listens at {place}.',
            'Does the node run, and is the port right? A node that listens at 127.0.0.1 '
            . 'is reached from its own machine alone.'],
        'reached/blocked' => ['bad',
            'no connection to {place} in {seconds} s.',
            'A firewall, or a wrong address? Many hosts let their programs out to the '
            . 'ports 80 and 443 only.'],
        'reached/none' => ['bad',
            'no connection to {place}: {why}.',
            'Is there a way from this machine to {host}?'],
        'reached/silent' => ['bad',
            '{place} takes a connection, and gives no answer in {seconds} s.',
            'Does another server listen there, or a proxy that waits for its node?'],
        'reached/cut' => ['bad',
            '{place} hangs up without an answer.',
            'Does it speak TLS? Its URL begins with https: then. Or is it a proxy '
            . 'without its node?'],
        'reached/plain' => ['bad',
            '{place} speaks no TLS.',
            'Give the URL with http: if that is meant, or start the node with '
            . '--tls-cert and --tls-key.'],
        'reached/alien' => ['bad', '{place} speaks no HTTP.', 'Is the port right?'],
        'reached/page' => ['bad',
            'a web page answers at {url}, and no Doorbell node.',
            'Is it the login page of a network, or the application itself? Look at '
            . '{url}/ from this machine.'],
        'reached/login' => ['bad',
            'whoever answers at {url} wants a login, or refuses strangers (status '
            . '{status}).',
            'A node does neither. Have the proxy before it let this machine in.'],
        'reached/redirect' => ['bad',
            '{url} redirects to {to}.',
            'A client of Doorbell follows no redirect. If the node is there, give its '
            . 'URL.'],
        'reached/absent' => ['bad',
            'there is a server and no Doorbell node at {url} (status 404).',
            'Is the path right? Behind a web server it is mostly /doorbell, and by '
            . 'itself a node needs none.'],
        'reached/gateway' => ['bad',
            'a proxy answers at {url}, and does not reach its node (status {status}).',
            'Does the node run, at the address that the proxy has for it?'],
        'reached/full' => ['bad',
            'whoever answers at {url} has no room (status {status}).',
            'Try again in a minute. If it is the node, its log tells why.'],
        'reached/other' => ['bad',
            'another server answers at {url}, and no Doorbell node (status {status}).',
            'Are host, port and path right?'],
        'reached/stale' => ['bad',
            '{url} says that an event is set which nobody has set.',
            'Is a cache in between? A node\'s answers say Cache-Control: no-store, and '
            . 'it must not keep them.'],
        'tls/well' => ['ok', 'the certificate is trusted, and names {host}.', ''],
        'tls/here' => ['ok', 'none, and none is needed: {host} is this machine.', ''],
        'tls/open' => ['note',
            'none: anyone between this machine and {host} can read ids, and set them.',
            'Take https, unless the network between is your own.'],
        'tls/untried' => ['note', 'not tried.', ''],
        'tls/untrusted' => ['bad',
            'this machine does not trust the certificate of {place}.',
            'Has the node the whole chain (fullchain.pem)? A certificate of your own is '
            . 'trusted by {trust}.'],
        'tls/expired' => ['bad',
            'the certificate of {place} has expired.',
            'Renew it: a node takes the new files while it runs. Is the clock of this '
            . 'machine right?'],
        'tls/early' => ['bad',
            'the certificate of {place} is not valid yet.',
            'Is the clock of this machine right?'],
        'tls/name' => ['bad',
            'the certificate of {place} does not name {host}.',
            'Give the URL with a name that it has, or the node a certificate with this '
            . 'one.'],
        'tls/failed' => ['bad',
            'no TLS with {place}: {why}.',
            'Does something in between let no TLS through, or speak another version of '
            . 'it?'],
        'wake/well' => ['ok', '{millis} ms, with a new connection for the set.', ''],
        'wake/untried' => ['note', 'not tried.', ''],
        'wake/early' => ['bad',
            'the wait was answered, and not by the set (status {status}).',
            'Is a cache or a login page in between? Nothing may answer for the node, or '
            . 'keep what it says.'],
        'wake/short' => ['bad',
            'the wait was ended by a "not yet" within {seconds} s.',
            'Does a cache keep what the node says, or a proxy let nothing hang? Or is the '
            . 'node shutting down?'],
        'wake/refused' => ['bad',
            'the wait was refused (status {status}).',
            'With 504 a proxy cuts off what hangs: give it more time. With 429 or 503 the '
            . 'node is full.'],
        'wake/cut' => ['bad',
            'the wait was cut off without an answer.',
            'Does a proxy end requests that hang? Clients ask for 25 s, and go on after '
            . 'that.'],
        'wake/unset' => ['bad',
            'the set was not taken: {why}.',
            'Does what stands in between let a POST through, and to the same node?'],
        'wake/asleep' => ['bad',
            'the event was set, and the wait was not woken in {seconds} s.',
            'Are there two nodes behind this URL? They don\'t know of each other. Or a '
            . 'proxy that holds answers back?'],
    ];

    private const LONGEST_WORD = 200;

    public static function isBad(string $finding): bool
    {
        return self::ALL[$finding][0] === 'bad';
    }

    /**
     * @param array<string, string|int> $words what stands for the words in braces
     * @return list<string> a line, and those of the cure, if there is one: 80 columns at most, but a
     *     longer word stands whole
     */
    public static function lines(string $finding, array $words, bool $isUtf8): array
    {
        [$mark, $sentence, $cure] = self::ALL[$finding];
        $pairs = ['{trust}' => self::TRUST];
        foreach ($words as $name => $word) {
            // A terminal would obey what a stranger says.
            $word = (string) preg_replace('/[^ -~]/', '?', (string) $word);
            $pairs["{{$name}}"] = substr($word, 0, self::LONGEST_WORD);
        }
        $check = self::CHECKS[(string) strstr($finding, '/', true)];
        $line = self::MARKS[$isUtf8 ? 'utf8' : 'other'][$mark] . " $check: $sentence";
        $below = $cure === '' ? '' : "\n    " . wordwrap(strtr($cure, $pairs), 76, "\n    ");
        return explode("\n", strtr($line, $pairs) . $below);
    }
}
