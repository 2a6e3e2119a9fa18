import { describe, expect, test } from "vitest";
import type { ControlPlaneBaseline } from "../../evidence/records.ts";
import {
  judgeHealth,
  judgeLogin,
  judgeSteady,
  judgeUnchanged,
} from "../../operations/control-plane/judge.ts";
import { curlConfig, responseOf } from "../../operations/control-plane/transport.ts";

describe("the health of a control plane", () => {
  const healthy = { status: "healthy", database: "connected", orchestrator: "connected" };

  test("is passed by its body", () => {
    expect(judgeHealth(healthy)).toEqual({
      passed: true,
      detail: "status=healthy database=connected orchestrator=connected",
    });
  });

  test.each([
    ["status", "unhealthy", '"healthy"'],
    ["database", "disconnected", '"connected"'],
    ["orchestrator", "disconnected", '"connected"'],
  ])("is failed by %s %s", (field, value, wanted) => {
    expect(judgeHealth({ ...healthy, [field]: value })).toEqual({
      passed: false,
      detail: `${field} is "${value}" instead of ${wanted}`,
    });
  });
});

test("a login that gives another user's session fails", () => {
  expect(judgeLogin("admin", { username: "admin" }).passed).toBe(true);
  expect(judgeLogin("admin", { username: "guest" })).toEqual({
    passed: false,
    detail: "logged in as admin, but the session belongs to guest",
  });
});

describe("a control plane after its update", () => {
  const before: ControlPlaneBaseline = {
    instances: [
      { name: "bot-a", status: "running" },
      { name: "bot-b", status: "stopped" },
    ],
    backups: 2,
  };

  test("is unchanged with the same instances in the same states and no backup less", () => {
    const more = { instances: [...before.instances, { name: "bot-c", status: "error" }], backups: 3 };
    expect(judgeUnchanged(before, more)).toEqual({
      passed: true,
      detail: "2 instances as before, 2 backups as before",
    });
  });

  test.each<[Partial<ControlPlaneBaseline>, string]>([
    [{ instances: [{ name: "bot-a", status: "running" }] }, "the instance bot-b is gone"],
    [
      {
        instances: [
          { name: "bot-a", status: "error" },
          { name: "bot-b", status: "running" },
        ],
      },
      "bot-a is error instead of running, bot-b is running instead of stopped",
    ],
    [{ backups: 1 }, "1 backups instead of 2"],
  ])("is changed: %j", (change, detail) => {
    expect(judgeUnchanged(before, { ...before, ...change })).toEqual({ passed: false, detail });
  });

  test("is judged by what was asked for alone", () => {
    const fewer = { ...before, backups: 0 };
    expect(judgeUnchanged(before, fewer, ["instances"])).toEqual({
      passed: true,
      detail: "2 instances as before",
    });
    expect(judgeUnchanged(before, { ...before, instances: [] }, ["backups"]).passed).toBe(true);
  });

  test.each(["creating", "restarting", "stopping", "error", "failed"])(
    "is not to be started while an instance is %s",
    (status) => {
      expect(judgeSteady(before).passed).toBe(true);
      expect(judgeSteady({ ...before, instances: [{ name: "bot-a", status }] })).toEqual({
        passed: false,
        detail: `bot-a is ${status}`,
      });
    },
  );
});

describe("a request through a probe", () => {
  test("keeps its body, its cookie and every quote of them in curl's configuration", () => {
    const config = curlConfig("http://127.0.0.1:8000", {
      method: "POST",
      path: "/api/v1/auth/login",
      headers: { cookie: "session=a", "content-type": "application/json" },
      body: '{"password":"a \\"quoted\\" \\\\ one"}',
      deadline: 5,
    });
    expect(config.split("\n")).toEqual([
      'url = "http://127.0.0.1:8000/api/v1/auth/login"',
      'request = "POST"',
      'header = "cookie: session=a"',
      'header = "content-type: application/json"',
      'header = "expect:"',
      'data-raw = "{\\"password\\":\\"a \\\\\\"quoted\\\\\\" \\\\\\\\ one\\"}"',
      "",
    ]);
  });

  test("has the status, cookies and body of the last answer", () => {
    const text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=1; HttpOnly\r\nset-cookie: b=2\r\n\r\n{}\r\n\r\n";
    expect(responseOf(text)).toEqual({ status: 200, cookies: ["a=1; HttpOnly", "b=2"], body: "{}\r\n\r\n" });
  });

  test("that is answered by something else than HTTP has no answer", () => {
    expect(() => responseOf("SSH-2.0-OpenSSH_9.2\r\n")).toThrow("the answer is not HTTP");
  });
});
