import type { Run } from "./outcome.ts";

/** What is asked of a fixture from inside of it. */
export interface Asked {
  method?: string;
  body?: unknown;
}

/** Asks a fixture from inside of it: Node alone, which every image has. */
export function askArgv(path: string, { method = "GET", body }: Asked = {}): string[] {
  const script =
    "const [url,method,body]=process.argv.slice(1);" +
    "fetch(url,{method,...(body&&{body,headers:{'content-type':'application/json'}})})" +
    ".then(async(r)=>console.log(JSON.stringify({status:r.status,body:await r.json()})))";
  const sent = body === undefined ? "" : JSON.stringify(body);
  return ["node", "-e", script, `http://127.0.0.1:18789${path}`, method, sent];
}

export function answerIn({ output }: Pick<Run, "output">): { status: number; body: unknown } {
  return JSON.parse(output) as { status: number; body: unknown };
}
