<?php

// What Fake.php starts: prints its port, and each request that it got, after the number of its
// connection.

declare(strict_types=1);

[, $answers, $certificate, $late] = $argv;
$answers = unserialize(base64_decode($answers));
$context = stream_context_create(['ssl' => ['local_cert' => $certificate]]);
$flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
$server = stream_socket_server('tcp://127.0.0.1:0', $code, $why, $flags, $context);
echo substr(strrchr(stream_socket_get_name($server, false), ':'), 1), "\n";

function readRequest($client): string
{
    stream_set_blocking($client, false); // a read that blocks doesn't see what TLS has read ahead
    $request = '';
    do {
        $some = (string) fread($client, 65536);
        $request .= $some;
        usleep($some === '' ? 500 : 0);
        preg_match('/content-length: (\d+)/i', $request, $length);
        $head = strpos($request, "\r\n\r\n");
        $whole = $head !== false && strlen($request) >= $head + 4 + ($length[1] ?? 0);
    } while (!$whole && !($some === '' && stream_get_meta_data($client)['eof']));
    stream_set_blocking($client, true);
    return $request;
}

$held = [];
for ($connection = 1; ; $connection++) {
    $client = @stream_socket_accept($server, 3600);
    if ($client === false) {
        continue;
    }
    if ($answers[0] === 'slam') {
        fclose($client);
        continue;
    }
    usleep((int) $late * 1000);
    if ($certificate !== '' && $answers[0] !== 'silence') {
        if (!@stream_socket_enable_crypto($client, true, STREAM_CRYPTO_METHOD_TLS_SERVER)) {
            continue;
        }
    }
    do {
        $request = readRequest($client);
        if ($request === '') {
            break; // a kept connection that wasn't asked again
        }
        $answer = count($answers) > 1 ? array_shift($answers) : $answers[0];
        usleep((int) $late * 1000);
        if ($answer === 'hold') {
            $held[] = $client;
            continue 2;
        }
        $isKept = is_array($answer);
        foreach ($isKept ? $answer : [$answer] as $i => $part) {
            usleep($i > 0 ? 100_000 : 0);
            if ($part === 'silence') {
                while (!feof($client)) {
                    fread($client, 65536);
                }
            } elseif ($part === 'drip') {
                $bytes = "HTTP/1.1 200 OK\r\nX: " . str_repeat('x', 250); // for 5 s
                for ($j = 0; $j < strlen($bytes) && @fwrite($client, $bytes[$j]); $j++) {
                    usleep(20_000);
                }
            } else {
                @fwrite($client, $part);
            }
        }
        // After the answer, since a long one is written only as it is read.
        echo $connection, ' ', base64_encode($request), "\n";
    } while ($isKept);
    fclose($client);
}
