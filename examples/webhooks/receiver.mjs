// Receives Recado's webhooks: checks each signature, takes each event once, answers 204. Nothing to install.
//
// WEBHOOK_SECRET=whsec_… PORT=8000 node receiver.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const TOLERANCE_SECONDS = 5 * 60;
const LARGEST_BODY = 10 * 1024 * 1024;
const REMEMBERED = 10_000;

// Your own work. If it throws, Recado delivers the event again; if it takes long, put it into a queue instead.
async function handle(event) {
  console.log(`${event.type} ${event.id} ${event.instance ?? "-"}`);
}

// Standard Webhooks: HMAC-SHA256 of id, time and the body as it came; two signatures while a secret is changed.
function isFromRecado(secret, headers, body) {
  const sentAt = headers["webhook-timestamp"] ?? "";
  if (!/^\d+$/.test(sentAt) || Math.abs(Date.now() / 1000 - Number(sentAt)) > TOLERANCE_SECONDS) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const right = createHmac("sha256", key).update(`${headers["webhook-id"] ?? ""}.${sentAt}.`).update(body).digest();
  return (headers["webhook-signature"] ?? "").split(" ").some((one) => {
    const given = Buffer.from(one.replace(/^v1,/, ""), "base64");
    return one.startsWith("v1,") && given.length === right.length && timingSafeEqual(given, right);
  });
}

async function bodyOf(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > LARGEST_BODY) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

// In real life: a table with a unique column, written in the transaction that does the work.
const seen = new Map();

function take(id, body) {
  if (!seen.has(id)) {
    // The promise is remembered, so that a second delivery waits for the first one instead of doing its work again.
    const done = Promise.resolve()
      .then(() => handle(JSON.parse(body.toString("utf8"))))
      .then(() => 204)
      .catch((error) => {
        seen.delete(id);
        console.error("not handled, it will come again:", error);
        return 500;
      });
    seen.set(id, done);
    if (seen.size > REMEMBERED) seen.delete(seen.keys().next().value);
  }
  return seen.get(id);
}

const secret = process.env.WEBHOOK_SECRET;
if (!secret) {
  console.error("Set WEBHOOK_SECRET to the secret that Recado showed when the webhook was made.");
  process.exit(1);
}
const server = createServer(async (request, response) => {
  const body = await bodyOf(request);
  let status = 413;
  if (request.method !== "POST") status = 405;
  else if (body !== null) {
    status = isFromRecado(secret, request.headers, body) ? await take(request.headers["webhook-id"], body) : 401;
  }
  response.writeHead(status).end();
});
server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
