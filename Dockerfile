# The agent and the coordinator: Node and one bundled file (npm run build makes dist/ first).
ARG BASE=node:26-slim
FROM ${BASE}

LABEL org.opencontainers.image.title="kubelet-sysctl-agent" \
      org.opencontainers.image.description="Edit one ConfigMap; every node's kubelet allows exactly those unsafe sysctls." \
      org.opencontainers.image.licenses="Apache-2.0"

COPY dist/kubelet-sysctls.mjs LICENSE /app/

# Only root, within the capabilities of the pod, may enter the namespaces of the host's PID 1.
USER 0:0
WORKDIR /app
ENV NODE_ENV=production
# It runs on every node of somebody's cluster. Anonymous memory after some changes: 37 MB without these, 25 MB with them,
# and a change takes as long (npm run bench). malloc otherwise keeps an arena a thread, and V8 four helper threads.
# --optimize-for-size: V8 collects garbage early and keeps its heaps small; it still compiles what is hot.
# --expose-gc: the agent frees the buffers of a long list of pods while it reads it.
ENV MALLOC_ARENA_MAX=1
ENTRYPOINT ["node", "--optimize-for-size", "--v8-pool-size=1", "--expose-gc", "/app/kubelet-sysctls.mjs"]
