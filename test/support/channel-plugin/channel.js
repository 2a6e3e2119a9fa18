// What the gateway knows of the channel. Like OpenClaw's own channels it loads what needs the plugin SDK only when the
// channel starts: a package that can't be found then stops this channel, and nothing else says so.
const id = "clawforce-loopback";
const accountId = "default";

export const channel = {
  id,
  meta: {
    id,
    label: "Clawforce loopback",
    selectionLabel: "Clawforce loopback (demo and tests)",
    docsPath: `/channels/${id}`,
    blurb: "A channel that talks to nothing but its own machine.",
  },
  capabilities: { chatTypes: ["direct"] },
  reload: { configPrefixes: [`channels.${id}`] },
  configSchema: { schema: { type: "object", additionalProperties: true, properties: {} } },
  config: {
    listAccountIds: (configuration) => (configuration.channels?.[id] ? [accountId] : []),
    resolveAccount: (configuration) => ({ accountId, ...configuration.channels?.[id] }),
    defaultAccountId: () => accountId,
    isConfigured: () => true,
    describeAccount: (account) => ({ accountId: account.accountId, enabled: true, configured: true }),
  },
  status: {
    buildAccountSnapshot: ({ account, runtime, probe }) => ({
      accountId: account.accountId,
      enabled: true,
      configured: true,
      running: runtime?.running ?? false,
      connected: runtime?.connected ?? false,
      lastError: runtime?.lastError ?? null,
      probe,
    }),
    probeAccount: async () => ({ ok: true }),
  },
  gateway: {
    startAccount: async (context) => {
      const { connect } = await import("./connection.js");
      await connect(context);
    },
  },
};
