// A stand-in for a provider of language models, as real gateways know them: the part of OpenAI's API that a turn needs.
// It answers "pong", and the number of a message that has one ("message 7"); the model says how: `broken` with an error, `silent` never, every other one at once.
import { createServer } from "node:http";

const port = Number(process.env.MODEL_SERVER_PORT ?? 8080);

createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  if (request.url === "/healthz") return json(response, 200, { ok: true, standIn: "model server" });
  if (request.method !== "POST" || !request.url.endsWith("/chat/completions")) {
    return json(response, 404, {
      error: { message: `the stand-in has no ${request.method} ${request.url}` },
    });
  }
  const { model, stream, messages = [] } = JSON.parse(text);
  const asked = JSON.stringify(messages.findLast(({ role }) => role === "user")?.content ?? "");
  const number = [...asked.matchAll(/message (\d+)/g)].at(-1)?.[1];
  const answer = number === undefined ? "pong" : `pong ${number}`;
  console.log(`turn by ${model}: ${answer}`);
  if (model === "silent") return;
  if (model === "broken") return json(response, 503, { error: { message: "the model is overloaded" } });
  const usage = { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 };
  const common = { id: "turn-1", created: 0, model };
  if (stream !== true) {
    const choice = { index: 0, message: { role: "assistant", content: answer }, finish_reason: "stop" };
    return json(response, 200, { ...common, object: "chat.completion", choices: [choice], usage });
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (data) =>
    response.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
  const chunk = (delta, finish_reason) => ({
    ...common,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason }],
  });
  send(chunk({ role: "assistant", content: answer }, null));
  send({ ...chunk({}, "stop"), usage });
  send("[DONE]");
  response.end();
}).listen(port, "0.0.0.0", () => console.log(`[model server] stand-in, listening on ${port}`));

function json(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
