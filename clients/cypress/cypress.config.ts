import { defineConfig } from "cypress";

import { seedbed } from "./tasks";

export default defineConfig({
  e2e: {
    setupNodeEvents(on) {
      on("task", seedbed());
    },
  },
});
