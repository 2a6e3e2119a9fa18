import { createServer, connect as open } from "node:net";
import { waitUntilAbort } from "openclaw/plugin-sdk/channel-lifecycle";

/** Connects to a server of its own on 127.0.0.1 until the gateway stops the channel. */
export async function connect({ accountId, abortSignal, getStatus, setStatus, log }) {
  const server = createServer((socket) => socket.on("error", () => {}));
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const socket = open(server.address().port, "127.0.0.1");
  try {
    await new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    setStatus({ ...getStatus(), connected: true, lastConnectedAt: Date.now() });
    log?.info(`[${accountId}] loopback connected`);
    await waitUntilAbort(abortSignal);
  } finally {
    socket.destroy();
    server.close();
  }
}
