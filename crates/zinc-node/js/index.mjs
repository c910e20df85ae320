// The same for `import`: one implementation, so that both ways give the same classes.

import zinc from "./index.cjs";

export const { OwnedRegion, SharedRegion, ZincError, list, remove, version } = zinc;
