import { describe, expect, test } from "vitest";
import { checkKinds } from "../../lifecycle/checks/kinds.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import {
  candidate,
  previous,
  rawConfig,
  refusal,
  snapshotTools,
  stable,
  type Wrong,
  whole,
} from "./config-fixture.ts";

const group = "instanceGroups.support";
const check = `${group}.gate`;

test("refuses an unknown key and says which one was meant", () => {
  expect(refusal({ [`${group}.waev`]: 1 })).toBe(
    [
      "The stack configuration has 1 problem; nothing was touched.",
      '  clawforce:instanceGroups.support.waev: unknown key. Remove it, or did you mean "wave"?',
    ].join("\n"),
  );
});

const http = { kind: "http", path: "/readyz", body: { ready: true } };
const kinds = checkKinds
  .map(({ name }) => JSON.stringify(name))
  .join(", ")
  .replace(/, (?="[a-z]+"$)/, " or ");

const wrong: Wrong[] = [
  [
    "an unknown key at the top",
    { evidnce: {} },
    'evidnce: unknown key. Remove it, or did you mean "evidence"?',
  ],
  [
    "an unknown key like no other",
    { "agentImages.chromium.zone": "eu" },
    'agentImages.chromium.zone: unknown key. Remove it, or write one of "stable", "candidate", "previous", "migrate".',
  ],
  [
    "an unknown key in another case",
    { [`${group}.container`]: { StateDirectory: "/x" } },
    `${group}.container.StateDirectory: unknown key. Remove it, or did you mean "stateDirectory"?`,
  ],
  [
    "an unknown key of an instance",
    { [`${group}.instances.1`]: { name: "support-1", volum: "x" } },
    `${group}.instances[1].volum: unknown key. Remove it, or did you mean "volume"?`,
  ],
  [
    "a key that belongs to another kind of check",
    { [check]: [{ ...http, output: "x" }] },
    `${check}[0].output: unknown key. Remove it, or write one of "kind", "name", "severity", "deadline", "interval", "path", "port", "status", "body".`,
  ],
  [
    "a key with a dot",
    { [group]: { ...(rawConfig().instanceGroups as { support: object }).support, "stop.grace": "1s" } },
    `${group}["stop.grace"]: unknown key. Remove it, or did you mean "stopGrace"?`,
  ],
  [
    "parts that are missing",
    { agentImages: undefined, evidence: undefined, [`${group}.agentImage`]: undefined },
    "agentImages: required, but not set. Write a mapping.",
    `${group}.agentImage: required, but not set. Write a text.`,
    "evidence: required, but not set. Write a mapping.",
  ],
  [
    "a key without value",
    { [`${group}.drain`]: null },
    `${group}.drain: the key has no value. Write a mapping, or remove the key.`,
  ],
  [
    "a list in place of a mapping",
    { "snapshots.keep": [] },
    "snapshots.keep: expected a mapping, found a list. Write `key: value` lines below it.",
  ],
  [
    "a mapping in place of a list",
    { [`${group}.instances`]: { canary: {} } },
    `${group}.instances: expected a list, found a mapping. Write one entry per line, each behind a hyphen.`,
  ],
  [
    "a number in place of a text",
    { "evidence.directory": 5 },
    "evidence.directory: expected a text, found a number. Put it in quotes.",
  ],
  [
    "a text in place of a number",
    { [`${group}.wave`]: "1" },
    `${group}.wave: expected a whole number, found a text. Write a whole number without quotes.`,
  ],
  [
    "half a wave",
    { [`${group}.wave`]: 0.5 },
    `${group}.wave: expected a whole number, found a number with a fraction. Write a whole number.`,
  ],
  ["a wave before the first", { [`${group}.wave`]: -1 }, `${group}.wave: -1 is too small. Write 0 or more.`],
  [
    "an environment variable that YAML reads as true",
    { [`${group}.container`]: { environment: { A: true } } },
    `${group}.container.environment.A: expected a text, found true. Put it in quotes.`,
  ],
  [
    "an environment variable with a hyphen",
    { [`${group}.container`]: { environment: { "A-B": "1" } } },
    `${group}.container.environment.A-B: "A-B" is no name of an environment variable. Write letters, digits and _.`,
  ],
  [
    "no instance at all",
    { [`${group}.instances`]: [] },
    `${group}.instances: the list is empty. Write at least one entry.`,
  ],
  [
    "an empty text",
    { "evidence.directory": "" },
    "evidence.directory: the text is empty. Write one, or leave the key out.",
  ],
  [
    "a port out of range",
    { [`${group}.container`]: { port: 70_000 } },
    `${group}.container.port: 70000 is too large. Write 65535 or less.`,
  ],
  [
    "a group's name in capitals",
    { [group]: undefined, "instanceGroups.Support": {} },
    'instanceGroups.Support: "Support" is no name. Write lower-case letters, digits and hyphens, 63 at most.',
  ],
  [
    "an instance that is no name",
    { [`${group}.instances.1`]: 7, [`${group}.instances.2`]: "Two" },
    `${group}.instances[1]: expected an instance. Write its name, or a mapping with its \`name\`.`,
    `${group}.instances[2]: "Two" is no name. Write lower-case letters, digits and hyphens, 63 at most.`,
  ],
  [
    "a snapshot id that YAML reads as a number",
    { [`${group}.instances.1`]: { name: "support-1", restore: 12345678 } },
    `${group}.instances[1].restore: expected a restore order. Write {snapshot: "34e495d1", order: INC-42}, the id in quotes.`,
  ],
  [
    "a restore order by a name that is none",
    {
      [`${group}.instances.1`]: { name: "support-1", restore: { snapshot: "34e495d1", order: "on monday" } },
    },
    `${group}.instances[1].restore.order: "on monday" is no name of an order. Begin with a letter or digit; write letters, digits and \`._:-\`, 64 at most.`,
  ],
  [
    "a snapshot id that is none",
    { [`${group}.instances.1`]: { name: "support-1", restore: "latest" } },
    `${group}.instances[1].restore: "latest" is no snapshot id. Write 8 to 64 hex digits in quotes, as the report prints them.`,
  ],
  [
    "volume and directory",
    { [`${group}.instances.1`]: { name: "support-1", volume: "x", directory: "/srv/x" } },
    `${group}.instances[1]: \`volume\` and \`directory\` are both given. Specify either \`volume\` or \`directory\`, not both.`,
  ],
  [
    "a relative directory",
    { [`${group}.instances.1`]: { name: "support-1", directory: "srv" } },
    `${group}.instances[1].directory: "srv" is no absolute path. Begin it with / and write no colon, as Docker's mounts want it.`,
  ],
  [
    "a host without a scheme",
    { platform: { kind: "docker", host: "/var/run/docker.sock" } },
    'platform.host: "/var/run/docker.sock" is no Docker host. Write unix:///PATH, tcp://NAME:PORT or ssh://USER@NAME.',
  ],
  ...[
    ...[
      "ssh://docker-1/$(reboot)",
      "ssh://-oProxyCommand=x@docker-1",
      "ssh://docker-1?x",
      "ssh://a:b@docker-1",
    ],
    ...["tcp://docker-1", "unix://docker.sock"],
  ].map(
    (host): Wrong => [
      `the host ${host}`,
      { platform: { kind: "docker", host } },
      `platform.host: ${JSON.stringify(host)} is no Docker host. Write unix:///PATH, tcp://NAME:PORT or ssh://USER@NAME.`,
    ],
  ),
  [
    "ssh for a host that is not reached by it",
    { platform: { kind: "docker", ssh: { identityFile: "~/.ssh/id" } } },
    "platform: `ssh` is given, but `host` is none of ssh://. Take `ssh` out, or write ssh://USER@NAME.",
  ],
  [
    "certificates for a host that does not speak TLS",
    { platform: { kind: "docker", host: "ssh://docker-1", tls: { certPath: "/etc/docker-1" } } },
    "platform: `tls` is given, but `host` is none of tcp://. Take `tls` out, or write tcp://NAME:PORT.",
  ],
  [
    "a key whose path ssh would take apart",
    { platform: { kind: "docker", host: "ssh://docker-1", ssh: { identityFile: "/etc/my key" } } },
    'platform.ssh.identityFile: "/etc/my key" is no path. Begin it with / or ~/ and write no blanks, quotes, `%` or `$`.',
  ],
  [
    "a platform that is not there yet",
    { platform: { kind: "swarm" } },
    'platform.kind: "swarm" is not known here. Write "docker" or "kubernetes".',
  ],

  [
    "durations and sizes without unit",
    {
      [`${group}.stopGrace`]: 30,
      [`${group}.drain`]: { budget: "5 min" },
      "snapshots.minimumFree": 5,
      [`${group}.container`]: { memory: "1 gb" },
    },
    `${group}.container.memory: "1 gb" is no size. Write a number and kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in "512 MB".`,
    `${group}.drain.budget: "5 min" is no duration. Write whole numbers with d, h, m, s or ms, as in "1h30m".`,
    `${group}.stopGrace: 30 has no unit. Write "30s" for seconds, or use ms, m, h or d.`,
    'snapshots.minimumFree: 5 has no unit. Write "5 MB" for megabytes, or use kB, GB, TB, KiB, MiB, GiB or TiB.',
  ],
  [
    "no time to drain",
    { [`${group}.drain`]: { budget: "0s" } },
    `${group}.drain.budget: "0s" is no time at all. Write a duration above zero, as in "30s".`,
  ],
  [
    "two ways to count active work",
    { [`${group}.drain`]: { http: { path: "/x", field: "n" }, command: { argv: ["x"], output: "(1)" } } },
    `${group}.drain: \`http\` and \`command\` are both given. Specify either \`http\` or \`command\`, not both.`,
  ],
  [
    "a count of active work that captures no number",
    { [`${group}.drain`]: { command: { argv: ["x"], output: "active: \\d+" } } },
    `${group}.drain.command.output: "active: \\\\d+" is no pattern with a group. Put parentheses around the number of active tasks, as in "active: (\\\\d+)".`,
  ],

  [
    "a check of unknown kind",
    { [check]: [{ kind: "htp" }] },
    `${check}[0].kind: "htp" is not known here. Write ${kinds}.`,
  ],
  [
    "a check without kind",
    { [check]: [{ path: "/" }] },
    `${check}[0].kind: required, but not set. Write ${kinds}.`,
  ],
  [
    "a check of unknown severity",
    { [check]: [{ ...http, severity: "fatal" }] },
    `${check}[0].severity: "fatal" is not known here. Write "critical" or "warning".`,
  ],
  [
    "a check of a status code alone",
    { [check]: [{ kind: "http", path: "/readyz", body: {} }] },
    `${check}[0].body: no field of the body is checked, and a status code alone proves nothing. Name one, as in \`status: live\`.`,
  ],
  [
    "a body that is compared with a list",
    { [check]: [{ kind: "http", path: "/readyz", body: { failing: [] } }] },
    `${check}[0].body.failing: expected a text, a number, true or false. Write the field's wanted value.`,
  ],
  [
    "a check of the log that looks for nothing",
    { [check]: [{ kind: "logs" }] },
    `${check}[0]: the check looks for nothing. Name a pattern under \`appear\` or \`absent\`.`,
  ],
  [
    "a pattern that does not compile",
    { [check]: [{ kind: "logs", absent: ["("] }] },
    `${check}[0].absent[0]: "(" is no regular expression. Write it in JavaScript's syntax.`,
  ],
  [
    "a command without program",
    { [check]: [{ kind: "command", argv: [] }] },
    `${check}[0].argv: there is no program to run. Write it and its arguments as a list, as in ["openclaw", "health"].`,
  ],
  [
    "a gate that takes too long, beside another mistake in it",
    { [check]: [http, { ...http, deadline: "1m", path: "readyz" }] },
    `${check}[1].path: "readyz" is no path of a URL. Begin it with /.`,
    `${check}[1].deadline: 1m is too long: requests are held while the gate runs. Write 15s or less, or move the check to \`verification\`.`,
  ],

  [
    "an image without digest",
    { "snapshots.image": "restic:0.18.0" },
    "snapshots.image: \"restic:0.18.0\" has no digest, so what runs could change. Run `docker buildx imagetools inspect restic:0.18.0` (or `docker pull restic:0.18.0` and `docker image inspect --format '{{index .RepoDigests 0}}' restic:0.18.0`) and write the digest it prints behind the tag, as @sha256:….",
  ],
  [
    "an image that is missing",
    { "agentImages.chromium.stable": undefined },
    "agentImages.chromium.stable: expected an image reference. Write <repository>:<tag>@sha256:<64 hex digits>.",
  ],
];

