import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { CredentialSource, credentialsIn } from "../../platforms/kubernetes/credentials.ts";
import { clusterAccess } from "../../platforms/kubernetes/kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true }));

const base = {
  "current-context": "prod",
  contexts: [
    { name: "prod", context: { cluster: "c1", user: "u1" } },
    { name: "staging", context: { cluster: "c2", user: "u2" } },
  ],
  clusters: [
    { name: "c1", cluster: { server: "https://10.0.0.1:6443/", "certificate-authority": "pki/ca.pem" } },
    { name: "c2", cluster: { server: "https://c2.example.com", "insecure-skip-tls-verify": true } },
  ],
  users: [
    {
      name: "u1",
      user: {
        "client-certificate-data": Buffer.from("CERT").toString("base64"),
        "client-key-data": Buffer.from("KEY").toString("base64"),
      },
    },
    { name: "u2", user: { tokenFile: "token" } },
  ],
};

function written(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : stringify(content));
  return file;
}

mkdirSync(join(folder, "pki"));
written("pki/ca.pem", "CA");
written("token", "secret\n");
const config = written("config", base);

function withUser(user: unknown, cluster: object = {}) {
  const [first, ...rest] = base.clusters;
  return written("changed", {
    ...base,
    clusters: [{ ...first, cluster: { ...first?.cluster, ...cluster } }, ...rest],
    users: [{ name: "u1", user }],
  });
}

describe("a kubeconfig", () => {
  test("says how the current context is reached, with files beside it", () => {
    expect(clusterAccess({ kubeconfig: config }, {})).toEqual({
      ...{ context: "prod", server: "https://10.0.0.1:6443", ca: Buffer.from("CA") },
      ...{ insecure: false, serverName: undefined },
      user: { certificate: { cert: Buffer.from("CERT"), key: Buffer.from("KEY") } },
    });
  });

  test("gives the context that is named, and checks no certificate only where it says so", () => {
    expect(clusterAccess({ kubeconfig: config, context: "staging" }, {})).toMatchObject({
      ...{ server: "https://c2.example.com", insecure: true },
      user: { tokenFile: join(folder, "token") },
    });
  });

  test("is put together of all in KUBECONFIG: the first one counts, one that is missing is nothing", () => {
    const first = written("first", { "current-context": "staging" });
    const KUBECONFIG = [join(folder, "missing"), first, config].join(delimiter);
    expect(clusterAccess({}, { KUBECONFIG }).context).toBe("staging");
  });

  test.each([
    [{ kubeconfig: join(folder, "missing") }, "There is no kubeconfig"],
    [{ kubeconfig: config, context: "x" }, "has no context x; it has: prod, staging."],
    [{ kubeconfig: written("no-yaml", "a: [") }, "is no YAML"],
    [{ kubeconfig: written("empty", {}) }, "names no current context"],
    [{ kubeconfig: written("loose", { ...base, users: [] }) }, "names the user u1, which is not there"],
  ])("that does not say it is refused: %j", (choice, text) => {
    expect(() => clusterAccess(choice, {})).toThrow(text);
  });

  test.each([
    [{ username: "x", password: "y" }, {}, "has `username`, which clusters no longer take"],
    [{ "auth-provider": {} }, {}, "has `auth-provider`, which clusters no longer take"],
    [{}, { "proxy-url": "http://proxy" }, "has a `proxy-url`, which is not supported"],
    [{}, { server: "10.0.0.1" }, "has no `server` that is a URL"],
    [{}, { "certificate-authority": "gone.pem" }, "gone.pem can't be read (ENOENT)"],
  ])("with what is not supported is refused: %j %j", (user, cluster, text) => {
    expect(() => clusterAccess({ kubeconfig: withUser(user, cluster) }, {})).toThrow(text);
  });

  test("names a program by its words", () => {
    const exec = { command: "./get-token", args: ["--for", "a b"], env: [{ name: "A", value: "1" }] };
    expect(clusterAccess({ kubeconfig: withUser({ exec }) }, {}).user.exec).toEqual({
      ...{ argv: [join(folder, "get-token"), "--for", "a b"], environment: { A: "1" }, folder },
      apiVersion: "client.authentication.k8s.io/v1",
    });
  });
});

describe("credentials", () => {
  test("in a file are read again for each question", async () => {
    const tokenFile = written("changing", "one\n");
    const source = new CredentialSource({ tokenFile });
    expect(await source.now()).toEqual({ token: "one" });
    written("changing", "two\n");
    expect(await source.now()).toEqual({ token: "two" });
  });

  test("that a program prints have an end", () => {
    const status = { token: "t", expirationTimestamp: "2026-11-30T08:00:00Z" };
    expect(credentialsIn(JSON.stringify({ status }))).toEqual({
      credentials: { token: "t" },
      expires: Date.parse("2026-11-30T08:00:00Z"),
    });
    expect(credentialsIn('{"status":{}}')).toBeUndefined();
    expect(credentialsIn("no JSON")).toBeUndefined();
  });
});
