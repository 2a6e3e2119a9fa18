/**
 * A client of IRC for one message, run by the Node.js of the gateway's own container: what that reaches is what counts.
 * Its argument is one JSON document: `{host, port, tls, to, bot, text, output?, patience}`, `patience` in seconds. In a channel
 * the gateway talks to others too: what does not match `output` is no answer to this message yet. It prints one document:
 * `{problem}` where nothing could be sent, else `{seconds, answer?, by?, there?}`; `there` is whether the gateway was seen, and
 * `answer` the one that matches, or the last one.
 */
export const ircScript = `
const { connect } = require("node:net");
const { connect: connectTls } = require("node:tls");
const { host, port, tls, to, bot, text, output, patience } = JSON.parse(process.argv[1]);
const wanted = output === undefined ? /(?:)/ : new RegExp(output, "m");
let last = {};
const isChannel = /^[#&+!]/.test(to);
const lower = (nick) => nick.toLowerCase();
const isBot = (nick) => lower(nick).replace(/_+$/, "") === lower(bot).replace(/_+$/, "");
let nick = "probe" + Math.random().toString(36).slice(2, 8);
let sent;
let there;
const targets = isChannel ? [to] : [to, to + "_", to + "__"];
const end = (seen) => {
  process.stdout.write(JSON.stringify(seen) + "\\n", () => process.exit(0));
};
const seconds = () => Math.round((Date.now() - sent) / 100) / 10;
setTimeout(() => end(sent === undefined
  ? { problem: "the server did not let it in within " + patience + " s" }
  : { seconds: seconds(), there, ...last }), patience * 1000);
const socket = tls ? connectTls({ host, port, servername: host }) : connect({ host, port });
const write = (line) => socket.write(line + "\\r\\n");
const send = () => {
  sent ??= Date.now();
  write("PRIVMSG " + targets[0] + " :" + text);
};
socket.on(tls ? "secureConnect" : "connect", () => {
  write("NICK " + nick);
  write("USER probe 0 * :clawforce verification");
});
socket.on("error", (error) => end({ problem: error.message || String(error.code) }));
socket.on("close", () => end(sent === undefined
  ? { problem: "the server closed the connection" }
  : { seconds: seconds(), there, ...last }));
let rest = "";
socket.on("data", (chunk) => {
  rest += chunk.toString("utf8");
  const lines = rest.split("\\n");
  rest = lines.pop();
  for (const line of lines) take(line.replace(/\\r$/, ""));
});
function take(line) {
  const [, prefix = "", command = "", tail = ""] = /^(?::(\\S+) )?(\\S+) ?(.*)$/.exec(line) || [];
  const from = prefix.split("!")[0];
  const said = tail.includes(":") ? tail.slice(tail.indexOf(":") + 1) : "";
  switch (command) {
    case "PING": return write("PONG " + tail);
    case "433": nick += "_"; return write("NICK " + nick);
    case "001": return isChannel ? write("JOIN " + to) : send();
    case "353": there = there || said.split(" ").some((each) => isBot(each.replace(/^[@+%~&]/, ""))); return;
    case "366": there = there === true; return send();
    case "401":
      targets.shift();
      if (targets.length > 0) return send();
      there = false;
      return;
    case "403": case "405": case "471": case "473": case "474": case "475": case "477":
      return end({ problem: said });
    case "PRIVMSG": {
      const target = tail.split(" ")[0];
      const isAnswer = isChannel ? lower(target) === lower(to) : lower(target) === lower(nick);
      if (sent === undefined || !isAnswer || !isBot(from)) return;
      last = { answer: said, by: from, there: true };
      if (wanted.test(said)) end({ seconds: seconds(), ...last });
    }
  }
}
`;
