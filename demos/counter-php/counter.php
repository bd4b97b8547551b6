<?php
// The application: a number in SQLite, and with it the event that is set when it changes.

declare(strict_types=1);

use Doorbell\Doorbell;

require __DIR__ . '/doorbell.php'; // php/doorbell.php, uploaded with the rest

final class Counter
{
    private PDO $db;
    private Doorbell $bell;

    public function __construct()
    {
        $this->bell = new Doorbell(getenv('DOORBELL'));
        $this->db = new PDO('sqlite:' . getenv('DATA') . '/counter.db');
        $this->db->setAttribute(PDO::ATTR_TIMEOUT, 2);
        if ($this->db->query('PRAGMA user_version')->fetchColumn() == 0) {
            $this->create();
        }
    }

    /** Count and event by one read, so the event is that of this count. */
    public function read(): array
    {
        return $this->db->query('SELECT count, doorbell FROM counter')->fetch(PDO::FETCH_ASSOC);
    }

    /** Commits the new count with a new event, and then sets the old one. */
    public function add(): void
    {
        $this->db->exec('BEGIN IMMEDIATE');
        $old = $this->read()['doorbell'];
        $this->db->prepare('UPDATE counter SET count = count + 1, doorbell = ?')
            ->execute([Doorbell::newId()]);
        $this->db->exec('COMMIT');
        $this->bell->set($old); // a node that is silent costs a second, and no page
    }

    /** Two first visitors may come at once. */
    private function create(): void
    {
        $this->db->exec('BEGIN IMMEDIATE');
        $this->db->exec('CREATE TABLE IF NOT EXISTS counter (count INTEGER, doorbell TEXT)');
        $isEmpty = 'NOT EXISTS (SELECT * FROM counter)';
        $this->db->prepare("INSERT INTO counter SELECT 0, ? WHERE $isEmpty")
            ->execute([Doorbell::newId()]);
        $this->db->exec('PRAGMA user_version = 1');
        $this->db->exec('COMMIT');
    }
}
