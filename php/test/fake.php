<?php

// What Fake.php starts: prints its port, and each request that it got.

declare(strict_types=1);

[, $answers, $certificate] = $argv;
$answers = unserialize(base64_decode($answers));
$context = stream_context_create(['ssl' => ['local_cert' => $certificate]]);
$flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
$server = stream_socket_server('tcp://127.0.0.1:0', $code, $why, $flags, $context);
echo substr(strrchr(stream_socket_get_name($server, false), ':'), 1), "\n";

while (true) {
    $client = @stream_socket_accept($server, 3600);
    if ($client === false) {
        continue;
    }
    $answer = count($answers) > 1 ? array_shift($answers) : $answers[0];
    $tls = STREAM_CRYPTO_METHOD_TLS_SERVER;
    if ($certificate !== '' && $answer !== 'silence') {
        if (!@stream_socket_enable_crypto($client, true, $tls)) {
            continue;
        }
    }
    $request = '';
    do {
        $request .= fread($client, 65536);
        preg_match('/content-length: (\d+)/i', $request, $length);
        $head = strpos($request, "\r\n\r\n");
        $whole = $head !== false && strlen($request) >= $head + 4 + ($length[1] ?? 0);
    } while (!$whole && !feof($client));
    echo base64_encode($request), "\n";
    if ($answer === 'silence') {
        while (!feof($client)) {
            fread($client, 65536);
        }
    } elseif ($answer === 'drip') {
        for ($i = 0; @fwrite($client, substr("HTTP/1.1 200 OK\r\nX: xxxxx", $i, 1) ?: 'x'); $i++) {
            usleep(20_000);
        }
    } else {
        @fwrite($client, $answer);
    }
    fclose($client);
}
