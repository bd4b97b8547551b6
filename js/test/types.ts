// Not run: the compiler checks that the declarations fit the use, here from CommonJS.
import Doorbell = require('doorbell-client');

const bell = new Doorbell('http://127.0.0.1:8080', { hold: 25, transport: 'auto' });
const controller = new AbortController();

const rung: Promise<string> = bell.wait('22482', { signal: controller.signal, timeout: 60 });
const big: Promise<string> = bell.wait(2n ** 100n, { transport: 'script' });
const first: Promise<boolean> = bell.set(22482);
const sealed: Promise<boolean> = bell.set('ab'.repeat(32), 'key', { timeout: 3 });
const some: Promise<string[]> = bell.waitAny(['1', 2n, 3], { timeout: 0 });
const id: string = Doorbell.randomId();
const alone = new Doorbell('http://127.0.0.1:8080', { share: false, transport: 'websocket', origins: ['https://bell.example'] });
const road: 'websocket' | 'fetch' | 'script' | undefined = alone.road;
const over: Promise<void> = bell.follow('/count', answer => console.log(answer.count), {
  signal: controller.signal,
  field: 'doorbell',
  onError: (error: Doorbell.Refusal) => console.error(error.status, error.retryAfter),
  origins: [],
  init: { credentials: 'include' },
});

// @ts-expect-error an id is no object
bell.wait({});
// @ts-expect-error there is no such transport
new Doorbell('http://127.0.0.1:8080', { transport: 'pigeon' });
// @ts-expect-error a node has to be named
new Doorbell();

export { rung, big, first, sealed, some, id, road, over };
