<?php
// Receives Recado's webhooks: checks each signature, takes each event once, answers 204. Nothing to install.
//
// WEBHOOK_SECRET=whsec_… php -S 127.0.0.1:8000 receiver.php
declare(strict_types=1);

const TOLERANCE_SECONDS = 5 * 60;

// Your own work. If it throws, Recado delivers the event again; if it takes long, put it into a queue instead.
function handle(array $event): void
{
    file_put_contents('php://stderr', "{$event['type']} {$event['id']} " . ($event['instance'] ?? '-') . "\n");
}

// Standard Webhooks: HMAC-SHA256 of id, time and the body as it came; two signatures while a secret is changed.
function is_from_recado(string $secret, string $id, string $sentAt, string $signatures, string $body): bool
{
    if (!preg_match('/^\d+$/D', $sentAt) || abs(time() - (int) $sentAt) > TOLERANCE_SECONDS) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $right = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$sentAt.$body", $key, true));
    foreach (explode(' ', $signatures) as $given) {
        if (hash_equals($right, $given)) {
            return true;
        }
    }
    return false;
}

// A file a event, locked while it is worked on. In real life: a table with a unique column, written in the transaction
// that does the work.
function take(string $id, string $body): int
{
    $directory = getenv('WEBHOOK_SEEN') ?: sys_get_temp_dir() . '/recado-webhooks';
    @mkdir($directory, 0700, true);
    $file = fopen($directory . '/' . hash('sha256', $id), 'c+');
    flock($file, LOCK_EX);
    if (stream_get_contents($file) === 'done') {
        return 204;
    }
    try {
        handle(json_decode($body, true, 512, JSON_THROW_ON_ERROR));
    } catch (Throwable $error) {
        error_log('not handled, it will come again: ' . $error->getMessage());
        return 500;
    }
    fwrite($file, 'done');
    return 204;
}

$secret = getenv('WEBHOOK_SECRET') ?: '';
$body = file_get_contents('php://input');
$id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
if ($secret === '') {
    error_log('Set WEBHOOK_SECRET to the secret that Recado showed when the webhook was made.');
    http_response_code(500);
} elseif ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    http_response_code(405);
} elseif (!is_from_recado($secret, $id, $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '', $body)) {
    http_response_code(401);
} else {
    http_response_code(take($id, $body));
}
