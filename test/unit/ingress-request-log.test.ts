import { expect, test } from "vitest";
import { cutRequests } from "../../platforms/proxies/kamal/request-log.ts";

const facts = {
  service: "a",
  address: "a:18789",
  since: "2026-11-21T12:00:00.000Z",
  until: "2026-11-21T12:00:10.000Z",
};

const line = (entry: Record<string, unknown>) => JSON.stringify({ level: "INFO", ...entry });

test("counts the WebSockets and requests that were cut while one service was held, and no others", async () => {
  const request = { msg: "Request", service: "a", status: 101 };
  const cancelled = { msg: "Request cancelled due to draining", target: "a:18789" };
  const log = [
    line({ ...request, time: "2026-11-21T12:00:01.123456789Z" }),
    line({ ...request, time: "2026-11-21T12:00:01.2Z" }),
    line({ ...request, time: "2026-11-21T11:59:59.9Z" }),
    line({ ...request, time: "2026-11-21T12:00:10.1Z" }),
    line({ ...request, service: "b", time: "2026-11-21T12:00:02Z" }),
    line({ ...request, status: 200, time: "2026-11-21T12:00:02Z" }),
    line({ ...cancelled, time: "2026-11-21T12:00:03Z" }),
    line({ ...cancelled, target: "b:18789", time: "2026-11-21T12:00:03Z" }),
    "panic: no JSON",
    "null",
    "",
  ];
  async function* lines() {
    for (const text of log) yield { time: new Date(), text };
  }
  expect(await cutRequests(lines(), facts)).toEqual({ webSockets: 2, requests: 1 });
});
