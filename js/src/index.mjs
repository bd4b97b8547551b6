// What doorbell.js is built of: a global of a page, or what Node requires.
import {Doorbell} from './doorbell.mjs';
import {byFetch, call, isRefusal, whichSet} from './requests.mjs';
import {idText} from './text.mjs';
import {insist, within} from './time.mjs';

Doorbell._ = {byFetch, call, idText, insist, isRefusal, whichSet, within}; // for server.mjs
if (typeof module === 'object' && module.exports) module.exports = Doorbell;
else globalThis.Doorbell = Doorbell;
