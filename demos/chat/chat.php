<?php
// The chat's back end in PHP: messages since an id, in SQLite. README.md tells its rules.
// `demos/chat/run php` starts it under PHP's own server; on a shared host it is one upload with
// doorbell.php, page.html, and these four settings in the environment.

declare(strict_types=1);

require_once __DIR__ . '/../../php/doorbell.php';

use Doorbell\Doorbell;

const SCHEMA = <<<'SQL'
    CREATE TABLE IF NOT EXISTS message(
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      who TEXT NOT NULL,
      text TEXT NOT NULL,
      at REAL NOT NULL,
      told INTEGER NOT NULL DEFAULT 0 -- is the event of the version before it set?
    );
    CREATE INDEX IF NOT EXISTS untold ON message(at) WHERE told = 0;
    SQL;
const LONGEST = ['who' => 40, 'text' => 1000]; // characters
const AT_ONCE = 200; // messages in an answer; where there are more, the event that it names is set
const OVERDUE = 1.0; // seconds after which a reader sets what a writer should have set

final class Refused extends Exception
{
}

final class Chat
{
    private PDO $db;
    private Doorbell $bell;

    public function __construct()
    {
        $this->bell = new Doorbell(
            getenv('CHAT_NODE'),
            secret: getenv('CHAT_SECRET'),
            spread: (float) getenv('CHAT_SPREAD')
        );
        $this->db = new PDO('sqlite:' . getenv('CHAT_DATABASE'));
        $this->db->exec('PRAGMA busy_timeout = 5000');
        try {
            $this->db->exec('PRAGMA journal_mode = WAL'); // who reads doesn't hold up who writes
        } catch (PDOException) {
            // Another of the first requests is at it, for which SQLite doesn't wait.
        }
        $this->db->exec(SCHEMA);
    }

    /** New messages after this one? The answer, and in its header the event that tells of more. */
    public function since(int $version): array
    {
        // One statement is one snapshot: the version is that of the messages.
        $messages = $this->rows(
            'SELECT id, who, text FROM message WHERE id > ? ORDER BY id LIMIT ' . AT_ONCE,
            $version
        );
        $overdue = 'SELECT 1 FROM message WHERE told = 0 AND at < ? LIMIT 1';
        if ($this->rows($overdue, microtime(true) - OVERDUE)) {
            $this->tell();
        }
        $version = $messages ? end($messages)['id'] : $version;
        Doorbell::header($this->bell->topic('chat')->at($version)[0]);
        return ['messages' => $messages, 'version' => $version];
    }

    /** A database that was made anew knows less than a page that stayed open. */
    public function check(int $version): void
    {
        if ($version > $this->rows('SELECT max(id) AS last FROM message')[0]['last']) {
            throw new Refused('There is no such message: begin again at 0.', 409);
        }
    }

    public function say(string $who, string $text): void
    {
        $insert = 'INSERT INTO message(who, text, at) VALUES (?, ?, ?)';
        $this->rows($insert, $who, $text, microtime(true)); // and commits
        $this->tell();
    }

    /** Sets the event before each message that is untold; notes that when the node has it. */
    private function tell(): void
    {
        $ids = array_column($this->rows('SELECT id FROM message WHERE told = 0 ORDER BY id'), 'id');
        if (!$ids) {
            return; // another writer did it
        }
        $topic = $this->bell->topic('chat');
        if ($this->bell->setAll(array_map(fn ($id) => $topic->at($id - 1), $ids)) === null) {
            error_log('chat: will be told later: ' . $this->bell->lastError());
            return;
        }
        $this->rows('UPDATE message SET told = 1 WHERE told = 0 AND id <= ?', end($ids));
    }

    private function rows(string $sql, int|float|string ...$values): array
    {
        $statement = $this->db->prepare($sql);
        foreach ($values as $i => $value) {
            $statement->bindValue($i + 1, $value, is_int($value) ? PDO::PARAM_INT : PDO::PARAM_STR);
        }
        $statement->execute();
        return $statement->fetchAll(PDO::FETCH_ASSOC);
    }
}

function number(mixed $text): int
{
    if (!is_string($text) || !preg_match('/\A[0-9]{1,15}\z/', $text)) {
        throw new Refused('since is the number of a message, or 0.', 400);
    }
    return (int) $text;
}

function said(): array
{
    $said = [];
    foreach (LONGEST as $name => $longest) {
        $text = trim(is_string($_POST[$name] ?? null) ? $_POST[$name] : '');
        // The u counts characters, and matches nothing that isn't UTF-8.
        if (!preg_match('/\A.{1,' . $longest . '}\z/su', $text)) {
            throw new Refused("$name has 1 to $longest characters.", 400);
        }
        $said[$name] = $text;
    }
    return $said;
}

function answer(int $status, string $type, array|string $body): void
{
    http_response_code($status);
    header("Content-Type: $type");
    header('Cache-Control: no-store');
    echo is_string($body) ? $body : json_encode($body, JSON_THROW_ON_ERROR);
}

$request = $_SERVER['REQUEST_METHOD'] . ' ' . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
try {
    if ($request === 'GET /') {
        $page = file_get_contents(__DIR__ . '/page.html');
        answer(200, 'text/html; charset=utf-8', str_replace('DOORBELL_URL', getenv('CHAT_NODE'), $page));
    } elseif ($request === 'GET /messages' || $request === 'POST /messages') {
        $since = number($_GET['since'] ?? '0');
        $chat = new Chat();
        $chat->check($since);
        if ($request === 'POST /messages') {
            $chat->say(...said());
        }
        answer(200, 'application/json', $chat->since($since));
    } else {
        throw new Refused('There is GET /, and GET and POST /messages.', 404);
    }
} catch (Refused $refused) {
    $problem = ['status' => $refused->getCode(), 'detail' => $refused->getMessage()];
    answer($refused->getCode(), 'application/problem+json', $problem);
}
