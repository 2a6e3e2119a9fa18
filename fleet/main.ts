const needed = 24;
const node = process.versions.node;

if (Number.parseInt(node, 10) < needed) {
  process.stderr.write(
    `fleet needs Node ${needed} or newer and runs on ${node}: start it with \`npm run fleet -- …\`, which brings its own.\n`,
  );
  process.exitCode = 1;
} else {
  const { fleet } = await import("./command-line.ts");
  process.exitCode = await fleet(process.argv.slice(2), process.stdout, process.stderr);
}
