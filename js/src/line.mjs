// Those who wait at one node by one road. Tabs of an origin share: one leads and asks for all, the
// others tell it what they wait for, and it tells all what is set. The lead is a lock, so the
// browser passes it on when a tab ends. A wake is never lost in between: whoever leads next is told
// by all what they wait for, and asks for it anew.
import {openAsker} from './asker.mjs';
import {page} from './requests.mjs';
import {warn} from './tell.mjs';
import {randomName} from './text.mjs';
import {waking} from './time.mjs';

const lines = {}; // one for all bells of a page that would have the same

export function lineTo(base, transport, {hold, share}) {
  return lines[[transport, hold, share, base]] ||= openLine(base, transport, hold, share);
}

function openLine(base, transport, hold, share) {
  const waits = new Map(); // by id: {id, waiters, rung, end, road}
  const others = new Map(); // sets of ids, by the names of the tabs that wait for them
  const me = randomName();
  const name = `doorbell 1 ${transport} ${base}`;
  const asker = openAsker(base, transport, hold, tell, error => {
    if (error || failure) say({failed: plain(error)});
    failed(error);
  });
  let failure; // the last one since an answer came
  let channel;
  let lead; // the lock that this tab has
  let queued = false; // for the lock
  let due; // a look at what is wanted

  // Once for all that is changed in one go.
  function look() {
    due ||= Promise.resolve().then(() => {
      due = undefined;
      const ids = [...waits.keys()];
      if (!lead) return say({want: ids});
      for (const set of others.values()) ids.push(...set);
      asker.want(ids);
    });
  }

  function say(words) {
    channel?.postMessage({from: me, ...words});
  }

  function tell(told, road, error) {
    for (const set of others.values()) for (const id of told) set.delete(id);
    say({told, road, error: plain(error)});
    end(told, road, error);
  }

  function failed(error) {
    failure = error;
    if (error && waits.size) warn(base, error);
  }

  function end(ids, road, error) {
    for (const id of ids) {
      const wait = waits.get(id);
      if (!wait) continue;
      waits.delete(id);
      if (error) warn(base, error);
      else wait.road = road;
      wait.end(error);
    }
  }

  function take(steal) {
    queued ||= !steal;
    let lock;
    navigator.locks.request(name, {steal}, () => {
      if (!steal) queued = false;
      others.clear();
      lead = lock = {};
      say({});
      look();
      return new Promise(() => {}); // for as long as the page lives
    }).catch(() => {
      if (!lock) lead ||= {}; // there are no locks in this page: each by itself
      else if (lead === lock) lead = undefined; // another tab took it
      if (!lead) asker.want([]);
      if (lock && !queued) take(false);
      look();
    });
  }

  if (share && page && navigator.locks && globalThis.BroadcastChannel) {
    channel = new BroadcastChannel(name);
    channel.onmessage = ({data}) => {
      const {from, want, told, road, error} = data;
      if ('failed' in data) return failed(asError(data.failed));
      if (told) return end(told, road, asError(error));
      if (want) others.set(from, new Set(want));
      if (!want || lead) look();
    };
    addEventListener('pagehide', () => say({want: []}));
    // Who is looked at leads: a browser lets hidden tabs sleep.
    take(!page.hidden);
  } else {
    lead = {};
  }
  if (page) {
    waking.add(() => {
      if (lead) asker.wake();
      else if (!page.hidden) take(true);
      look();
    });
  }

  return {
    failure: () => failure,
    // Its `road` is there once the id is set, which `rung` tells; `rung` rejects on an error that
    // stays.
    join(id) {
      let wait = waits.get(id);
      if (!wait) {
        wait = {id, waiters: 0};
        wait.rung = new Promise((resolve, reject) => {
          wait.end = error => error ? reject(error) : resolve();
        });
        waits.set(id, wait);
        look();
      }
      wait.waiters++;
      return wait;
    },
    leave(wait) {
      if (--wait.waiters || waits.get(wait.id) !== wait) return;
      waits.delete(wait.id);
      look();
    },
  };
}

// As it passes from tab to tab.
function plain(error) {
  return error && {message: error.message, ...error};
}

function asError(plain) {
  return plain && Object.assign(new Error(), plain);
}
