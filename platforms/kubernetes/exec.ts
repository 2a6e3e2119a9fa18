import { fieldAt, fieldOf, parsedJson } from "../../config/json.ts";
import { EngineFailure, TooLate } from "../failure.ts";
import type { ExecOptions, JobResult } from "../platform.ts";
import type { Cluster } from "./cluster.ts";
import { isForbidden, NotRunning, Refusal } from "./refusal.ts";
import { framed, frameOf, openSocket } from "./socket.ts";

/** The fifth can end a program's input, the fourth can't. */
const [withEnd, withoutEnd] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
/** Channels of both. */
const [stdinChannel, stdoutChannel, stderrChannel, statusChannel] = [0, 1, 2, 3];
/** Of the fifth: the channel that its data names has ended. */
const endChannel = 255;
/** Bytes of a frame. */
const frameSize = 32 * 1024;

/** Its program may go on, or may have ended. */
export class CutOff extends EngineFailure {}

export interface ExecPlace {
  pod: string;
  container: string;
}

/**
 * Runs a program in a container. At the deadline (seconds) the call fails; the program itself may go on, because
 * Kubernetes cannot end it.
 */
export async function execInPod(
  cluster: Cluster,
  { pod, container }: ExecPlace,
  argv: string[],
  options: ExecOptions,
): Promise<JobResult> {
  const { stdin, deadline, name = `\`${argv.join(" ")}\`` } = options;
  const socket = await socketTo(cluster, { pod, container }, argv, stdin !== undefined);
  const output: Record<number, Buffer[]> = { [stdoutChannel]: [], [stderrChannel]: [], [statusChannel]: [] };
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(
        () => reject(new TooLate(`${name} did not end within ${deadline} s.`)),
        deadline * 1000,
      );
      socket.on("message", (message) => {
        const { channel, data } = frameOf(message);
        output[channel]?.push(data);
        // Nothing comes after it.
        if (channel === statusChannel) resolve();
      });
      socket.once("close", () => resolve());
      if (stdin !== undefined) {
        const bytes = Buffer.from(stdin);
        for (let at = 0; at < bytes.length; at += frameSize) {
          socket.send(framed(stdinChannel, bytes.subarray(at, at + frameSize)));
        }
        socket.send(framed(endChannel, Buffer.of(stdinChannel)));
      }
    });
  } finally {
    clearTimeout(timer);
    socket.close();
    setTimeout(() => socket.terminate(), 2000).unref();
  }
  const [stdout, stderr, status] = [stdoutChannel, stderrChannel, statusChannel].map((channel) =>
    Buffer.concat(output[channel] ?? []).toString("utf8"),
  ) as [string, string, string];
  if (status === "") {
    throw new CutOff(
      `The connection to ${name} in ${pod} was cut before it had ended`,
      "It may have been done all the same. Look at the API server and at the pod's node, then try again.",
    );
  }
  return resultOf(status, { pod, name, stdout, stderr });
}

async function socketTo(cluster: Cluster, { pod, container }: ExecPlace, argv: string[], stdin: boolean) {
  try {
    return await openSocket(cluster, {
      path: cluster.in("v1", "pods", pod, "exec"),
      query: { container, command: argv, stdin, stdout: true, stderr: true },
      protocols: stdin ? [withEnd] : [withEnd, withoutEnd],
    });
  } catch (error) {
    if (error instanceof Error && /subprotocol/.test(error.message)) {
      throw new Refusal(
        "This cluster can't end a program's input over a WebSocket. Kubernetes 1.30 or newer is needed.",
        400,
        "NoProtocol",
      );
    }
    // A refusal of the right to do it stays as it is.
    throw error instanceof Refusal && !isForbidden(error) ? new NotRunning(error.message) : error;
  }
}

/** What the last frame says: how the program ended, or why it could not be run. */
export function resultOf(
  status: string,
  { pod, name, stdout, stderr }: { pod: string; name: string; stdout: string; stderr: string },
): JobResult {
  const said = parsedJson(status);
  if (fieldOf(said, "status") === "Success") return { exitCode: 0, stdout, stderr };
  const message = String(fieldOf(said, "message") ?? status);
  const causes = fieldAt(said, "details.causes");
  const code = Array.isArray(causes)
    ? causes.find((cause) => fieldOf(cause, "reason") === "ExitCode")
    : undefined;
  if (code !== undefined) return { exitCode: Number(fieldOf(code, "message")), stdout, stderr };
  // As a shell has it.
  const exitCode = /not found|no such file/i.test(message)
    ? 127
    : /permission denied/i.test(message)
      ? 126
      : undefined;
  const isOfProgram = /exec failed|unable to start container process/.test(message);
  if (exitCode !== undefined && isOfProgram) return { exitCode, stdout, stderr: `${stderr}${message}` };
  throw new NotRunning(`${name} could not be run in ${pod}: ${message}`);
}
