import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { AnalyzerClient as Client } from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import type * as analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import manifest from "../../policies/package.json" with { type: "json" };
import { secret } from "../policy/privileges.ts";
import { unknownText } from "../policy/props.ts";

const folder = fileURLToPath(new URL("../../policies", import.meta.url));
const require = createRequire(import.meta.url);
const starter = require.resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js");
// The packages of the SDK's own that the engine's messages are made of.
const sdk = createRequire(require.resolve("@pulumi/pulumi"));
const messages = sdk("./proto/analyzer_pb.js") as typeof analyzer;
const { AnalyzerClient } = sdk("./proto/analyzer_grpc_pb.js") as { AnalyzerClient: typeof Client };
const { credentials } = sdk("@grpc/grpc-js") as { credentials: { createInsecure(): never } };
const { Struct } = sdk("google-protobuf/google/protobuf/struct_pb.js") as {
  Struct: { fromJavaScript(value: object): never };
};

let pack: ChildProcess;
let client: Client;
let errors = "";

beforeAll(async () => {
  // As the language host starts it: in the pack's folder. Nobody listens at the engine's address.
  pack = spawn(process.execPath, [starter, "127.0.0.1:1", folder], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { stdout, stderr } = pack;
  if (stdout === null || stderr === null) throw new Error("The pack has no output.");
  stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [port] = (await Promise.race([
    once(createInterface(stdout), "line"),
    once(pack, "exit").then(([code]) => Promise.reject(new Error(`The pack ended with ${code}: ${errors}`))),
  ])) as string[];
  client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
}, 30_000);

afterAll(() => {
  client?.close();
  pack?.kill("SIGKILL");
});

/** What the pack answers on a resource: rule, level and place of each violation. */
function analyzed(type: string, props: object): Promise<[rule: string, level: number, place: string][]> {
  const request = new messages.AnalyzeRequest();
  request.setType(type);
  request.setName("web");
  request.setUrn(`urn:pulumi:prod::clawforce::${type}::web`);
  request.setProperties(Struct.fromJavaScript(props));
  request.setOptions(new messages.AnalyzerResourceOptions());
  return new Promise((resolve, reject) => {
    client.analyze(request, (error, response) => {
      if (error) return reject(error);
      resolve(
        response
          .getDiagnosticsList()
          .map((each) => [
            each.getPolicyname(),
            each.getEnforcementlevel(),
            /\] web ([^:]+):/.exec(each.getMessage())?.[1] ?? each.getMessage(),
          ]),
      );
    });
  });
}

const [advisory, mandatory] = [messages.EnforcementLevel.ADVISORY, messages.EnforcementLevel.MANDATORY];
const container = "docker:index/container:Container";
const digest = `sha256:${"a".repeat(64)}`;

describe("the pack, started as the language host starts it", () => {
  test("has a version, without which the engine takes no pack, and a main that Node runs by itself", () => {
    expect(manifest.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(manifest.main).toBe("main.mjs");
    expect(errors).toBe("");
  });

  test("refuses an image without a digest by both rules, beside an unknown variable of which it only warns", async () => {
    expect(await analyzed(container, { image: "img:latest", envs: [unknownText] })).toEqual([
      ["no-mutable-image", mandatory, "image"],
      ["no-mutable-image", advisory, "envs[0]"],
      ["digest-pinned", mandatory, "image"],
      ["digest-pinned", advisory, "envs[0]"],
      ["least-privilege", advisory, "envs[0]"],
    ]);
  });

  test("refuses an unknown image, and an unknown part above it, instead of passing it over", async () => {
    expect(await analyzed(container, { image: unknownText })).toEqual([
      ["no-mutable-image", mandatory, "image"],
      ["digest-pinned", mandatory, "image"],
    ]);
    expect(await analyzed("kubernetes:core/v1:Pod", { spec: { containers: unknownText } })).toEqual(
      expect.arrayContaining([
        ["no-mutable-image", mandatory, "spec.containers"],
        ["digest-pinned", mandatory, "spec.containers"],
      ]),
    );
  });

  test("tells a secret that the engine holds as one from one in plain", async () => {
    const image = `img:1.2.3@${digest}`;
    const plain = { image, envs: ["A_TOKEN=x"] };
    expect(await analyzed(container, plain)).toEqual([["least-privilege", mandatory, "envs[0]"]]);
    expect(await analyzed(container, { image, envs: [secret("A_TOKEN=x")] })).toEqual([]);
    expect(await analyzed(container, { image, envs: secret(["A_TOKEN=x"]) })).toEqual([]);
  });

  test("lets a pinned image be, and what has none", async () => {
    expect(await analyzed(container, { image: `img:1.2.3@${digest}`, envs: ["A=1"] })).toEqual([]);
    expect(await analyzed("docker:index/network:Network", { name: "data" })).toEqual([]);
  });
});
