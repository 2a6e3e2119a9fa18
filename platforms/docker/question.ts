import { request } from "node:http";
import { text } from "node:stream/consumers";
import { type DockerAccess, defaultAnswer } from "./access.ts";
import { connectionsTo } from "./connection.ts";
import { silentEngine } from "./engine-failure.ts";

export interface Answer {
  status: number | undefined;
  body: string;
}

/** One question to an engine without the client, which takes as long to load as a tenth of a preview. */
export function question(host: string, access: DockerAccess, path: string): Promise<Answer> {
  const seconds = access.answer ?? defaultAnswer;
  return new Promise((resolve, reject) => {
    const agent = connectionsTo(host, access);
    const asked = request({ agent, path, headers: { host: "docker" } }, (response) => {
      text(response)
        .then((body) => resolve({ status: response.statusCode, body }), reject)
        .finally(() => clearTimeout(timer));
    })
      .on("error", (error) => {
        clearTimeout(timer);
        reject(error);
      })
      .end();
    const timer = setTimeout(() => {
      reject(silentEngine(host, `\`GET ${path.split("?")[0]}\``, seconds));
      asked.destroy();
    }, seconds * 1000);
  });
}
