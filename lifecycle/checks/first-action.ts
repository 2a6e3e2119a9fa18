/** A symptom, as logs and checks show it, and what to do about it first. In the order in which they are looked for. */
const actions: readonly [RegExp, string][] = [
  [
    /Proxy client attribution|trustedProxies/i,
    "name the address of the ingress under `gateway.trustedProxies` in openclaw.json (docs/ingress.md has the command). The version that runs takes that too: do it before the update.",
  ],
  [
    /Cannot find (package|module)|ERR_MODULE_NOT_FOUND/i,
    "go back to the version before; install nothing into the container by hand. Then look for the package's name in the changelog of later versions.",
  ],
  [
    /ENOSPC|no space left|disk (is )?full|SQLITE_FULL/i,
    "take a snapshot before anything is removed, then free space (logs and workspaces grow without rotation), then try again. If that is not enough: a larger disk, or the workspace on a volume of its own.",
  ],
  [
    /another gateway instance|lock timeout|already listening/i,
    "find and stop the other gateway on this state before anything else: two on one state destroy it.",
  ],
  [
    /pairing|device (auth|token|identity)|scope upgrade|token mismatch|unauthorized/i,
    "make sure that the old instance is stopped, then `openclaw devices list` in the container and the pairing that it asks for. If that does not help: go back with the state of before, which has the tokens.",
  ],
  [
    /No API key found|401|invalid api key/i,
    "see whether the provider's key is in the new container's environment or auth profiles (`openclaw models status`); a key can have been rotated meanwhile.",
  ],
  [
    /failover|(model|LLM|provider).*(time[d ]?-?out|overloaded)|openclaw agent .*did not end within|embedded run/i,
    "ask the provider with curl, from the container and from the host, then try a fresh key on one instance. If that does not help: the provider's status page and the firewall. `pins` names sessions that a failover has left on another model.",
  ],
  [
    /channel (startup failed|exited)|auto-restart attempt|does not run|is not connected|is gone|does not answer its probe/i,
    "look at that channel's lines in the gateway's log; `openclaw channels status --probe` tells more. A channel that was up before and is down now: go back, then find out.",
  ],
  [
    /failed to load plugin/i,
    "`openclaw plugins list` in the container names it; a plugin made for another version: update it on a drill clone first.",
  ],
  [
    /Invalid config|exit code 78|Unrecognized key/i,
    "`openclaw config validate` in the container names the key. `openclaw doctor --fix` removes keys that it does not know: try it on a drill clone first.",
  ],
  [
    /Gateway failed to start|restart(ing| loop)|ended with exit code|is unhealthy|\[gateway-http\]|ECONNREFUSED|no answer|not reachable/i,
    "compare the address that the gateway binds (`gateway.bind`) with the Control UI's allowed origins: try `loopback`, or correct the list, then start it again. If it still restarts: go back to the digest before, with its snapshot.",
  ],
];

/** What to do first about a failed check or a line of a log; undefined for a symptom that nobody has written down. */
export function firstAction(symptom: string): string | undefined {
  return actions.find(([pattern]) => pattern.test(symptom))?.[1];
}
