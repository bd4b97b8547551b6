// What doorbell.js is built of: a global of a page, or what Node requires.
import {Doorbell} from './doorbell.mjs';
import {byFetch, callNode, isFinal, nonsense, whichSet} from './requests.mjs';
import {warn} from './tell.mjs';
import {bellUrl, idText, idTexts} from './text.mjs';
import {afterNotYet, because, checkSeconds, insist, within} from './time.mjs';

// For server.mjs, in this order.
Doorbell._ = [
  afterNotYet, because, bellUrl, byFetch, callNode, checkSeconds, idText, idTexts, insist, isFinal,
  nonsense, warn, whichSet, within,
];
if (typeof module === 'object' && module.exports) module.exports = Doorbell;
else globalThis.Doorbell = Doorbell;
