import { describe, expect, test } from "vitest";
import type { ControlPlaneBaseline } from "../../evidence/records.ts";
import {
  judgeHealth,
  judgeLogin,
  judgeSteady,
  judgeUnchanged,
} from "../../operations/control-plane/judge.ts";

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
