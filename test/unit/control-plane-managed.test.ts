import { describe, expect, test } from "vitest";
import { shortfallOf } from "../../lifecycle/managed/roll.ts";
import { imageStatement } from "../../platforms/clawforce/database.ts";
import { managingControlPlane } from "../../platforms/clawforce/recognise.ts";
import type { ManagedState } from "../../platforms/control-plane.ts";
import { MemoryPlatform } from "../../platforms/memory/platform.ts";
import type { Unit } from "../../platforms/platform.ts";

describe("a container", () => {
  test.each(["clawforce", "claworc"])("that %s made is recognised by its labels", (manager) => {
    const labels = { "managed-by": manager, instance: "bot-a" };
    expect(managingControlPlane(labels)).toBe(manager);
  });

  test.each([{}, { instance: "bot-a" }, { "managed-by": "pulumi", instance: "bot-a" }])(
    "with the labels %j is nobody's instance",
    (labels) => {
      expect(managingControlPlane(labels)).toBeUndefined();
    },
  );
});

describe("the statement that sets an image", () => {
  test("names the instance and ends with the number of rows", () => {
    expect(imageStatement("bot-a", "registry:5000/agent:1@sha256:ab").split("\n")).toEqual([
      ".timeout 10000",
      "BEGIN IMMEDIATE;",
      "UPDATE instances SET container_image = 'registry:5000/agent:1@sha256:ab' WHERE name = 'bot-a';",
      "SELECT changes();",
      "COMMIT;",
      "",
    ]);
    expect(imageStatement("bot-a", null)).toContain("container_image = NULL WHERE");
  });

  test.each(["agent:1'; DROP TABLE instances; --", "", "agent 1", "agent:1\n.shell true"])(
    "refuses the image %j",
    (image) => {
      expect(() => imageStatement("bot-a", image)).toThrow(
        `${JSON.stringify(image)} is not an image reference.`,
      );
    },
  );

  test.each(["bot-a' OR '1'='1", "", "Bot", "bot-a\n.quit"])("refuses the instance %j", (instance) => {
    expect(() => imageStatement(instance, null)).toThrow(
      `${JSON.stringify(instance)} is not the name of an instance.`,
    );
  });
});

describe("an instance", () => {
  const wanted = { reference: "agent:2@sha256:cd", imageId: "sha256:22" };
  const container = new MemoryPlatform().run("bot-a", wanted.reference, { imageId: wanted.imageId });
  const state: ManagedState = {
    status: "running",
    containerImage: wanted.reference,
    liveImageInfo: `${wanted.reference} (sha256:22)`,
    container,
  };

  test("serves an image when the control plane and the host both say so", () => {
    expect(shortfallOf(state, wanted)).toBeUndefined();
    expect(shortfallOf({ ...state, container: { ...container, health: undefined } }, wanted)).toBeUndefined();
  });

  test.each<[string, Partial<ManagedState>, Partial<Unit>, string]>([
    [
      "has no container",
      { container: undefined },
      {},
      "it has no container (the control plane says: running)",
    ],
    ["really runs another image", {}, { imageId: "sha256:11", image: "agent:1" }, "it runs agent:1"],
    [
      "is shown with another image",
      { liveImageInfo: "agent:1 (sha256:11)" },
      {},
      "the control plane shows the image agent:1 (sha256:11)",
    ],
    ["has ended", {}, { running: false, exitCode: 78 }, "its container ended with exit code 78"],
    ["is not healthy yet", {}, { health: "starting" }, "its container is starting"],
    ["is being restarted", { status: "restarting" }, {}, "the control plane says restarting"],
  ])("that %s does not serve it", (_, change, changed, why) => {
    expect(shortfallOf({ ...state, container: { ...container, ...changed }, ...change }, wanted)).toBe(why);
  });
});
