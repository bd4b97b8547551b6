<?php

// A page for tests: names an event, sets it now or later, and prints until its very end.

require __DIR__ . '/../doorbell.php';

// As frameworks have it, but deaf to the operator @.
set_error_handler(fn ($level, $text, $file, $line) => throw new ErrorException($text, 0, $level, $file, $line));

$bell = new Doorbell\Doorbell($_GET['node'], null, 3);
$bell->header($_GET['id']);
if (isset($_GET['now'])) {
    $bell->set($_GET['id']);
    exit('page, the end');
}
$bell->setLater($_GET['id']);
$bell->setLater(...Doorbell\Doorbell::newSealed());
register_shutdown_function(fn () => print('the end'));
ob_start();
echo 'page, ';
