<?php

declare(strict_types=1);

namespace Doorbell\Test;

use Doorbell\Doorbell;
use PDO;

/** What is uploaded, installed, documented and typed. */
final class PackageTest extends DoorbellTestCase
{
    /** All functions that the client calls, each of which PHP 8.0 has: HostTest takes them away. */
    public const FUNCTIONS = 'array_chunk array_filter array_map array_push array_slice array_splice'
        . ' array_unique array_values asort bin2hex ceil class_exists clearstatcache count error_log'
        . ' explode extension_loaded fclose feof fgets file_get_contents fileowner filter_var'
        . ' flush fread function_exists fwrite get_debug_type getenv getmypid hash'
        . ' hash_hmac header hexdec hrtime implode in_array ini_get ini_set intdiv is_array'
        . ' is_float is_int is_object is_string json_decode lstat ltrim max md5 microtime min ob_end_flush'
        . ' ob_get_status openssl_x509_parse posix_geteuid preg_match preg_match_all preg_replace'
        . ' preg_split random_bytes random_int realpath register_shutdown_function rename'
        . ' restore_error_handler rtrim set_error_handler spl_object_id sprintf strcmp stream_context_create'
        . ' stream_context_get_options stream_get_meta_data stream_set_blocking'
        . ' stream_set_chunk_size stream_set_timeout stream_socket_client'
        . ' stream_socket_enable_crypto stream_socket_get_name strlen strncmp strpos strrev'
        . ' strstr strtolower strtotime strtr substr sys_get_temp_dir tempnam time touch trim unlink unpack'
        . ' usleep var_export wordwrap';

    /** What came after it, in a source whose words have one space between them. */
    private const LATER = [
        'readonly' => '/\breadonly\b/',
        'enum' => '/\benum \w/',
        'never' => '/: never\b/',
        'a type that is false alone' => '/function \w+ \([^{;]*\) : (null|true|false) [{;]/',
        'an octal 0o' => '/\b0o/',
        'strlen(...)' => '/\( \.\.\. \)/',
        'final const' => '/\bfinal (\w+ )?const\b/',
        'A&B' => '/\w & [\w\\\\]+ \$/',
        'new in a default' => '/[(,] ([\w?|\\\\]+ )*\$\w+ = new\b/',
        'a constant with a type' => '/\bconst \w+ \w+ =/',
    ];

    private static function root(): string
    {
        return dirname(__DIR__);
    }

    /** @test */
    public function theSourceIsOfPhp80(): void
    {
        self::assertSame([], self::later(file_get_contents(self::root() . '/doorbell.php')));
        self::assertSame([], self::later(file_get_contents(self::root() . '/bin/doorbell')));
    }

    /** @test */
    public function theFileThatIsUploadedIsTheBuildOfTheClasses(): void
    {
        $build = Process::run([PHP_BINARY, self::root() . '/build.php']);
        self::assertSame([0, file_get_contents(self::root() . '/doorbell.php'), ''], $build);
    }

    /** @test */
    public function whatCameAfterPhp80WouldBeFound(): void
    {
        $later = [
            'readonly' => 'class A { public readonly int $a; }',
            'enum' => 'enum A { case B; }',
            'never' => 'abstract class A { abstract function a(): never; }',
            'a type that is false alone' => 'function a(): false { return false; }',
            'an octal 0o' => '$a = 0o17;',
            'strlen(...)' => '$a = strlen(...);',
            'final const' => 'class A { final public const B = 1; }',
            'A&B' => 'function a(A&B $c) {}',
            'new in a default' => 'class A { function b($c, private ?B $d = new B()) {} }',
            'a constant with a type' => 'class A { const int B = 1; }',
            'array_is_list()' => 'if (array_is_list([])) {}',
        ];
        foreach ($later as $what => $source) {
            self::assertSame([$what], self::later("<?php $source"), $source);
        }
    }

