/** What docs/testing.md shows stands in the files that it names, line by line. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "@playwright/test";

const ROOT = join(__dirname, "..");
const PAGE = readFileSync(join(ROOT, "docs/testing.md"), "utf8");
const BLOCKS = [...PAGE.matchAll(/^```(\w+) (\S+)\n(.*?)^```$/gms)];

test("every snippet is part of a file that is run", () => {
  expect(BLOCKS.length).toBeGreaterThan(5);
  expect(BLOCKS.length).toBe([...PAGE.matchAll(/^```/gm)].length / 2);
  for (const [, , path, snippet] of BLOCKS) {
    expect(existsSync(join(ROOT, path!)), path).toBe(true);
    // An empty line with three dots stands for what is left out.
    for (const part of snippet!.split(/^ *\.\.\.\n/m)) {
      expect(readFileSync(join(ROOT, path!), "utf8"), path).toContain(part);
    }
  }
});