describe("refuses", () => {
  test.each(wrong)("%s", (_title, changes, ...lines) => {
    expect(refusal(changes)).toBe(whole(...lines));
  });

  test("all of it at once, in the order of the schema", () => {
    const message = refusal({
      snapshotPassword: "hunter2",
      "evidence.folder": "x",
      [`${group}.wave`]: 9,
      [`${group}.stopGrace`]: 30,
      "agentImages.chromium.stabel": stable,
      windw: 1,
    });
    expect(message).toBe(
      whole(
        'windw: unknown key. Remove it, or did you mean "window"?',
        'agentImages.chromium.stabel: unknown key. Remove it, or did you mean "stable"?',
        `${group}.stopGrace: 30 has no unit. Write "30s" for seconds, or use ms, m, h or d.`,
        `${group}.wave: there is no wave 9: the last of \`waves\` is 3. Write 0 to 3.`,
        'evidence.folder: unknown key. Remove it, or write one of "directory", "signingKey", "trustedKeys".',
        "snapshotPassword: a secret stands here in plain text. Make a new one and run `pulumi config set --secret clawforce:snapshotPassword`.",
      ),
    );
  });

  test("a stack without any configuration", () => {
    expect(() => parseStackConfig({})).toThrow(
      whole(
        'environment: required, but not set. Write "production" or "staging".',
        'window: required, but not set. Write "control-plane", "runtime" or "none".',
        "agentImages: required, but not set. Write a mapping.",
        "instanceGroups: required, but not set. Write a mapping.",
        "snapshots: required, but not set. Write a mapping.",
        "evidence: required, but not set. Write a mapping.",
      ),
    );
  });
});

