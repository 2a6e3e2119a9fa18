// The door of every npm script: brings the npm packages and a Node.js that runs TypeScript by itself, then hands over.
// Plain JavaScript without dependencies, because it runs on the machine's own Node.js before anything is installed.
//
//   node toolchain/bootstrap.mjs ENTRY.ts [ARGUMENT…]

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const oldestNode = 20;
const typescriptNode = 24;
const oldestNpm = 7;
const heartbeatSeconds = 10;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const binaries = join(modules, ".bin");
const installedFor = join(modules, ".clawforce-lock");
const installing = join(root, ".npm-ci.lock");
/** An update starts some twenty programs: each one loads in half the time from what an earlier one has compiled. */
const compiled = join(modules, ".cache", "compile");

/** An error that says all there is to say: printed without a stack trace. */
class BootstrapError extends Error {}

async function main() {
  if (majorOf(process.version) < oldestNode) {
    throw new BootstrapError(
      `Node.js ${process.version} is too old: install Node.js ${oldestNode} or newer, for example from https://nodejs.org.`,
    );
  }
  const [entry, ...rest] = process.argv.slice(2);
  if (entry === undefined) {
    throw new BootstrapError(
      "Nothing to run: name a TypeScript file, as the npm scripts in package.json do.",
    );
  }
  await installPackages();
  await handOver(typescriptRuntime(), [join(root, entry), ...rest]);
}

/** Runs `npm ci` unless node_modules already belongs to this package-lock.json. */
async function installPackages() {
  if (isInstalled()) return;
  await waitForOtherInstall();
  if (isInstalled()) return;
  writeFileSync(installing, String(process.pid));
  try {
    await npmCi();
    writeFileSync(installedFor, lockDigest());
  } finally {
    rmSync(installing, { force: true });
  }
}

function isInstalled() {
  return existsSync(installedFor) && readFileSync(installedFor, "utf8") === lockDigest();
}

function lockDigest() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

/** Two npm scripts started at once must not both replace node_modules. */
async function waitForOtherInstall() {
  for (let waited = 0; existsSync(installing); waited += 1) {
    const other = installerPid();
    if (!isAlive(other)) return;
    if (waited % heartbeatSeconds === 0) console.log(`  … waiting for the npm ci of process ${other}`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function installerPid() {
  try {
    return Number(readFileSync(installing, "utf8"));
  } catch {
    // Gone since we looked: it has finished.
    return 0;
  }
}

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/**
 * No package's install script is needed: the ones there are would compile optional parts or download plugins. So they
 * are switched off, which every npm version understands, instead of relying on a list that only some of them read.
 */
async function npmCi() {
  const npm = npmCommand();
  const version = spawnSync(npm[0], [...npm.slice(1), "--version"], { cwd: root, encoding: "utf8" });
  if (version.status !== 0 || majorOf(version.stdout) < oldestNpm) {
    throw new BootstrapError(
      `npm ${oldestNpm} or newer is needed to install the packages: update or install npm.`,
    );
  }
  const started = Date.now();
  const heartbeat = setInterval(
    () => console.log(`  … installing npm packages, ${secondsSince(started)} s`),
    heartbeatSeconds * 1000,
  );
  try {
    const ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    const { code, output } = await collect(npm[0], [...npm.slice(1), ...ci]);
    if (code !== 0) {
      throw new BootstrapError(
        `npm ci failed: repair what it names and start again.\n${output.slice(-4000).trim()}`,
      );
    }
  } finally {
    clearInterval(heartbeat);
  }
  console.log(`✓ npm packages: installed by npm ${version.stdout.trim()} (${secondsSince(started)} s)`);
}

/** The npm that runs this script, else the one on PATH. */
function npmCommand() {
  const running = process.env.npm_execpath;
  const isNpm = running !== undefined && /npm-cli\.c?js$/.test(running);
  return isNpm ? [process.execPath, running] : ["npm"];
}

function collect(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const add = (chunk) => {
      output += chunk;
    };
    child.stdout.on("data", add);
    child.stderr.on("data", add);
    child.on("error", (error) => resolve({ code: 1, output: error.message }));
    child.on("close", (code) => resolve({ code, output }));
  });
}

function secondsSince(started) {
  return Math.round((Date.now() - started) / 1000);
}

/** The Node.js among the packages, else the running one if it is new enough to run TypeScript by itself. */
function typescriptRuntime() {
  const packaged = linkedNode();
  const answer = spawnSync(packaged, ["--version"], { encoding: "utf8" });
  if (answer.status === 0 && majorOf(answer.stdout) >= typescriptNode) return packaged;
  if (majorOf(process.version) >= typescriptNode) return process.execPath;
  throw new BootstrapError(
    `The npm packages bring no Node.js ${typescriptNode} for ${process.platform} on ${process.arch}: install Node.js ${typescriptNode} and start again.`,
  );
}

/** npm 10 drops the link to a program that another, skipped package has as well: here that of the other processor. */
function linkedNode() {
  const link = join(binaries, "node");
  const target = join("..", `node-${process.platform}-${process.arch}`, "bin", "node");
  if (!existsSync(link) && existsSync(join(binaries, target))) symlinkSync(target, link);
  return link;
}

/** Runs the entry with the packages' programs first on PATH, and ends the way it ends. */
function handOver(node, args) {
  const path = [dirname(node), binaries, process.env.PATH].join(delimiter);
  const env = { NODE_COMPILE_CACHE: compiled, ...process.env, PATH: path };
  const child = spawn(node, args, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // A terminal sends its interrupt to the child as well, and a second one would mean "at once" to Pulumi.
      const sentByTerminal = signal === "SIGINT" && process.stdin.isTTY;
      if (!sentByTerminal) child.kill(signal);
    });
  }
  return new Promise((_resolve, reject) => {
    child.on("error", (error) => reject(new BootstrapError(`${node} cannot be started: ${error.message}`)));
    child.on("exit", (code, signal) => {
      process.exit(code ?? 128 + constants.signals[signal]);
    });
  });
}

function majorOf(version) {
  return Number.parseInt(version.replace(/^v/, ""), 10);
}

main().catch((error) => {
  console.error(error instanceof BootstrapError ? error.message : error);
  process.exit(1);
});
