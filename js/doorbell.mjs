// Doorbell's browser client as an ES module: doorbell.js itself, wherever it is loaded.
// Node and bundlers give what it exports; in a browser it has made a global instead.
import * as script from './doorbell.js';

export const Doorbell = script.default || globalThis.Doorbell;
export default Doorbell;
