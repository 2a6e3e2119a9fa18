import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { certificateFolder, misleadingVariables } from "../../platforms/docker/access.ts";
import { providerArgs } from "../../platforms/docker/container-args.ts";
import { sshArguments, sshFailure } from "../../platforms/docker/ssh-stream.ts";

const strict = ["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"];

describe("a host over ssh", () => {
  const far = "ssh://deploy@docker-1.example.com:2222/run/user/1000/docker.sock";
  const access = { identityFile: "/etc/k", knownHosts: "/etc/h" };

  test("is reached as the docker command reaches it, with a host key check that is always held", () => {
    const argv = sshArguments(far, access);
    expect(argv.slice(0, 4)).toEqual(["-l", "deploy", "-p", "2222"]);
    expect(argv.slice(4, 8)).toEqual(strict);
    expect(argv.slice(-13)).toEqual([
      ...["-o", "IdentitiesOnly=yes", "-i", "/etc/k", "-o", "UserKnownHostsFile=/etc/h"],
      ...["-T", "--", "docker-1.example.com"],
      ...["docker", "--host=unix:///run/user/1000/docker.sock", "system", "dial-stdio"],
    ]);
  });

  test("has ssh's own choices where the configuration makes none", () => {
    const argv = sshArguments("ssh://docker-1");
    expect(argv.slice(0, 4)).toEqual(strict);
    expect(argv.slice(-6)).toEqual(["-T", "--", "docker-1", "docker", "system", "dial-stdio"]);
    expect(argv.join(" ")).not.toMatch(/IdentitiesOnly|UserKnownHostsFile/);
  });

  test("is reached by Pulumi's provider with the same options", () => {
    const { host, sshOpts, certPath } = providerArgs({ host: far, ssh: access });
    expect([host, certPath]).toEqual([far, undefined]);
    const options = sshOpts as string[];
    expect(sshArguments(far, access).join(" ")).toContain(` ${options.join(" ")} `);
  });

  test.each([
    [
      "WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\r\nOffending ED25519 key in /root/known:3\r\nHost key verification failed.",
      "shows another host key than /root/known has for it. Somebody may stand in between, so nothing was sent. Ask whoever runs the host.",
    ],
    [
      "No ED25519 host key is known for a and you have requested strict checking.",
      "is not in ~/.ssh/known_hosts",
    ],
    [
      "deploy@a: Permission denied (publickey).",
      "refuses deploy (deploy@a: Permission denied (publickey).). Load the key into the agent",
    ],
    [
      "ssh: connect to host a port 22: Connection refused",
      "can't be reached through ssh (ssh: connect to host a port 22: Connection refused)",
    ],
    ["", "can't be reached through ssh (the connection ended)"],
  ])("tells from %j what is wrong", (said, sentence) => {
    expect(sshFailure("ssh://deploy@a", {}, said).message).toContain(sentence);
  });
});

describe("a host over TLS", () => {
  test.each([
    ["the configuration", { tls: { certPath: "/etc/a" } }, { DOCKER_CERT_PATH: "/etc/b" }, "/etc/a"],
    ["the home of the configuration", { tls: { certPath: "~/a" } }, {}, join(homedir(), "a")],
    ["DOCKER_CERT_PATH", {}, { DOCKER_CERT_PATH: "/etc/b" }, "/etc/b"],
    ["DOCKER_TLS_VERIFY", {}, { DOCKER_TLS_VERIFY: "1" }, join(homedir(), ".docker")],
    ["nobody", {}, {}, undefined],
  ])("has its certificates from %s", (_, access, environment, folder) => {
    expect(certificateFolder("tcp://a:2376", access, environment)).toBe(folder);
  });

  test("is the only kind that has any", () => {
    expect(certificateFolder("unix:///a", {}, { DOCKER_CERT_PATH: "/etc/b" })).toBeUndefined();
    expect(providerArgs({ host: "unix:///a" })).toEqual({ host: "unix:///a" });
    expect(providerArgs({ host: "tcp://a:1", tls: { certPath: "/etc/a" } })).toEqual({
      ...{ host: "tcp://a:1", certPath: "/etc/a" },
    });
  });
});

test.each([
  ["DOCKER_CONTEXT", "unix:///a", { DOCKER_CONTEXT: "far" }],
  ["DOCKER_CERT_PATH", "ssh://a", { DOCKER_CERT_PATH: "/etc/a" }],
  ["DOCKER_KEY_MATERIAL", "tcp://a:1", { DOCKER_KEY_MATERIAL: "x" }],
])("%s would mislead the provider", (name, host, environment) => {
  const [sentence, ...more] = misleadingVariables(host, environment);
  expect(more).toEqual([]);
  expect(sentence).toMatch(new RegExp(`^${name} .*\`unset ${name}\``));
  expect(sentence).not.toContain("x.");
});

test("what both obey misleads nobody", () => {
  const environment = { DOCKER_CERT_PATH: "/etc/a", DOCKER_HOST: "tcp://b:1", DOCKER_CONTEXT: "default" };
  expect(misleadingVariables("tcp://a:1", environment)).toEqual([]);
});
