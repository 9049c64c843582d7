/**
 * How the tests of the clients run: in the Chromium of the system, against the real backend on a port
 * of its own, inside `seedbed run`. `clients/test` sets up what stands in the environment here.
 */

import { defineConfig } from "@playwright/test";

import type { Options } from "./playwright/fixture";

export default defineConfig<Options>({
  fullyParallel: true,
  forbidOnly: true,
  reporter: [["dot"]],
  outputDir: "../target/clients/results",
  // Other programs share the machine; nothing here waits for longer than it must.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  use: {
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
    },
  },
  projects: [
    { name: "four workers", testMatch: "playwright/whole.spec.ts", repeatEach: Number(process.env["ROUNDS"] ?? 1) },
    { name: "clients", testMatch: ["*/*.spec.ts", "*.spec.ts"], testIgnore: ["playwright/whole.spec.ts", "playwright/failing/**"] },
    { name: "failing", testMatch: "playwright/failing/*.spec.ts" },
  ],
  webServer: {
    // Django says which port it was given.
    command: `exec "$PYTHON" -u manage.py runserver --noreload 127.0.0.1:0 2>>"$BACKEND_LOG"`,
    cwd: "../pockitflyer_backend",
    wait: { stdout: /server at (?<backend>http:\/\/127\.0\.0\.1:\d+)/ },
  },
});
