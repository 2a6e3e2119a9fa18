import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  authConfig,
  credentialsOf,
  type KnownCredentials,
} from "../../platforms/docker/registry-credentials.ts";
import { scratchFolder } from "../support/scratch.ts";

function folderWith(config: unknown): string {
  const folder = scratchFolder();
  writeFileSync(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  return folder;
}

const auth = Buffer.from("deploy:a:b").toString("base64");
const credentials = { user: "deploy", password: "a:b" };

test.each<[string, string | undefined, unknown, KnownCredentials]>([
  ["of the registry", "r.example.com:5000", { auths: { "r.example.com:5000": { auth } } }, credentials],
  [
    "of the registry with its scheme",
    "r.example.com",
    { auths: { "https://r.example.com": { auth } } },
    credentials,
  ],
  ["of Docker Hub", undefined, { auths: { "https://index.docker.io/v1/": { auth } } }, credentials],
  ["of another registry", "r.example.com", { auths: { "q.example.com": { auth } } }, undefined],
  ["in a helper for another one", "r.example.com", { credHelpers: { "q.example.com": "x" } }, undefined],
  ["that are damaged", "r.example.com", { auths: { "r.example.com": { auth: "!!" } } }, undefined],
  ["in a file that is no JSON", "r.example.com", "{", undefined],
])("the credentials %s", async (_, registry, config, expected) => {
  expect(await credentialsOf(registry, folderWith(config))).toEqual(expected);
});

test("no file is no credentials", async () => {
  expect(await credentialsOf("r.example.com", join(scratchFolder(), "none"))).toBeUndefined();
});

describe("a helper program", () => {
  const path = process.env.PATH;
  let programs: string;

  beforeEach(() => {
    programs = scratchFolder();
    process.env.PATH = `${programs}${delimiter}${path}`;
  });

  afterEach(() => {
    process.env.PATH = path;
  });

  /** A program in the place of a real keyring, with the protocol of all of them. */
  function helper(name: string, body: string): void {
    const file = join(programs, `docker-credential-${name}`);
    writeFileSync(file, `#!/bin/sh\nread -r server\n${body}\n`);
    chmodSync(file, 0o755);
  }

  const answer = (user: string) => `echo '{"ServerURL":"x","Username":"${user}","Secret":"a:b"}'`;

  test("is asked by `get`, for the registry on its standard input", async () => {
    helper("x", `echo "$1 $server" >${join(programs, "asked")}\n${answer("deploy")}`);
    const config = folderWith({ auths: { "r.example.com": {} }, credsStore: "x" });
    expect(await credentialsOf("r.example.com", config)).toEqual(credentials);
    expect(readFileSync(join(programs, "asked"), "utf8")).toBe("get r.example.com\n");
  });

  test("is asked for Docker Hub by the key of its login", async () => {
    helper("x", `echo "$server" >${join(programs, "asked")}\n${answer("deploy")}`);
    await credentialsOf(undefined, folderWith({ credsStore: "x" }));
    expect(readFileSync(join(programs, "asked"), "utf8")).toBe("https://index.docker.io/v1/\n");
  });

  test("of the registry alone comes before the one for all", async () => {
    helper("x", answer("all"));
    helper("y", answer("own"));
    const config = folderWith({ credsStore: "x", credHelpers: { "r.example.com": "y" } });
    expect(await credentialsOf("r.example.com", config)).toMatchObject({ user: "own" });
    expect(await credentialsOf("q.example.com", config)).toMatchObject({ user: "all" });
  });

  test("that has none leaves it to the file", async () => {
    helper("x", "echo credentials not found in native keychain; exit 1");
    const config = folderWith({ credsStore: "x", auths: { "r.example.com": { auth } } });
    expect(await credentialsOf("r.example.com", config)).toEqual(credentials);
    expect(await credentialsOf("q.example.com", config)).toBeUndefined();
  });

  test.each([
    ["fails", "echo the keyring is locked; exit 2", "docker-credential-x ended with 2"],
    ["says nothing useful", "echo hello", "docker-credential-x answers with no credentials"],
  ])("that %s is named", async (_, body, unusable) => {
    helper("x", body);
    expect(await credentialsOf("r.example.com", folderWith({ credsStore: "x" }))).toEqual({ unusable });
  });

  test("that is not there is named, and none outside of PATH is started", async () => {
    expect(await credentialsOf("r.example.com", folderWith({ credsStore: "none" }))).toEqual({
      unusable: "docker-credential-none can't be started (ENOENT)",
    });
    expect(await credentialsOf("r.example.com", folderWith({ credsStore: "/../x" }))).toEqual({
      unusable: '"/../x" is no name of a helper',
    });
  });
});

test("a token goes to the engine as a token", () => {
  expect(authConfig("r.example.com", credentials)).toEqual({
    ...{ username: "deploy", password: "a:b" },
    serveraddress: "r.example.com",
  });
  expect(authConfig(undefined, { user: "<token>", password: "t" })).toEqual({
    identitytoken: "t",
    serveraddress: "https://index.docker.io/v1/",
  });
});
