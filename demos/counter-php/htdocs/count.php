<?php
// GET: the count and the event that is set when it changes. POST: one more.

require __DIR__ . '/../counter.php';

$counter = new Counter();
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $counter->add();
}
header('Content-Type: application/json');
header('Cache-Control: no-store');
echo json_encode($counter->read());
