// Made by npm run generate from the JSON files beside it. Change those, not this file.

import type { CatalogueQueryType } from './types';

declare const queryType: CatalogueQueryType;
export default queryType;
