/** Maestro's script on the small host beside it; no device and no Maestro is run here. */

import { join } from "node:path";

import { expect, test } from "@playwright/test";

import { Host } from "./host";

/** What Maestro lets its scripts see of the environment. */
const GIVEN = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("MAESTRO_")));

/** Runs the script with these parameters, as a flow does; returns what the flow then has. */
function flow(host: Host, env: Record<string, string> = {}) {
  host.runScript(join(__dirname, "seedbed.js"), { ...GIVEN, ...env });
  return host.output["seedbed"];
}

test("a flow knows its persona, and the next one what it has changed", async ({ request }) => {
  const host = new Host();
  const { persona, token, expected } = flow(host, { PERSONA: "power" });
  expect(persona.email).toBe("test_user_power@pockitflyer.test");
  const [first] = expected.power.favorites_feed.ids;
  const url = `${process.env["BACKEND"]}/api/v1/favorites/${first}/`;
  const dropped = await request.delete(url, { headers: { Authorization: `Bearer ${token}` } });
  expect(dropped.status()).toBe(204);

  const { undone } = flow(host);
  expect(undone.tables).toHaveLength(1);
  expect(undone.tables[0].inserts[0].row).toMatch(/^power>flyer_\d+$/);
});

test("a flow starts from a declared state", async ({ request }) => {
  const { token } = flow(new Host(), { PERSONA: "active", STATE: "active_follows_nobody" });
  const url = `${process.env["BACKEND"]}/api/v1/flyers/feed/?lat=47.3769&lng=8.5417&filter=following`;
  const shown = await request.get(url, { headers: { Authorization: `Bearer ${token}` } });
  expect((await shown.json()).count).toBe(0);
});

test("a shard is a worker", () => {
  const { persona } = flow(new Host(), { PERSONA: "power", MAESTRO_SHARD_INDEX: "1" });
  expect(persona.email).toBe("test_user_power+w1@pockitflyer.test");
});

test("what the service refuses fails the flow, with its words", () => {
  expect(() => flow(new Host(), { STATE: "nobody" })).toThrow("no state `nobody` is declared");
});
