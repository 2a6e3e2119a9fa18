import type { ChildProcess } from "node:child_process";
import { CommandFailure } from "./command.ts";

/** All that a process says on one of its streams. */
export async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const part of stream) text += part;
  return text;
}

/** Done when `pulumi`, started as `child`, has ended and said all; however it ended. */
export function closed(child: ChildProcess): Promise<void> {
  return new Promise((done, failed) => {
    child.once("error", () => failed(new CommandFailure("There is no program `pulumi` on PATH.")));
    child.once("close", () => done());
  });
}
