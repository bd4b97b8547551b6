// Stands in for MochiKit where there is none: those of its functions that this demo's page uses,
// with their names, arguments and results. The real library wins: see README.md.
// SPDX-License-Identifier: Apache-2.0
function $(id) {
  return document.getElementById(id);
}

// A result that comes later. Each callback gets what the one before it gave; an error goes to the
// next errback; a Deferred that is given back is waited for.
function Deferred() {
  this.chain = [];
  this.fired = -1; // 0 with a result, 1 with an error
  this.paused = 0;
  this.results = [null, null];
}

Deferred.prototype.callback = function (result) {
  this._begin(0, result);
};

Deferred.prototype.errback = function (error) {
  this._begin(1, error instanceof Error ? error : new Error(error));
};

Deferred.prototype.addCallbacks = function (onResult, onError) {
  this.chain.push([onResult, onError]);
  if (this.fired >= 0) this._run();
  return this;
};

Deferred.prototype.addCallback = function (onResult) {
  return this.addCallbacks(onResult, null);
};

Deferred.prototype.addErrback = function (onError) {
  return this.addCallbacks(null, onError);
};

Deferred.prototype._begin = function (fired, result) {
  if (this.fired >= 0) throw new Error('this Deferred was called back already');
  this._resume(fired, result);
};

Deferred.prototype._resume = function (fired, result) {
  this.fired = fired;
  this.results[fired] = result;
  this._run();
};

Deferred.prototype._run = function () {
  var self = this;
  while (this.chain.length && !this.paused) {
    var call = this.chain.shift()[this.fired];
    if (!call) continue;
    try {
      var result = call(this.results[this.fired]);
      if (result instanceof Deferred) {
        this.paused = 1;
        result.addCallbacks(resumeWith(0), resumeWith(1));
      } else {
        this.fired = result instanceof Error ? 1 : 0;
        this.results[this.fired] = result;
      }
    } catch (error) {
      this.fired = 1;
      this.results[1] = error;
    }
  }

  function resumeWith(fired) {
    return function (result) {
      self.paused = 0;
      self._resume(fired, result);
    };
  }
};

function doXHR(url, options) {
  var d = new Deferred();
  var request = new XMLHttpRequest();
  request.open(options && options.method || 'GET', url);
  request.onload = function () {
    if (request.status >= 200 && request.status < 300) d.callback(request);
    else d.errback(new Error('status ' + request.status));
  };
  request.onerror = function () { d.errback(new Error('no answer')); };
  request.send();
  return d;
}

function loadJSONDoc(url) {
  return doXHR(url).addCallback(function (request) { return JSON.parse(request.responseText); });
}

function callLater(seconds, call) {
  setTimeout(call, seconds * 1000);
}
