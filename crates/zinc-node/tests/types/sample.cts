// The same types for CommonJS. Never run.

import zinc = require("zinc");

const region: zinc.OwnedRegion = zinc.SharedRegion.create("pipeline", 4096);
const bytes: Uint8Array = new Uint8Array(region.buffer);
region.notify();
export const said: string = `${zinc.version} ${bytes.length}`;
