// A WebSocket to a node. It knows no hold: an id stays waited for until it is set or forgotten.
import {unlessLate, within} from './time.mjs';

const SILENT = 3; // seconds; for longer: gone, or swallowed by a proxy

export function openSocket(base, onSet, onEnd) {
  const socket = new WebSocket(base.replace(/^http/, 'ws') + '/');
  const opened = new Promise(resolve => { socket.onopen = resolve; });
  const probes = []; // not answered yet
  let end;
  const over = new Promise((_, reject) => {
    end = error => {
      reject(error);
      onEnd();
      socket.onclose = socket.onerror = undefined;
      socket.close();
    };
  });
  over.catch(() => {}); // told to those who hang on it

  // Chromium doesn't close what a page's policy forbids.
  socket.onclose = socket.onerror = () => end(new Error('closed'));
  socket.onmessage = ({data}) => {
    const [word, id] = String(data).split(' ');
    if (word === 'set') onSet(id);
    else if (word === 'error' && probes[0]) probes.shift()();
    else end(new Error(data)); // a wait is refused
  };

  // Nothing is what a wait gives, so silence is told by a line that must be answered: a wait for no
  // id is malformed, and an error is the answer.
  async function prove(ids) {
    await opened;
    socket.send('wait ' + ids.join(' '));
    socket.send('wait');
    await new Promise(resolve => probes.push(resolve));
  }

  return {
    end,
    // Waits until the hold is over. Rejects when the socket ends or is found silent.
    async hang(ids, hold, signal) {
      await within(SILENT, signal, () => Promise.race([over, prove(ids)])).catch(error => {
        if (!signal.aborted) end(error);
        throw error;
      });
      await within(hold, signal, () => over).catch(unlessLate);
      return [];
    },
    forget: id => opened.then(() => socket.send('forget ' + id)),
  };
}
