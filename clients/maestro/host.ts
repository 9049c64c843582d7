/**
 * A small host for Maestro's scripts: its `http`, `json` and `output`, and nothing of a device.
 *
 * As in Maestro, a script is strict, parameters are global texts, a name that nobody declared is
 * `undefined`, calls over HTTP wait for their answer, a POST needs a body, and each script has a
 * context of its own while `output` goes from one to the next.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

interface Params {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

export class Host {
  /** What the scripts say to the flow, and to each other. */
  readonly output: Record<string, any> = {};

  /** `runScript` with its file and its `env`. */
  runScript(file: string, env: Record<string, string | undefined>): void {
    const call = (method: string) => (url: string, params?: Params) => request(method, url, params);
    const http = { get: call("GET"), post: call("POST"), put: call("PUT"), delete: call("DELETE") };
    const globals = { ...env, http, output: this.output, json: JSON.parse, console };
    const context = createContext(globals);
    runInContext("Object.setPrototypeOf(globalThis, new Proxy(Object.prototype, { has: () => true }))", context);
    runInContext(`"use strict"; ${readFileSync(file, "utf8")}`, context, { filename: file });
  }
}

/** One program asks and the other waits, since nothing in Node is allowed to block on the network. */
function request(method: string, url: string, { headers = {}, body }: Params = {}) {
  if (method === "POST" && body === undefined) throw new Error("method POST must have a request body.");
  const asked = JSON.stringify({ url, init: { method, headers, body } });
  return JSON.parse(execFileSync(process.execPath, ["-e", ASK], { input: asked, encoding: "utf8" }));
}

const ASK = `
  const { url, init } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  // What is no text has no type of its own in Maestro: a script that forgets the header is found out.
  const body = init.body === undefined ? undefined : new TextEncoder().encode(init.body);
  fetch(url, { ...init, body }).then(async (response) => {
    const answer = { ok: response.ok, status: response.status, body: await response.text() };
    process.stdout.write(JSON.stringify(answer));
  });
`;
