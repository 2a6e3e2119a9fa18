// The language host loads a main that ends in .ts through ts-node; this one lets Node strip the types itself. Every Node
// can read it, so that an old one is told what is missing.
if (!process.features.typescript) {
  console.error(
    `The policy pack needs Node.js 24, and this is ${process.version}: put a newer node first in PATH.`,
  );
  process.exit(1);
}
// The host waits for it, and reports what it throws.
module.exports = import("./index.ts");
