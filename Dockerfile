# The toolchain (for native modules without a prebuilt binary) and the dev dependencies stay in this stage.
FROM node:24-bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 make g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json build.js knexfile.ts knexfile.js ./
COPY src ./src
COPY migrations ./migrations
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
# Production refuses to start without BOT_TOKEN; for the sandbox run it outside of a container.
ENV NODE_ENV=production \
    PORT=3000 \
    DATA_DIR=/data \
    BACKUP_DIR=/backups
RUN install -d -o node -g node -m 0700 /data /backups
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY knexfile.js LICENSE ./
USER node
VOLUME ["/data", "/backups"]
EXPOSE 3000
# Liveness only: a Redis outage must not get the service restarted. With PORT set, every role answers it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The service needs up to 10 s to stop, which is what Docker grants.
CMD ["node", "dist/src/main.js"]
