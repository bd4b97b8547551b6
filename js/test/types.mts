// As types.ts, for ES modules.
import Doorbell, { Doorbell as Named } from 'doorbell-client';

const options: Doorbell.Options = { hold: 25 };
const bell: Doorbell = new Named('http://127.0.0.1:8080', options);
const rung: Promise<string> = bell.wait(22482n);

export { rung };
