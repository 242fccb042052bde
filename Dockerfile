# The agent and the coordinator: Node and one bundled file (npm run build makes dist/ first).
# Only the base depends on the architecture: --platform linux/arm64 builds the same with the same files. For builds that can be
# repeated name it with its digest: --build-arg BASE=node:26-slim@sha256:…; scripts/base-image has a smaller one.
ARG BASE=node:26-slim
FROM ${BASE}

LABEL org.opencontainers.image.title="kubelet-sysctl-agent" \
      org.opencontainers.image.description="Edit one ConfigMap; every node's kubelet allows exactly those unsafe sysctls." \
      org.opencontainers.image.licenses="Apache-2.0"

COPY dist/kubelet-sysctls.mjs dist/kubelet-sysctls.licenses.txt LICENSE /app/

# Only root, within the capabilities of the pod, may enter the namespaces of the host's PID 1.
USER 0:0
WORKDIR /app
ENV NODE_ENV=production
# It runs on every node of somebody's cluster. Anonymous memory after some changes: 37 MB without these, 23 to 26 MB with them,
# resident memory 94 MB and 71 to 74 MB, and a change takes as long (npm run bench): what a change does is waiting, not computing.
# --jitless: V8 interprets, and never has memory that is both writable and executable. --optimize-for-size: its heaps stay small.
# (--lite-mode is both, without inline caches: a change took 454 ms with it, and 423 ms with these.)
# --no-flush-bytecode: what the last change compiled is still there for the next.
# --v8-pool-size: one helper thread, not four. malloc otherwise keeps an arena a thread.
ENV MALLOC_ARENA_MAX=1
ENTRYPOINT ["node", "--jitless", "--optimize-for-size", "--no-flush-bytecode", "--v8-pool-size=1", "--max-old-space-size=48", "--expose-gc", "/app/kubelet-sysctls.mjs"]
