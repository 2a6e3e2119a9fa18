import { describe, expect, test } from "vitest";
import { failedCreate } from "../../platforms/kubernetes/events.ts";

const since = new Date("2026-12-01T10:00:00.400Z");

function event(kind: string, name: string, message: string, lastTimestamp = "2026-12-01T10:00:00Z") {
  return { metadata: { name: "e" }, involvedObject: { kind, name }, message, lastTimestamp };
}

describe("why a controller has no pod", () => {
  const set = { kind: "StatefulSet", name: "bot-a" } as const;

  test("is what it has said last, in one line, since the start", () => {
    const said = [
      event("StatefulSet", "bot-a", "of an hour ago", "2026-12-01T09:00:00Z"),
      event("StatefulSet", "bot-a", "first"),
      event("StatefulSet", "bot-a", "create Pod bot-a-0 failed:\n exceeded quota: pods"),
      event("StatefulSet", "bot-b", "of another one"),
      event("ReplicaSet", "bot-a", "of another kind"),
    ];
    expect(failedCreate(said, set, since)).toBe("create Pod bot-a-0 failed: exceeded quota: pods");
    expect(failedCreate(said.slice(0, 1), set, since)).toBeUndefined();
  });

  test("is said of a Deployment by the set of its name", () => {
    const control = { kind: "Deployment", name: "control-plane" } as const;
    const said = [
      event("ReplicaSet", "control-plane-6d9f7", "exceeded quota"),
      event("ReplicaSet", "control-plane-two-5c7b8", "of another one"),
    ];
    expect(failedCreate(said, control, since)).toBe("exceeded quota");
  });
});
