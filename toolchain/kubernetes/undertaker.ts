import { type ChildProcess, spawn } from "node:child_process";

/** A group is busy until the kernel is done with its last process. */
const script = `
link=$1; shift
cat > /dev/null
for try in $(seq 300); do
  left=
  for group in "$@"; do
    [ -d "$group" ] || continue
    find "$group" -depth -type d -exec rmdir {} + 2> /dev/null
    [ -d "$group" ] && left=1
  done
  [ -z "$left" ] && break
  sleep 0.1
done
ip link delete "$link" 2> /dev/null
exit 0
`;

/**
 * Removes what a killed cluster would leave: its control groups and its link. It waits until the process that started
 * it is gone, or lets it go on by closing its standard input.
 */
export class Undertaker {
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;

  constructor(link: string, groups: readonly string[]) {
    // In a session of its own: what kills its parent must not reach it.
    this.#process = spawn("sh", ["-c", script, "undertaker", link, ...groups], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      cwd: "/",
    });
    this.#gone = new Promise((resolve) => {
      this.#process.once("exit", resolve);
      this.#process.once("error", resolve);
    });
    this.#process.stdin?.on("error", () => {});
  }

  async bury(): Promise<void> {
    this.#process.stdin?.end();
    await this.#gone;
  }
}
