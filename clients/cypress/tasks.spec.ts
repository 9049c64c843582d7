/**
 * The tasks, called as Cypress calls them: by name, over a border that only JSON crosses, and with a
 * result that is not `undefined`. Cypress itself is a program that npm does not carry; its types are
 * checked, its browser is not run here.
 */

import { expect, test } from "@playwright/test";

import config from "./cypress.config";

type Task = (argument: unknown) => unknown;

/** Collects what `setupNodeEvents` registers, and returns `cy.task`. */
async function cypress(): Promise<(name: string, argument?: unknown) => Promise<any>> {
  const tasks: Record<string, Task> = {};
  const on = (event: string, given: Record<string, Task>) => {
    expect(event).toBe("task");
    Object.assign(tasks, given);
  };
  const { setupNodeEvents } = config.e2e!;
  await setupNodeEvents!(on as Cypress.PluginEvents, {} as Cypress.PluginConfigOptions);
  return async (name, argument = null) => {
    const result = await tasks[name]!(JSON.parse(JSON.stringify(argument)));
    if (result === undefined) throw new Error(`the task ${name} returned undefined`);
    return JSON.parse(JSON.stringify(result));
  };
}

test("a reset names the personas and tells what it undid", async ({ request }) => {
  const task = await cypress();
  const { personas, expected } = await task("seedbed:reset");
  const token = await task("seedbed:token", "power");
  const [first] = expected.power.favorites_feed.ids;
  const dropped = await request.delete(`${process.env["BACKEND"]}/api/v1/favorites/${first}/`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(dropped.status()).toBe(204);

  const changed = await task("seedbed:plan");
  expect(changed).toMatch(/^removed {2}flyers_favorite {2}power>flyer_\d+\n$/);
  expect((await task("seedbed:reset")).undone).toBe(changed);
  expect(await task("seedbed:plan")).toBe("");
  expect(personas.power.email).toBe("test_user_power@pockitflyer.test");
});

test("a test starts from a declared state", async () => {
  const task = await cypress();
  await task("seedbed:reset", { state: "active_follows_nobody" });
  expect(await task("seedbed:plan")).toBe("");
  expect(await task("seedbed:tell", "a test that did nothing")).toBe("nothing\n");
  expect((await task("seedbed:reset")).undone).toMatch(/^(removed {2}users_follow {2}active>user_\d+\n){3,5}$/);
  await expect(task("seedbed:reset", { state: "nobody" })).rejects.toThrow("active_follows_nobody");
});
