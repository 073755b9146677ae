// Sends events as a feed written in JavaScript does: node sender.mjs <address>, the events as a JSON list on standard input.
// For each event and mode a line of JSON on standard output: mode, status, what was answered.

import { readFileSync } from "node:fs";
import { CloudEvent, HTTP } from "cloudevents";

const address = process.argv[2];
const events = JSON.parse(readFileSync(0, "utf8")).map((attributes) => new CloudEvent(attributes));

async function send(mode, { headers, body }) {
  const answer = await fetch(address, { method: "POST", headers, body });
  console.log(JSON.stringify({ mode, status: answer.status, answer: await answer.json() }));
}

for (const event of events) {
  await send("structured", HTTP.structured(event));
  await send("binary", HTTP.binary(event));
}
// The SDK reads batches and writes none: what it writes of each event stands in a list.
const written = events.map((event) => HTTP.structured(event).body);
const headers = { "content-type": "application/cloudevents-batch+json; charset=utf-8" };
await send("batch", { headers, body: `[${written.join(",")}]` });
