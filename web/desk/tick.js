// SPDX-License-Identifier: MIT
// A clock for the desk, in a worker: in a tab that is not seen browsers slow the
// page's own timers down to one a minute, and an offer lasts twenty seconds.
"use strict";

setInterval(() => postMessage(null), 250);