describe("accepts", () => {
  test("what is left out, with the documented defaults", () => {
    const config = parseStackConfig(rawConfig());
    expect(config.maintenance).toEqual({ length: 3600, gapBetweenTracks: 43_200 });
    expect(config.onFailure).toBe("stop");
    expect(config.platform).toEqual({ kind: "docker", host: "unix:///var/run/docker.sock" });
    expect(config.agentImages).toEqual({ chromium: { stable, candidate, previous } });
    expect(config.snapshots).toEqual({
      repositories: "/var/lib/clawforce/snapshots",
      image: snapshotTools,
      keep: { last: 5, daily: 0, monthly: 12 },
      minimumFree: 1_000_000_000,
      drill: { deadline: 120, memory: 700_000_000, cpus: 1, environment: { OPENCLAW_SKIP_CHANNELS: "1" } },
    });
    const { gate, verification, container, ...rest } =
      config.instanceGroups.support ?? expect.fail("no group");
    expect(rest).toEqual({
      agentImage: "chromium",
      instances: [{ name: "canary" }, { name: "support-1" }, { name: "support-2" }, { name: "support-3" }],
      waves: [1, "25%", "75%", "100%"],
      wave: 0,
      managed: false,
      drain: { budget: 30 },
      stopGrace: 30,
    });
    expect(container).toEqual({
      port: 18789,
      stateDirectory: "/home/node/.openclaw",
      environment: {},
      tokenVariable: "OPENCLAW_GATEWAY_TOKEN",
      network: "clawforce",
      health: { path: "/healthz", interval: 5, timeout: 5, retries: 15, startPeriod: 30, wait: 120 },
    });
    expect(gate.map((each) => [each.kind, each.severity, each.deadline, each.interval])).toEqual([
      ["http", "critical", 15, 1],
      ["http", "critical", 15, 1],
    ]);
    expect(verification.map((each) => [each.kind, each.deadline])).toEqual([
      ["version", 60],
      ["http", 15],
      ["command", 180],
      ["command", 180],
      ["channels", 180],
      ["unchanged", 180],
      ["unchanged", 180],
      ["conversation", 180],
      ["pins", 30],
      ["logs", 15],
    ]);
  });
});
