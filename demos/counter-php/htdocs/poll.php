<?php
// What Doorbell spares: a long poll inside PHP, which has a worker of Apache's until the count
// isn't ?after=N any more, or LONG_POLL seconds are over.

require __DIR__ . '/../counter.php';

$counter = new Counter();
header('Content-Type: application/json');
header('Cache-Control: no-store');
echo ' ';
flush();
$end = microtime(true) + getenv('LONG_POLL');
while (($now = $counter->read())['count'] == ($_GET['after'] ?? '') && microtime(true) < $end) {
    usleep(50_000);
}
echo json_encode($now);
