// A world for the tests: a scratch database with the dataset, the service, the backend, a browser.
// Everything listens on loopback at free ports, and everything ends with the test that began it.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const REPOSITORY = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
const SEEDBED = process.env.SEEDBED ?? path.join(REPOSITORY, "target/debug/seedbed");
const PYTHON = process.env.PYTHON ?? path.join(REPOSITORY, "target/python/bin/python");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export class World {
  // Seeds m03 for workers 0 and 1, and serves it.
  static async begin() {
    const world = new World();
    world.folder = await mkdtemp(path.join(tmpdir(), "seedbed-browser-"));
    world.file = path.join(world.folder, "db.sqlite3");
    world.flags = ["--db", `sqlite:${world.file}`, "--media", path.join(world.folder, "media")];
    world.ends = [];
    for (const worker of ["0", "1"]) world.seedbed("seed", "m03", "--worker", worker);
    const token = path.join(world.folder, "token");
    world.url = await world.start(SEEDBED, ["serve", "m03", "--workers", "2", "--token-file", token, ...world.flags],
      /(http:\/\/127\.0\.0\.1:\d+)/);
    world.token = (await readFile(token, "utf8")).trim();
    world.browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET });
    world.ends.push(() => world.browser.close());
    return world;
  }

  async end() {
    for (const end of this.ends.reverse()) await end();
    await rm(this.folder, { recursive: true, force: true });
  }

  // Runs a verb to its end; returns what it prints.
  seedbed(...args) {
    const run = spawnSync(SEEDBED, [...args, ...this.flags], { cwd: REPOSITORY, encoding: "utf8" });
    if (run.error) throw run.error;
    this.code = run.status;
    if (run.status > 1) throw new Error(run.stderr);
    return run.stdout;
  }

  // Starts a program that stays; returns what its output says first where `pattern` has its group.
  async start(program, args, pattern, env = {}) {
    const child = spawn(program, args, { cwd: REPOSITORY, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "exit");
    this.ends.push(async () => {
      child.kill("SIGTERM");
      await ended;
    });
    const said = [];
    return await new Promise((found, failed) => {
      child.on("error", failed);
      ended.then(([code]) => failed(new Error(`${program} ended with ${code}: ${said.join("\n")}`)));
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          said.push(line);
          const match = pattern.exec(line);
          if (match) found(match[1]);
        });
      }
    });
  }

  // Starts the application itself on the same database; returns its address.
  async backend() {
    const serve = [
      "import django; django.setup()",
      "from django.core.wsgi import get_wsgi_application",
      "from wsgiref.simple_server import make_server, WSGIRequestHandler",
      "WSGIRequestHandler.log_message = lambda *args: None",
      "server = make_server('127.0.0.1', 0, get_wsgi_application())",
      "print(f'listening http://127.0.0.1:{server.server_port}', flush=True)",
      "server.serve_forever()",
    ].join("\n");
    const backend = path.join(REPOSITORY, "pockitflyer_backend");
    return await this.start(PYTHON, ["-c", serve], /listening (http:\S+)/, {
      DJANGO_SETTINGS_MODULE: "pockitflyer.settings",
      PYTHONPATH: backend,
      POCKITFLYER_SQLITE: this.file,
      POCKITFLYER_MEDIA: path.join(this.folder, "media"),
    });
  }

  // Opens the page in a browser of its own; what it asks for and what goes wrong is kept.
  async page({ width = 1280, height = 900, scheme = "light", query = "", clock = false } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: scheme });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: this.url });
    const page = await context.newPage();
    if (clock) await page.clock.install();
    page.asked = [];
    page.wrong = [];
    page.on("request", (request) => page.asked.push(request.url()));
    page.on("pageerror", (error) => page.wrong.push(error.message));
    page.on("console", (message) => {
      // Before it is in, a browser is told so with 401.
      if (message.type() === "error" && !message.text().includes("401")) page.wrong.push(message.text());
    });
    await page.goto(`${this.url}/${query}#key=${await this.key()}`);
    await page.locator("#verbs").waitFor({ state: "visible" });
    return page;
  }

  // Returns a key that lets one browser in.
  async key() {
    return (await this.ask("/v1/key", {})).key;
  }

  async ask(address, body) {
    const response = await fetch(this.url + address, {
      method: body ? "POST" : "GET",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    return await response.json();
  }

  // Runs a statement beside the service, as an application would; returns its rows.
  sql(text, ...values) {
    const ask = [
      "import json, sqlite3, sys",
      "database = sqlite3.connect(sys.argv[1], timeout=30)",
      "rows = database.execute(sys.argv[2], json.loads(sys.argv[3])).fetchall()",
      "database.commit()",
      "print(json.dumps(rows))",
    ].join("\n");
    const run = spawnSync("python3", ["-c", ask, this.file, text, JSON.stringify(values)], { encoding: "utf8" });
    if (run.status !== 0) throw new Error(run.stderr);
    return JSON.parse(run.stdout);
  }
}
