<?php

// Runs the recipe for PDO or Doctrine, pdo.php or doctrine.php, and tells what it saw. A connection
// beside the recipe's sees only what is committed.

declare(strict_types=1);

use Doctrine\DBAL;
use Doctrine\ORM;
use Doorbell\Doorbell;

$recipe = $argv[1];
$file = "$recipe.db";
require __DIR__ . '/../../php/doorbell.php';
require "./$recipe";

// A machine that runs many tests may take longer than a visitor has time.
$bell = new Doorbell('http://127.0.0.1:8080', limit: 60.0);
$beside = new PDO("sqlite:$file");
$beside->exec('CREATE TABLE counter(id INTEGER, count INTEGER CHECK (count < 3), event)');
$beside->prepare('INSERT INTO counter VALUES (1, 0, ?)')->execute([Doorbell::newId()]);

function committed(string $column): mixed
{
    return $GLOBALS['beside']->query("SELECT $column FROM counter")->fetchColumn();
}

function tell(string $when, string $event): void
{
    do {
        @file_get_contents("http://127.0.0.1:8080/$event?timeout=0");
        $status = explode(' ', $http_response_header[0] ?? '')[1] ?? '';
    } while ($status !== '200' && $status !== '204');
    echo $when, ': ', $status === '200' ? 'set' : 'not set', "\n";
}

if (basename($recipe) === 'pdo.php') {
    class Watched extends PDO
    {
        public function commit(): bool
        {
            tell('before the commit', committed('event'));
            return parent::commit();
        }
    }

    $db = new Watched("sqlite:$file");
} else {
    require 'Doctrine/ORM/autoload.php';

    #[ORM\Mapping\Entity]
    class Counter
    {
        #[ORM\Mapping\Id, ORM\Mapping\Column]
        public int $id;

        #[ORM\Mapping\Column]
        public int $count;

        #[ORM\Mapping\Column]
        public string $event;
    }

    class Watched extends DBAL\Connection
    {
        public function commit(): bool
        {
            if ($this->getTransactionNestingLevel() === 1) {
                tell('before the commit', committed('event'));
            }
            return parent::commit();
        }

        public function postFlush(): void
        {
            echo 'committed at postFlush: ', committed('count'), "\n";
        }
    }

    $config = new ORM\Configuration();
    $config->setMetadataDriverImpl(new ORM\Mapping\Driver\AttributeDriver([]));
    $config->setProxyDir(dirname($recipe));
    $config->setProxyNamespace('Proxies');
    $options = ['driver' => 'pdo_sqlite', 'path' => $file, 'wrapperClass' => Watched::class];
    $db = new ORM\EntityManager(DBAL\DriverManager::getConnection($options), $config);
    $db->getEventManager()->addEventListener(ORM\Events::postFlush, $db->getConnection());
}

$event = committed('event');
click($db, $bell);
tell('after the commit', $event);
click($db, new Doorbell('http://127.0.0.1:9'));
echo 'committed, without a node too: ', committed('count'), "\n";
$event = committed('event');
try {
    click($db, $bell);
} catch (PDOException | DBAL\Exception $refused) {
    echo preg_match('/CHECK constraint failed/', $refused->getMessage()) ? '' : $refused;
    tell('after a rollback', $event);
}
