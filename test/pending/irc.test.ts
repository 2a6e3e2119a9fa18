import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IrcTalk, ircHost, silences } from "../support/irc-talk.ts";
import { livedIn, openClawWorld } from "../support/lived-in.ts";
import { partsOfThisRun, type World } from "../support/world.ts";

/** Seconds between an answer and the next message. */
const interval = 5;
const bot = "claw";
/** Verified in a channel of its own: two people in one channel can have their messages taken into one turn. */
const irc = { host: ircHost, to: "#check", bot };

/**
 * What people lose of a conversation when their gateway is updated under it: each message is numbered, and the model
 * stand-in answers with its number. IRC itself keeps nothing for who is away, so what is said in a pause is lost.
 */
describe("a conversation in a channel of IRC", () => {
  let world: World;
  let talk: IrcTalk;
  let name: string;
  let before: string;
  let after: string;
  let checks: object[] = [];

  beforeAll(async () => {
    const { openclaw } = (await partsOfThisRun()).images;
    [before, after] = [openclaw["2026.4.15"] ?? "", openclaw["2026.4.23"] ?? ""];
    world = await openClawWorld(before, { rehearses: false, checks: () => checks });
    name = world.instances[0] as string;
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    talk = await IrcTalk.begin(world, "#ops", bot, interval);
    await livedIn(world, { channels: { irc: channel } });
    await talk.answered();
  });
  afterAll(() => world?.destroy());

  it("is taken up again after an update, which a message through that channel has verified", async () => {
    checks = [message("pong 0")];
    await world.configure({ images: { stable: before, candidate: after } });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    expect(update.output).toMatch(/✓ message: "pong 0" by claw_* in #check after /);
    await talk.answered();
  });

  it("fails the verification of an update whose answers are not those that are wanted, and is taken up again", async () => {
    await world.configure({ images: { stable: before } });
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect((await world.inspect(name)).Config.Image).toBe(before);
    await talk.answered();

    checks = [message("something else", "90s")];
    await world.configure({ images: { stable: before, candidate: after } });
    const failed = await world.up();
    expect(failed.code, failed.output).not.toBe(0);
    expect(failed.output).toContain("✗ message: the answer of claw");
    checks = [];
    await world.configure({ images: { stable: before } });
    const again = await world.up();
    expect(again.code, again.output).toBe(0);
    await talk.answered();
  });

  it("had each message answered once, except those of the pauses, and none twice", async () => {
    const { sent, answered, doubled, lost } = await talk.end();
    const numbers = lost.map(({ number }) => number).join(", ");
    console.log(
      `${sent} messages: ${answered} answered, ${doubled.length} twice; lost in pauses: ${numbers}`,
    );
    expect(sent).toBeGreaterThan(10);
    expect(doubled).toEqual([]);
    const pauses = silences(await world.records(name));
    expect(pauses.length).toBeGreaterThanOrEqual(4);
    const elsewhere = lost.filter(({ at }) => !pauses.some(({ began, ended }) => at >= began && at <= ended));
    expect(elsewhere).toEqual([]);
  });

  function message(output: string, deadline = "5m") {
    return { kind: "message", irc, text: "message 0", output, deadline, interval: "60s" };
  }
});

const channel = {
  ...{ enabled: true, host: ircHost, port: 6667, tls: false, nick: bot, channels: ["#ops", "#check"] },
  ...{ dmPolicy: "open", allowFrom: ["*"], groupPolicy: "open" },
  groups: { "#ops": { requireMention: false }, "#check": { requireMention: false } },
};
