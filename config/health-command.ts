import type { ContainerConfig } from "./container-schema.ts";

/** The command of a workload's health check inside its container. */
export function healthCommand({ health, port }: Pick<ContainerConfig, "health" | "port">): string[] {
  return health.command ?? healthRequest(port, health.path, health.timeout);
}

/** Every image of a gateway has Node: the request needs no other tool in it. */
function healthRequest(port: number, path: string, timeout: number): string[] {
  const url = `http://127.0.0.1:${port}${path}`;
  const script =
    "fetch(process.argv[1],{signal:AbortSignal.timeout(Number(process.argv[2]))})" +
    ".then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))";
  return ["node", "-e", script, url, String(Math.round(timeout * 900))];
}
