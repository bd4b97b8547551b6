<?php
// Prints doorbell.php: all classes of src/ in one file, for hosts where one is uploaded by hand.
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

const CLASSES =
    ['Doorbell', 'Topic', 'DoorbellException', 'Ids', 'Nodes', 'Node', 'Answer', 'Deadline', 'Log',
        'Marks', 'Doctor', 'Findings'];

$uses = [];
$classes = '';
foreach (CLASSES as $class) {
    $source = file_get_contents(__DIR__ . "/src/$class.php");
    [, $code] = explode("namespace Doorbell;\n", $source, 2);
    preg_match_all('/^use .*;$/m', $code, $found);
    $uses = [...$uses, ...$found[0]];
    $code = trim(preg_replace('/^use .*;\n/m', '', $code));
    $code = preg_replace('/^(?=.)/m', '    ', $code);
    $classes .= "\nif (!class_exists($class::class, false)) {\n$code\n}\n";
}
sort($uses);

echo <<<'HEAD'
    <?php
    // Doorbell's PHP client, all of it: README.md tells its use. SPDX-License-Identifier: Apache-2.0
    // It runs on PHP 8.0 and later, and needs no extension but what every PHP has (https: openssl).
    // Built by build.php from src/.

    declare(strict_types=1);

    namespace Doorbell;


    HEAD . implode("\n", array_unique($uses)) . <<<'FIRST'


    // Where an application holds several copies, the first one stands. PHP would take a class that
    // stands by itself as soon as it reads the file, so each is in a condition.
    if (class_exists(Doorbell::class, false)) {
        return;
    }

    FIRST . $classes . <<<'LAST'

    // As a script of its own: php doorbell.php doctor NODE. Never of a web server.
    if (PHP_SAPI === 'cli') {
        Doctor::script(__FILE__);
    }

    LAST;
