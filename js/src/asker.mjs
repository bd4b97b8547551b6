// Asks a node for all that is wanted, by as few requests as do: 64 ids each.
import {isFinal} from './requests.mjs';
import {findRoads} from './roads.mjs';
import {insist} from './time.mjs';

const IDS = 64; // of a request; a node refuses more
const SCRIPTS = 4; // that hang; a browser has six connections for a host

// onTold(ids, road, error): they are set, or there is an error that stays.
// onTry(error): one that may pass, or undefined after an answer.
export function openAsker(base, transport, hold, onTold, onTry) {
  const batches = new Set(); // of {ids, stop}, a request each
  const roads = findRoads(base, transport, hold, tell);
  const isScript = () => roads.taken === 'script';

  function tell(ids, error) {
    for (const batch of batches) {
      for (const id of ids) batch.ids.delete(id);
      if (!batch.ids.size) batch.stop.abort();
    }
    onTold(ids, roads.taken, error);
  }

  function batchFor(id) {
    let batch = [...batches].find(({ids, stop}) =>
      ids.size < IDS && (!stop || !isScript() || batches.size >= SCRIPTS));
    if (!batch) batches.add(batch = {ids: new Set()});
    batch.ids.add(id);
    return batch;
  }

  async function run(batch) {
    while (batch.ids.size) {
      const {signal} = batch.stop = new AbortController();
      try {
        tell(await insist(signal, async () => {
          const set = await roads.ask([...batch.ids], signal);
          onTry(set === undefined ? new Error('"not yet" at once') : undefined);
          return set;
        }, error => isFinal(error) || onTry(error)));
      } catch (error) {
        if (!signal.aborted) tell([...batch.ids], error);
      }
    }
    batches.delete(batch);
    roads.rest(() => !batches.size);
  }

  return {
    // Asks for these from now on, and for no others.
    want(ids) {
      const news = new Set(ids);
      for (const batch of batches) {
        for (const id of batch.ids) {
          if (news.delete(id)) continue;
          batch.ids.delete(id);
          roads.forget(id);
        }
        if (!batch.ids.size) batch.stop.abort();
      }
      const changed = new Set();
      for (const id of news) changed.add(batchFor(id));
      for (const batch of changed) {
        if (!batch.stop) run(batch);
        // A script that is given up hangs on all the same: the next one will ask.
        else if (!isScript()) batch.stop.abort();
      }
    },
    // Asks anew at once.
    wake: () => batches.forEach(({stop}) => stop.abort()),
  };
}
