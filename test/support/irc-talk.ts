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

/**
 * Seconds that the person waits for an answer. What is said while the gateway still works on what was said before is taken
 * into the same turn by some versions: then one message has no answer of its own and the other has two.
 */
const patience = 45;

/**
 * One person in one channel: says numbered messages, each once the one before is answered or given up, and prints what it
 * says and hears. Ends its talk at SIGUSR1.
 */
const person = `
const [host, channel, bot, interval, patience] = process.argv.slice(1);
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
let isOver = false;
const sayIn = (seconds) => { clearTimeout(timer); if (!isOver) timer = setTimeout(say, seconds * 1000); };
const say = () => {
  number += 1;
  write("PRIVMSG " + channel + " :message " + number);
  print({ said: number });
  sayIn(patience);
};
process.on("SIGUSR1", () => { isOver = true; clearTimeout(timer); });
let rest = "";
socket.on("data", (chunk) => {
  rest += chunk;
  const lines = rest.split("\\r\\n");
  rest = lines.pop();
  for (const line of lines) {
    const [prefix, command, target] = line.split(" ");
    if (prefix === "PING") write("PONG " + command);
    if (command === "001") write("JOIN " + channel);
    if (command === "366" && timer === undefined) sayIn(interval);
    if (command === "PRIVMSG" && target === channel) {
      const heard = line.slice(line.indexOf(" :") + 2);
      const by = prefix.slice(1).split("!")[0];
      print({ heard, by });
      const [, answered] = /pong (\\d+)/.exec(heard) || [];
      if (by.replace(/_+$/, "") === bot && Number(answered) === number) sayIn(interval);
    }
  }
});
`;

interface Said {
  number: number;
  /** Milliseconds since 1970. */
  at: number;
  /** Who has answered it, and when. The gateway's nick may have `_` behind it. */
  answers: { by: string; at: number }[];
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

  /** @param interval - seconds between an answer and the next message. */
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
      Cmd: ["node", "-e", person, ircHost, channel, bot, String(interval), String(patience)],
    });
    return new IrcTalk(talker, bot);
  }

  /** Returns once a message that is said from now on was answered. */
  async answered(seconds = 600): Promise<void> {
    const now = Date.now();
    const look = async () => (await this.#all()).some(({ at, answers }) => at >= now && answers.length > 0);
    await until("a message is answered", look, seconds);
  }

  /** Says nothing more, and waits for the answers that are still to come. */
  async end(): Promise<Talked> {
    await this.#person.kill({ signal: "SIGUSR1" });
    // The last one may be among those that are lost.
    const last = async () => (await this.#all()).at(-1)?.answers.length !== 0;
    await until("the last message is answered", last, 120).catch(() => {});
    const all = await this.#all();
    return {
      sent: all.length,
      answered: all.filter(({ answers }) => answers.length > 0).length,
      doubled: all.filter(({ answers }) => answers.length > 1),
      lost: all.filter(({ answers }) => answers.length === 0),
    };
  }

  async #all(): Promise<Said[]> {
    const log = await dockerCommand("logs", this.#person.id);
    const lines = log
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { said?: number; heard?: string; by?: string; at: number });
    const heard = lines.flatMap(({ heard: text, by = "", at }) => {
      const number = by.replace(/_+$/, "") === this.#bot ? /pong (\d+)/.exec(text ?? "")?.[1] : undefined;
      return number === undefined ? [] : [{ number: Number(number), by, at }];
    });
    return lines.flatMap(({ said: number, at }) => {
      if (number === undefined) return [];
      const answers = heard.filter((each) => each.number === number);
      return [{ number, at, answers: answers.map(({ by, at }) => ({ by, at })) }];
    });
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
