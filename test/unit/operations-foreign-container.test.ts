import { describe, expect, it } from "vitest";
import { describeForeign, foreignContainer } from "../../platforms/docker/foreign-container.ts";

const workload = { stack: "prod", name: "bot" };
const volume = { Type: "volume" as const, Name: "bot-state", Source: "/v/bot-state/_data", RW: true };
const found = {
  image: "gateway:1",
  state: "running",
  mounts: [volume, { ...volume, Name: "read", RW: false }],
};

describe("a container under the name of a workload", () => {
  it("is ours with both labels", () => {
    const labels = { "clawforce.stack": "prod", "clawforce.workload": "bot" };
    expect(foreignContainer(workload, { ...found, labels })).toBeUndefined();
  });

  it.each([
    [{}, "that no stack created"],
    [{ "clawforce.stack": "staging", "clawforce.workload": "bot" }, "that belongs to the stack staging"],
    [{ "clawforce.stack": "prod", "clawforce.workload": "other" }, "that belongs to the stack prod"],
  ])("is told as foreign with %j", (labels, made) => {
    const foreign = foreignContainer(workload, { ...found, labels });
    expect(foreign?.places).toEqual(["the volume bot-state"]);
    const said = describeForeign(workload, foreign as NonNullable<typeof foreign>);
    expect(said).toContain(
      `a container called bot is there ${made} (running; gateway:1; it writes to the volume bot-state). Nothing was touched.`,
    );
    expect(said).toContain(
      "`fleet adopt --stack prod --container bot` prints what the stack file needs for that",
    );
    expect(said).toContain("With `adopt: bot` in the instance, `pulumi up` stops it after a snapshot");
    expect(said).not.toMatch(/remove (it|or)/i);
  });
});
