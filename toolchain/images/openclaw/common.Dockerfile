# What every OpenClaw version of this fleet has in common, file for file: a host stores and pulls it once.
ARG BASE
FROM ${BASE}
COPY --chown=node:node files/ /opt/openclaw/
RUN ln -s /opt/openclaw/node_modules/openclaw/openclaw.mjs /usr/local/bin/openclaw
