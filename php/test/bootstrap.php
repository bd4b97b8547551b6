<?php

declare(strict_types=1);

require_once __DIR__ . '/../doorbell.php';
require_once __DIR__ . '/Process.php';
require_once __DIR__ . '/Fake.php';
require_once __DIR__ . '/DoorbellTestCase.php';

ini_set('error_log', '/dev/null'); // each failure is told there; a test asks a process of its own
