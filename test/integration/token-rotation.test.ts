import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partsOfThisRun, World } from "../support/world.ts";

const variable = "OPENCLAW_GATEWAY_TOKEN";

describe("new tokens of all gateways of a group", () => {
  let world: World;
  let [canary, second] = ["", ""];

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create({ stable: images.fixture[1] }, { instances: 2, patience: true });
    [canary = "", second = ""] = world.instances;
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
  });
  afterAll(() => world.destroy());

  async function rotate(name: string, token: string): Promise<void> {
    const argv = ["config", "set", "--secret", "--path", `clawforce:gatewayTokens.${name}`, token];
    const set = await world.pulumi([...argv, ...world.stackFlags()]);
    expect(set.code, set.output).toBe(0);
  }

  const tokenOf = async (name: string) =>
    (await world.inspect(name)).Config.Env.find((each) => each.startsWith(`${variable}=`))?.slice(
      variable.length + 1,
    );
  const tokens = () => Promise.all([canary, second].map(tokenOf));

  it("go to the canary alone, prepared and drilled, and are named in the preview without a value", async () => {
    const old = await tokenOf(second);
    const untouched = await world.identity(second);
    await rotate(canary, "token-1-of-the-canary");
    await rotate(second, "token-1-of-the-second");
    const preview = await world.preview();
    expect(preview.output).toMatch(
      new RegExp(`${canary}: change of settings on .* \\(the value of its token changes\\)`),
    );
    expect(preview.output).toContain(
      `${second}: keeps its settings until ${canary} has passed on its new ones (the value of its token changes)`,
    );
    const before = (await world.records(canary)).filter(({ kind }) => kind === "drill").length;
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect(`${preview.output}${up.output}`).not.toContain("token-1-of");
    expect(await tokens()).toEqual(["token-1-of-the-canary", old]);
    expect(await world.identity(second)).toEqual(untouched);
    expect((await world.records(canary)).filter(({ kind }) => kind === "drill")).toHaveLength(before + 1);
  });

  it("go on in the next update, which changes nothing else", async () => {
    const passed = await world.identity(canary);
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect(await tokens()).toEqual(["token-1-of-the-canary", "token-1-of-the-second"]);
    expect(await world.identity(canary)).toEqual(passed);
    const again = await world.up();
    expect(again.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  });

  it("are one gateway's own change when only that one has a new one", async () => {
    const untouched = await world.identity(canary);
    await rotate(second, "token-2-of-the-second");
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect(await tokens()).toEqual(["token-1-of-the-canary", "token-2-of-the-second"]);
    expect(await world.identity(canary)).toEqual(untouched);
  });
});
