// As types.ts, for ES modules.
import Doorbell, { Doorbell as Named } from 'doorbell-client';
import Server, { type Sealed } from 'doorbell-client/server';

const options: Doorbell.Options = { hold: 25 };
const bell: Doorbell = new Named('http://127.0.0.1:8080', options);
const rung: Promise<string> = bell.wait(22482n);

export { rung };

const server = new Server('http://127.0.0.1:8080', { secret: 'secret', hold: 25, public: 'https://bell.example' });
const several: Server = new Server(['http://127.0.0.1:8080', new URL('https://bell.example')]);
const next: Promise<Sealed> = server.topic('room/7').at(8);
const sealed: Promise<Sealed> = Server.newSealed();
const count: Promise<{ set: number; already: number }> = sealed.then(event =>
  server.setAll([22482, '7', event], { timeout: 1 }));
const field: string = server.header('22482', 7n)['Doorbell-Wait'];

// @ts-expect-error a page's client knows no secrets
bell.topic('room/7');

// @ts-expect-error a page has one node
new Doorbell(['http://127.0.0.1:8080']);

export { next, count, field, several };
