// SPDX-License-Identifier: Apache-2.0
//
// A client as an application in JavaScript would write it: the openai package
// talks to the server, ethers judges the signature.
//   node client.mjs BASE_URL TOKEN MODEL [stream]
// Prints one JSON object: the id, the text, the receipt, and who signed.
import OpenAI from "openai";
import { createHash } from "node:crypto";
import { verifyMessage } from "ethers";

const [base, token, model, mode] = process.argv.slice(2);
const sha256 = (data) => createHash("sha256").update(data).digest("hex");

// Takes note of the exact bytes each way, below the openai package.
const wire = { request: null, response: null, requestId: null };
async function noting(url, init) {
  wire.request = init.body ?? null;
  const reply = await fetch(url, init);
  wire.requestId = reply.headers.get("x-request-id");
  wire.response = reply.clone().arrayBuffer();
  return reply;
}

const client = new OpenAI({
  baseURL: base + "/v1",
  apiKey: token,
  maxRetries: 0,
  fetch: noting,
});
const messages = [{ role: "user", content: "Say grüß dich, 你好 ☕" }];

let id, text;
if (mode === "stream") {
  text = "";
  const stream = await client.chat.completions.create({ model, messages, stream: true });
  for await (const chunk of stream) {
    id = chunk.id;
    text += chunk.choices[0]?.delta?.content ?? "";
  }
} else {
  const answer = await client.chat.completions.create({ model, messages });
  id = answer.id;
  text = answer.choices[0].message.content;
}

const request = sha256(wire.request);
const response = sha256(Buffer.from(await wire.response));
const reply = await fetch(`${base}/v1/signature/${encodeURIComponent(id)}`, {
  headers: { Authorization: `Bearer ${token}` },
});
const receipt = await reply.json();
console.log(JSON.stringify({
  id,
  text,
  status: reply.status,
  requestId: wire.requestId,
  receipt,
  hashesAgree: receipt.text === `${request}:${response}`,
  signer: verifyMessage(receipt.text, receipt.signature),
}));
