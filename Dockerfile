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
ENTRYPOINT ["node", "/app/kubelet-sysctls.mjs"]
