<?php
// Prints doorbell.php: all classes of src/ in one file, for hosts where one is uploaded by hand.
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

$uses = [];
$classes = '';
foreach (['Doorbell', 'Topic', 'DoorbellException', 'Node', 'Answer'] as $class) {
    $source = file_get_contents(__DIR__ . "/src/$class.php");
    [, $code] = explode("namespace Doorbell;\n", $source, 2);
    preg_match_all('/^use .*;$/m', $code, $found);
    $uses = [...$uses, ...$found[0]];
    $classes .= "\n" . ltrim(preg_replace('/^use .*;\n/m', '', $code));
}
sort($uses);

echo <<<'HEAD'
    <?php
    // Doorbell's PHP client, all of it: README.md tells its use. SPDX-License-Identifier: Apache-2.0
    // It runs on PHP 8.0 and later, and needs no extension but what every PHP has (https: openssl).
    // Built by build.php from src/.

    declare(strict_types=1);

    namespace Doorbell;


    HEAD . implode("\n", array_unique($uses)) . "\n" . $classes;
