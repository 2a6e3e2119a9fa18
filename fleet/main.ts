const needed = 24;
const node = process.versions.node;

if (Number.parseInt(node, 10) < needed) {
  process.stderr.write(
    `fleet needs Node ${needed} or newer, but runs on ${node}. Start it with \`npm run fleet -- …\`: that brings its own Node.\n`,
  );
  process.exitCode = 1;
} else {
  const { fleet } = await import("./command-line.ts");
  process.exitCode = await fleet(process.argv.slice(2), process.stdout, process.stderr);
}
