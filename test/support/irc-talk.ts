import type Docker from "dockerode";
import { stepsOf } from "../../fleet/move-steps.ts";
import { recordedMoves } from "../../fleet/recorded-moves.ts";
import type { EvidenceRecord } from "../../lifecycle/evidence/records.ts";
import { oneShotLabel } from "../../platforms/docker/one-shot.ts";
import { dockerCommand } from "./docker-command.ts";
import { until, type World } from "./world.ts";
import { networkOf } from "./world-settings.ts";

/** The name of the server in the world's network. */
export const ircHost = "irc.test";

/** One person in one channel: says numbered messages, and prints what it says and hears. Ends its talk at SIGUSR1. */
const person = `
const [host, channel, interval] = process.argv.slice(1);
const print = (what) => console.log(JSON.stringify({ ...what, at: Date.now() }));
const socket = require("node:net").createConnection({ host, port: 6667 });
const write = (line) => socket.write(line + "\\r\\n");
// A server that has only just been started refuses at first.
socket.on("error", () => setTimeout(() => socket.connect({ host, port: 6667 }), 200));
socket.on("connect", () => {
  write("NICK person");
  write("USER person 0 * :somebody who talks to the gateway");
});
let number = 0;
let timer;
const say = () => { number += 1; write("PRIVMSG " + channel + " :message " + number); print({ said: number }); };
process.on("SIGUSR1", () => clearInterval(timer));
let rest = "";
socket.on("data", (chunk) => {
  rest += chunk;
  const lines = rest.split("\\r\\n");
  rest = lines.pop();
  for (const line of lines) {
    const [prefix, command, target] = line.split(" ");
    if (prefix === "PING") write("PONG " + command);
    if (command === "001") write("JOIN " + channel);
    if (command === "366") timer ??= setInterval(say, interval * 1000);
    if (command === "PRIVMSG" && target === channel) {
      print({ heard: line.slice(line.indexOf(" :") + 2), by: prefix.slice(1).split("!")[0] });
    }
  }
});
`;

interface Said {
  number: number;
  /** Milliseconds since 1970. */
  at: number;
  answers: number;
}

interface Talked {
  sent: number;
  answered: number;
  /** Answered more than once. */
  doubled: Said[];
  /** Never answered. */
  lost: Said[];
}

/** A server of IRC and a person in a channel of it, in the world's network; the world removes both. */
export class IrcTalk {
  readonly #person: Docker.Container;
  readonly #bot: string;

  private constructor(person: Docker.Container, bot: string) {
    this.#person = person;
    this.#bot = bot;
  }

  /** @param interval - seconds between two messages. */
  static async begin(world: World, channel: string, bot: string, interval: number): Promise<IrcTalk> {
    const { irc, fixture } = world.parts.images;
    if (irc === undefined) throw new Error("no server of IRC is among the parts: run `npm run test:pending`");
    const network = networkOf(world.stack);
    const make = async (of: string, options: Docker.ContainerCreateOptions) => {
      const container = await world.docker.createContainer({
        ...options,
        name: `${world.stack}-${of}`,
        Healthcheck: { Test: ["NONE"] },
        Labels: { [oneShotLabel]: `${world.stack}-${of}` },
        HostConfig: { NetworkMode: network, Init: true },
      });
      await container.start();
      return container;
    };
    await make("irc-server", {
      Image: irc,
      NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [ircHost] } } },
    });
    const talker = await make("person", {
      ...{ Image: fixture[1], Entrypoint: [] },
      Cmd: ["node", "-e", person, ircHost, channel, String(interval)],
    });
    return new IrcTalk(talker, bot);
  }

  /** Returns once a message that is said from now on was answered. */
  async answered(seconds = 600): Promise<void> {
    const now = Date.now();
    const look = async () => (await this.#all()).some(({ at, answers }) => at >= now && answers > 0);
    await until("a message is answered", look, seconds);
  }

  /** Says nothing more, and waits for the answers that are still to come. */
  async end(): Promise<Talked> {
    await this.#person.kill({ signal: "SIGUSR1" });
    // The last one may be among those that are lost.
    const last = async () => ((await this.#all()).at(-1)?.answers ?? 1) > 0;
    await until("the last message is answered", last, 120).catch(() => {});
    const all = await this.#all();
    return {
      sent: all.length,
      answered: all.filter(({ answers }) => answers > 0).length,
      doubled: all.filter(({ answers }) => answers > 1),
      lost: all.filter(({ answers }) => answers === 0),
    };
  }

  async #all(): Promise<Said[]> {
    const log = await dockerCommand("logs", this.#person.id);
    const lines = log
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { said?: number; heard?: string; by?: string; at: number });
    const heard = lines.flatMap(({ heard: text, by }) =>
      text !== undefined && by?.replace(/_+$/, "") === this.#bot ? [/pong (\d+)/.exec(text)?.[1]] : [],
    );
    return lines.flatMap(({ said: number, at }) =>
      number === undefined
        ? []
        : [{ number, at, answers: heard.filter((each) => each === String(number)).length }],
    );
  }
}

/** When nobody was in the channel for the gateway: from its stop until its verification had passed. Milliseconds. */
export function silences(records: readonly EvidenceRecord[]): { began: number; ended: number }[] {
  return recordedMoves(records).flatMap((move) => {
    const steps = stepsOf(move);
    const began = steps.find(({ name }) => name === "drain")?.began;
    const ended = steps.find(({ name }) => name === "verification")?.ended;
    return began === undefined || ended === undefined ? [] : [{ began, ended }];
  });
}