    /** @return list<string> */
    private static function later(string $source): array
    {
        $words = '';
        $own = [];
        foreach (token_get_all($source) as $token) {
            [$kind, $text] = is_array($token) ? $token : [0, $token];
            $isText = $kind === T_CONSTANT_ENCAPSED_STRING || $kind === T_ENCAPSED_AND_WHITESPACE;
            if (!in_array($kind, [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT], true)) {
                $words .= $isText ? "'' " : "$text ";
            }
        }
        $isThere = fn (string $pattern) => preg_match($pattern, $words);
        $found = array_keys(array_filter(self::LATER, $isThere));
        preg_match_all('/\bfunction (\w+) \(/', $words, $own);
        $language = ['declare', 'if', 'elseif', 'while', 'for', 'foreach', 'switch', 'catch',
            'function', 'fn', 'exit', 'isset', 'unset', 'array', 'return', 'use'];
        preg_match_all('/(?<!-> |:: |new |[$\w\\\\])([a-z_]\w*) \(/', $words, $calls);
        $known = array_merge(explode(' ', self::FUNCTIONS), $language, $own[1]);
        foreach (array_diff(array_unique($calls[1]), $known) as $unknown) {
            $found[] = "$unknown()";
        }
        return $found;
    }

    /** @test */
    public function noExtensionIsNeeded(): void
    {
        $code = 'require "' . self::root() . '/doorbell.php";'
            . '$bell = new Doorbell\Doorbell($argv[1], limit: 30);'
            . 'echo json_encode($bell->set(Doorbell\Doorbell::newId()));';
        $bare = [PHP_BINARY, '-n', '-d', 'allow_url_fopen=0'];
        $run = Process::run([...$bare, '-r', $code, self::node()]);
        self::assertSame([0, 'true', ''], $run);
    }

    /** @test */
    public function composerFindsNothingToBlame(): void
    {
        $validate = self::composer('validate', '--strict');
        [$code, $out, $error] = Process::run($validate, '', self::root());
        self::assertSame([0, "./composer.json is valid\n"], [$code, $out], $error);
    }

    /** @test */
    public function composerInstallsItOfflineByAPath(): void
    {
        $folder = self::temporaryFolder();
        file_put_contents("$folder/composer.json", json_encode([
            'repositories' => [
                ['type' => 'path', 'url' => self::root(), 'options' => ['symlink' => false]],
                ['packagist.org' => false],
            ],
            'require' => ['doorbell/client' => '*@dev'],
        ]));
        [$code, , $error] = Process::run(self::composer('install', '-o'), '', $folder);
        self::assertSame(0, $code, $error);
        self::assertStringNotContainsStringIgnoringCase('warning', $error);
        $uses = 'require "vendor/autoload.php"; new Doorbell\DoorbellException;'
            . 'echo (new Doorbell\Doorbell("http://x", secret: "s"))->topic("t")->at(1)[0];';
        $id = hash('sha256', hash_hmac('sha256', "t\n1", 's'));
        self::assertSame([0, $id, ''], Process::run([PHP_BINARY, '-r', $uses], '', $folder));
        [$code, $out] = Process::run(['vendor/bin/doorbell', 'derive', 's', 't', '1'], '', $folder);
        self::assertSame([0, $id], [$code, substr($out, 0, 64)]);
    }

    private static function composer(string ...$words): array
    {
        $home = self::temporaryFolder();
        return ['env', "COMPOSER_HOME=$home", 'COMPOSER_ALLOW_SUPERUSER=1',
            'COMPOSER_DISABLE_NETWORK=1', 'composer', '--no-interaction', '--no-ansi', ...$words];
    }

    /** @test */
    public function theCodeOfTheReadmeRuns(): void
    {
        $text = file_get_contents(self::root() . '/README.md');
        self::assertLessThanOrEqual(60, substr_count($text, "\n"), 'one screen');
        preg_match_all('/^```php\n(.*?)^```$/ms', $text, $blocks);
        self::assertCount(1, $blocks[1]);
        $folder = self::temporaryFolder();
        copy(self::root() . '/doorbell.php', "$folder/doorbell.php");
        $id = Doorbell::newId();
        $db = new PDO("sqlite:$folder/counter.db");
        $db->exec("CREATE TABLE counter AS SELECT 6 AS count, '$id' AS event");
        $code = str_replace('http://127.0.0.1:8080', self::node(), $blocks[1][0], $replaced);
        self::assertSame(1, $replaced);
        $run = Process::run([PHP_BINARY, '-d', 'display_errors=stderr', '-r', $code], '', $folder);
        self::assertSame([0, '6', ''], $run);
        [$count, $new] = $db->query('SELECT count, event FROM counter')->fetch(PDO::FETCH_NUM);
        self::assertEquals(7, $count);
        self::assertNotSame($id, $new);
        $bell = new Doorbell(self::node(), null, 5);
        self::assertSame([$id], $bell->waitAny([$id, $new], 0));
    }
}
