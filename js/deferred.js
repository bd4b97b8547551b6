// doDeferredOnDoorbell(d, id) calls back a Deferred when the event `id` is set: for a page written
// like those of 2009, whose dynamic script elements call the global function doorbell(id).
// SPDX-License-Identifier: Apache-2.0
(function () {
  // In milliseconds.
  var HOLD = 25000; // proxies cut at 30 s or more
  var GRACE = 10000; // silent for longer: the node is gone
  var SOON = 1000; // "not yet" within it: the node is going away
  var FIRST_PAUSE = 1000; // each failure doubles it
  var LONGEST_PAUSE = 30000;

  // A browser lets six requests per host hang, over HTTP/1.1 and over all tabs.
  var SCRIPTS = 4;
  var IDS = 64; // of one request; a node refuses more
  var LARGEST = '340282366920938463463374607431768211455'; // 2^128 - 1
  var ID = /^(\d{1,39}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})$/i;

  var waiting = {}; // the Deferreds of each id
  var asked = {}; // the ids that a script asks for now
  var scripts = 0; // that hang
  var failures = 0;
  var timer = null; // of the next look at what is to be asked
  var before = window.doorbell;

  // The Deferred is anything with callback(id) and errback(error), or resolve and reject. Gives it
  // back, so that a callback may return doDeferredOnDoorbell(new Deferred(), id).
  window.doDeferredOnDoorbell = function (d, id) {
    if (typeof (d.callback || d.resolve) !== 'function') {
      throw new TypeError('no Deferred: it has neither callback nor resolve');
    }
    if (!isId(id)) {
      // Asked for together with others, it would have them refused too.
      fire(d, null, new TypeError((String(id) || '""') +
        ' is not a valid event id: did the answer name one?'));
    } else {
      id = String(id);
      if (!has(waiting, id)) waiting[id] = [];
      waiting[id].push(d);
      // What begins in one go is asked for by one script.
      if (timer === null) timer = setTimeout(look, 0);
    }
    return d;
  };

  // Where the node answers, as the page sees it.
  window.doDeferredOnDoorbell.node = '/doorbell';

  // What the scripts call, with a number, or a text where a number would lose digits.
  window.doorbell = function (id) {
    var deferreds = has(waiting, id) ? waiting[id] : [];
    delete waiting[id];
    for (var i = 0; i < deferreds.length; i++) fire(deferreds[i], String(id));
    if (typeof before === 'function') before(id);
  };

  // Text or a whole number; a larger one has lost digits.
  function isId(id) {
    var text = String(id);
    return (typeof id === 'string' || typeof id === 'number' && id < Math.pow(2, 53)) &&
      ID.test(text) && (text.length !== LARGEST.length || text <= LARGEST);
  }

  // A page may have given all objects more properties.
  function has(object, id) {
    return Object.prototype.hasOwnProperty.call(object, id);
  }

  // One that throws must not keep the others from being called.
  function fire(d, id, error) {
    try {
      if (isOver(d)) return;
      if (error) (d.errback || d.reject).call(d, error);
      else (d.callback || d.resolve).call(d, id);
    } catch (thrown) {
      setTimeout(function () { throw thrown; }, 0);
    }
  }

  // MochiKit's Deferred, called back or cancelled.
  function isOver(d) {
    return typeof d.fired === 'number' && d.fired >= 0;
  }

  // Asks for all that waits and isn't asked for, once the page has loaded: a script that hangs
  // before that would hold its load event back.
  function look() {
    timer = null;
    if (document.readyState !== 'complete') {
      window.addEventListener('load', later, false);
      return;
    }
    while (scripts < SCRIPTS) {
      var ids = [];
      for (var id in waiting) {
        if (!has(waiting, id)) continue;
        var alive = waiting[id].filter(function (d) { return !isOver(d); });
        if (!alive.length) delete waiting[id];
        else if (!has(asked, id) && ids.length < IDS) ids.push(id);
      }
      if (!ids.length) return;
      ask(ids);
    }
  }

  function later() {
    if (timer === null) timer = setTimeout(look, 0);
  }

  function ask(ids) {
    // The more scripts hang, the sooner each makes room for another.
    var hold = HOLD / (scripts + 1) * (0.8 + Math.random() / 5);
    var began = new Date().getTime();
    var script = document.createElement('script');
    // Browsers hold back a second GET of the same URL, even in another tab.
    script.src = doDeferredOnDoorbell.node.replace(/\/+$/, '') + '/' + ids.join(',') +
      '?timeout=' + (hold / 1000).toFixed(2) + '&_=' + Math.random().toString(36).slice(2);
    var silent = setTimeout(function () { ended(true); }, hold + GRACE);
    script.onload = function () {
      var lasted = new Date().getTime() - began;
      var soon = isNoneSet(ids) && lasted < hold / 2;
      // Without a call, and at once: that counts as a failure. Much too soon: a pause that doesn't
      // grow, since a node in a hurry says so to all at one moment.
      ended(soon && lasted < SOON, soon);
    };
    script.onerror = function () { ended(true); };
    for (var i = 0; i < ids.length; i++) asked[ids[i]] = true;
    scripts++;
    document.getElementsByTagName('head')[0].appendChild(script);

    function ended(failed, soon) {
      script.onload = script.onerror = null; // one that was silent may come all the same
      clearTimeout(silent);
      script.parentNode.removeChild(script);
      for (var i = 0; i < ids.length; i++) delete asked[ids[i]];
      scripts--;
      failures = failed ? failures + 1 : soon ? 1 : 0;
      var pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * Math.pow(2, failures - 1));
      clearTimeout(timer);
      // All of it is left to chance: those who were cut off together must not return together.
      timer = setTimeout(look, failures ? pause * Math.random() : 0);
    }
  }

  function isNoneSet(ids) {
    for (var i = 0; i < ids.length; i++) if (!has(waiting, ids[i])) return false;
    return true;
  }
})();
