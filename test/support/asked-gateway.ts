import type { HttpClient } from "../../platforms/http.ts";
import { MemoryPlatform } from "../../platforms/memory/platform.ts";
import type { ExecOptions, JobResult, LogLine, Platform } from "../../platforms/platform.ts";

/** What one gateway has answered to the checks, by what it was asked. */
export interface Answers {
  /** Of the image's label. */
  version?: string;
  /** By the name of the look, else by its words. */
  commands: Record<string, JobResult>;
  /** By path. */
  http: Record<string, { status: number; body: string }>;
  log: string[];
}

export function noAnswers(): Answers {
  return { commands: {}, http: {}, log: [] };
}

function askedBy(argv: readonly string[], { name }: Pick<ExecOptions, "name">): string {
  return name ?? argv.join(" ");
}

/** A platform whose answers to checks are written down. */
export function noting(platform: Platform, answers: Answers): Platform {
  const noted: Partial<Platform> = {
    async exec(unit, argv, options) {
      const result = await platform.exec(unit, argv, options);
      answers.commands[askedBy(argv, options)] = result;
      return result;
    },
    async imageVersion(image) {
      const version = await platform.imageVersion(image);
      if (version !== undefined) answers.version = version;
      return version;
    },
    async openHttp(origin) {
      const client = await platform.openHttp(origin);
      return {
        target: client.target,
        async send(request) {
          const answer = await client.send(request);
          answers.http[request.path] = { status: answer.status, body: answer.body };
          return answer;
        },
        download: (request, file) => client.download(request, file),
        close: () => client.close(),
      };
    },
    async *logs(unit, range) {
      answers.log = [];
      for await (const line of platform.logs(unit, range)) {
        answers.log.push(line.text);
        yield line;
      }
    },
  };
  return new Proxy(platform, {
    get(target, property) {
      const value = Reflect.get(noted, property) ?? Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A gateway that answers once more what a real one has answered. It knows no other question. */
export class AnsweringPlatform extends MemoryPlatform {
  readonly #answers: Answers;

  constructor(answers: Answers) {
    super();
    this.#answers = answers;
  }

  override async exec(
    _unit: string,
    argv: string[],
    options: ExecOptions = { deadline: 1 },
  ): Promise<JobResult> {
    const asked = askedBy(argv, options);
    const result = this.#answers.commands[asked];
    if (result === undefined) throw new Error(`no answer is on record to "${asked}"`);
    return result;
  }

  override async imageVersion(): Promise<string | undefined> {
    return this.#answers.version;
  }

  override async openHttp(): Promise<HttpClient> {
    return {
      target: "a gateway on record",
      send: async ({ path }) => {
        const answer = this.#answers.http[path];
        if (answer === undefined) throw new Error(`no answer is on record to a request for ${path}`);
        return { cookies: [], ...answer };
      },
      download: () => Promise.reject(new Error("no download is on record")),
      close: async () => {},
    };
  }

  override async *logs(): AsyncGenerator<LogLine> {
    for (const text of this.#answers.log) yield { time: new Date(), text };
  }
}
