<?php
// The page. With ?poll it does the same by long polls inside PHP.

require __DIR__ . '/../counter.php';

$count = (new Counter())->read()['count'];
$node = htmlspecialchars(getenv('DOORBELL'));
$polls = isset($_GET['poll']);
?>
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shared counter</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; --quiet: #6b7076 }
  @media (prefers-color-scheme: dark) { :root { --quiet: #a2a7ad } }
  body { font: 17px/1.5 system-ui, sans-serif; max-width: 38em; margin: 1.2em auto; padding: 0 1em }
  #count { font-size: 6rem; line-height: 1.1; font-variant-numeric: tabular-nums }
  button { font: inherit; font-size: 1.2rem; padding: .5em 1.4em; border-radius: .5em;
    border: 1px solid; cursor: pointer; background: none; color: inherit }
  p, a { color: var(--quiet) }
  pre { font: 13px/1.6 ui-monospace, monospace; background: #8881; border-radius: .5em;
    padding: .8em 1em; min-height: 9em; overflow-x: auto }
</style>
<script src="<?= $node ?>/doorbell.js"></script>
</head>
<body>
<div id="count"><?= $count ?></div>
<button id="add" type="button">one more</button>
<?php if ($polls) { ?>
<p>Each of these pages keeps a worker of Apache’s busy while it waits. There are two workers: open
<a href="?poll">a third window</a> and nothing comes. <a href="./">Back to Doorbell</a></p>
<?php } else { ?>
<p>PHP on Apache with two workers. Open this page in as many windows as you like: all of them wait,
and <a href="server-status">no worker is busy</a>. By <a href="?poll">long polls</a> it ends at the
third.</p>
<?php } ?>
<pre id="dialog" aria-live="off"></pre>
<script>
'use strict';
const dialog = document.getElementById('dialog');
const lines = [];
function say(who, what) {
  lines.push(who.padEnd(18) + what);
  dialog.textContent = lines.slice(-6).join('\n');
}
function show(answer) {
  document.getElementById('count').textContent = answer.count;
}
function short(id) {
  return id.slice(0, 6) + '…';
}

document.getElementById('add').onclick = async () => {
  say('page → PHP', 'one more');
  show(await (await fetch('count.php', {method: 'POST'})).json());
};
<?php if ($polls) { ?>
(async () => {
  let count = <?= $count ?>;
  for (;;) {
    say('page → PHP', 'not ' + count + ' any more?  hangs');
    const answer = await (await fetch('poll.php?after=' + count)).json();
    say('PHP → page', answer.count);
    count = answer.count;
    show(answer);
  }
})();
<?php } else { ?>
new Doorbell('<?= $node ?>').follow('count.php', answer => {
  say('page → PHP', 'what is the count?');
  say('PHP → page', answer.count + ', until ' + short(answer.doorbell) + ' is set');
  say('page → doorbell', 'GET /' + short(answer.doorbell) + '  hangs');
  show(answer);
});
<?php } ?>
</script>
</body>
</html>
