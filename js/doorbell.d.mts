export { default, default as Doorbell } from './doorbell.js';
