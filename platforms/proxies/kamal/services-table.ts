import { OperationFailure } from "../../failure.ts";
import type { IngressService, IngressState } from "../../proxy.ts";

const columns = ["Service", "Host", "Path", "Target", "State", "TLS"];

const states: Readonly<Record<string, IngressState>> = {
  running: "serving",
  paused: "held",
  stopped: "refusing",
};

/**
 * Reads what `kamal-proxy list` prints, by service name. Another form than the known one is an error: a guess would
 * leave a workload held.
 */
export function parseServices(text: string): Map<string, IngressService> {
  const rows = text
    .replaceAll(ansiStyle, "")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => line.trim().split(/ {2,}/));
  const [head, ...services] = rows;
  if (head === undefined || head.join("|") !== columns.join("|")) {
    throw unreadable(rows[0]?.join("  ") ?? "nothing");
  }
  return new Map(
    services.map((row) => {
      const [name, host, , target, word] = row;
      const state = states[word ?? ""];
      if (row.length !== columns.length || name === undefined || state === undefined) {
        throw unreadable(row.join("  "));
      }
      const hosts = host === undefined || host === "*" ? [] : host.split(",");
      return [name, { state, hosts, target: target ?? "" }];
    }),
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the proxy prints its table with styles, terminal or not.
const ansiStyle = /\u001b\[[0-9;]*m/g;

function unreadable(line: string): OperationFailure {
  return new OperationFailure(
    `the list of the ingress can't be read ("${line}"): this release knows the one of kamal-proxy 0.9. Use that version.`,
  );
}
