// Watches over the session of a page: renews its access cookie in the
// background, tells the server when a person is there, warns before the end,
// and goes where the other tabs of this browser have gone. The server decides;
// what this module reckons only says when to ask it.

const channel = new BroadcastChannel("session"); // to the other tabs
const poll = 5; // seconds between two looks of a tab that can be seen
const retry = 2; // seconds after an answer that did not come

// ask brings the server's word about the session: a state, as data-state has
// it, or null when there was none, for whatever reason.
async function ask(path, fields) {
  const sent = clock();
  try {
    const answer = await fetch(path, {
      method: fields ? "POST" : "GET",
      body: fields && new URLSearchParams(fields),
      redirect: "error",
      cache: "no-store",
      signal: AbortSignal.timeout(10_000),
    });
    const state = await answer.json();
    return typeof state.signed_in === "boolean" ? { ...state, ok: answer.ok, told: sent } : null;
  } catch {
    return null;
  }
}

// clock is in seconds and never goes back. One of the two it looks at may stop
// while a computer sleeps, the other may be set; whichever has gone further
// since the last time counts, for it asks the server sooner.
let gone = performance.now();
let last = [gone, Date.now()];
function clock() {
  const now = [performance.now(), Date.now()];
  gone += Math.max(now[0] - last[0], now[1] - last[1], 0);
  last = now;
  return gone / 1000;
}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

function watch(state) {
  const idleWarning = document.getElementById("idle-warning");
  const endWarning = document.getElementById("end-warning");
  const failure = endWarning.querySelector("[role=alert]");
  let leaving = false;
  let asking = false;
  let missed = false; // there was a reason to ask while an answer was on its way
  let active = false; // a person did something the server has not heard of
  let typed = null; // the form somebody has typed into, passwords apart
  let pressed = -Infinity; // when a key was pressed last
  let looked = state.told; // when the server was last asked
  let reported = state.told; // when it last heard of a person
  let unheard = 0; // not to be asked before, for the last answer did not come
  let askedFor = Infinity; // the end warning was closed with so much left
  let timer = 0;

  const since = (moment) => clock() - moment;
  const idle = () => state.idle_in - since(state.told);
  const ends = () => state.ends_in - since(state.told);
  const idleFirst = () => state.ends_in - state.idle_in > 0.5;

  // take believes a newer state of the same person.
  function take(next) {
    state = next;
    for (const input of document.querySelectorAll("input[name=form_token]")) {
      input.value = state.form_token;
    }
    if (idle() > state.idle_warn) {
      close(idleWarning);
    }
    if (ends() > state.ends_warn) {
      askedFor = Infinity;
      close(endWarning);
    }
  }

  // look asks the server, with fields or without, and does what follows.
  async function look(path = "/session/state", fields = undefined) {
    if (asking || leaving) {
      missed ||= !fields;
      return null;
    }
    asking = true;
    missed = false;
    let next = await ask(path, fields);
    if (next && !next.signed_in) {
      // The question may have crossed a new sign-in on its way: once more.
      document.documentElement.hidden = true;
      await pause(0.5);
      next = await ask("/session/state");
    }
    asking = false;
    if (missed) {
      setTimeout(look);
    }
    if (!next || leaving) {
      unheard = clock() + retry;
      return null;
    }
    looked = clock();
    if (!next.signed_in) {
      leave();
    } else if (next.person !== state.person) {
      go(next.landing);
    } else {
      document.documentElement.hidden = false;
      take(next);
      if (fields) {
        channel.postMessage(next);
      }
    }
    return next;
  }

  function renew(interaction) {
    if (interaction && !asking) {
      active = false;
      reported = clock();
    }
    return look("/session/renew", { form_token: state.form_token, interaction });
  }

  // leave goes to the tenant's sign-in page. What somebody has typed when time
  // ran out is handed to the server, which executes nothing any more but keeps
  // it; who was signed out leaves no trace of where they were.
  function leave() {
    const over = Math.min(idle(), ends()) < 2;
    if (over && typed?.isConnected) {
      leaving = true;
      HTMLFormElement.prototype.submit.call(typed);
      return;
    }
    const here = document.querySelector("input[name=form_page]")?.value || location.pathname + location.search;
    go(over ? state.sign_in + "?" + new URLSearchParams({ return_to: here }) : state.sign_in);
  }

  function go(to) {
    leaving = true;
    document.documentElement.hidden = true;
    location.replace(to);
  }

  // step does what is due and says when to come again.
  async function step() {
    const report = Math.min(60, state.idle_warn / 2); // people are reported so often
    const left = Math.min(idle(), ends());
    const access = state.access_in - since(state.told);
    if (clock() < unheard) {
      return;
    }
    if (left <= 0) {
      await look();
    } else if (active && since(reported) >= report && !idleWarning.open) {
      await renew(true);
    } else if (idleFirst() && idle() <= state.idle_warn && !idleWarning.open && !endWarning.open) {
      await (active ? renew(true) : look()); // another tab may know better
      if (idleFirst() && idle() <= state.idle_warn && !leaving && clock() >= unheard) {
        show(idleWarning);
      }
    } else if (ends() <= state.ends_warn && ends() < askedFor / 5 && !endWarning.open && !idleWarning.open && since(pressed) > 2) {
      await look();
      if (ends() <= state.ends_warn && !leaving && clock() >= unheard && since(pressed) > 2) {
        failure.hidden = true;
        show(endWarning);
      }
    } else if (access <= state.access_for / 5 && left - access > 1 && since(state.told) >= Math.min(0.4, state.access_for / 2)) {
      await renew(false);
    } else if (document.visibilityState === "visible" && since(looked) >= poll) {
      await look();
    }
  }

  async function run() {
    clearTimeout(timer);
    if (leaving) {
      return;
    }
    await step();
    idleWarning.querySelector("[role=timer]").textContent = minutes(idle());
    endWarning.querySelector("[role=timer]").textContent = minutes(ends());
    clearTimeout(timer);
    const due = Math.min(idle(), ends(), state.access_for / 5 + 0.1);
    timer = setTimeout(run, 1000 * Math.min(1, Math.max(0.2, due)));
  }

  function show(dialog) {
    if (!dialog.open) {
      dialog.showModal();
    }
  }

  // close closes a dialog for another reason than a person's wish.
  function close(dialog) {
    if (dialog.open) {
      dialog.dataset.done = "";
      dialog.close();
    }
  }

  const closed = (dialog, then) =>
    dialog.addEventListener("close", () => {
      const done = "done" in dialog.dataset;
      delete dialog.dataset.done;
      if (!done) {
        then();
      }
    });
  closed(idleWarning, async () => {
    active = true;
    reported = -Infinity; // by the next step, if not at once
    await renew(true);
    run();
  });
  closed(endWarning, () => {
    askedFor = ends();
    endWarning.querySelector("form").reset();
  });

  endWarning.querySelector("form").addEventListener("submit", async (event) => {
    if (event.submitter?.value === "later") {
      return;
    }
    event.preventDefault();
    const input = event.target.elements.password;
    while (asking) {
      await pause(0.1);
    }
    const next = await look("/session/password", { form_token: state.form_token, password: input.value });
    if (next?.ok) {
      event.target.reset();
    } else {
      failure.textContent = next?.problem || failure.dataset.unheard;
      failure.hidden = false;
      input.select();
    }
  });

  // What a person does. Nothing a script does is one of these.
  for (const deed of ["keydown", "pointerdown", "pointermove", "wheel", "touchmove"]) {
    addEventListener(deed, (event) => (active ||= event.isTrusted && !idleWarning.open), { passive: true, capture: true });
  }
  addEventListener("keydown", () => (pressed = clock()), { capture: true });
  document.addEventListener("input", ({ target: { form, name } }) => {
    if (!name?.endsWith("password") && form?.getAttribute("method") === "post" && form.enctype === "application/x-www-form-urlencoded" && form.elements.form_page) {
      typed = form;
    }
  });
  document.addEventListener("submit", ({ target }) => {
    if (target.getAttribute("action") === "/logout") {
      leaving = true; // not to renew what is about to end, if nobody stops it
      history.replaceState(null, "", state.sign_in); // where Back leads from then on
      setTimeout(() => {
        leaving = false;
        run();
      }, 10_000);
    }
    if (target === typed) {
      typed = null;
    }
  });

  // The other tabs. What they say of the same person is as good as the
  // server's word; of anybody else it is a reason to ask.
  channel.addEventListener("message", ({ data }) => {
    if (leaving) {
      return;
    }
    if (data.person === state.person) {
      take({ ...data, told: clock() });
    } else {
      look().then(run);
    }
  });

  // A page that comes back, from the browser's memory or out of sleep, shows
  // nothing before the server has said whose it is.
  addEventListener("pagehide", () => (document.documentElement.hidden = true));
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) {
      leaving = asking = false;
      unheard = 0;
      look().then(run);
    }
  });
  for (const waking of ["visibilitychange", "resume"]) {
    document.addEventListener(waking, () => {
      if (document.visibilityState === "visible" && since(looked) > 1) {
        look().then(run);
      }
    });
  }
  addEventListener("online", () => {
    unheard = 0;
    run();
  });

  channel.postMessage(state);
  run();
  globalThis.navigation?.updateCurrentEntry({ state: { door: state.sign_in } }); // for ahead
}

function minutes(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  return Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
}

// enter goes in from the sign-in page as soon as somebody signs in beside it:
// to where the form would lead, which the server has checked, or to the landing
// page.
function enter(form) {
  const back = new URL(form.action).searchParams.get("return_to");
  const look = async () => {
    const state = await ask("/session/state");
    if (state?.signed_in) {
      location.replace(back || state.landing);
    }
  };
  channel.addEventListener("message", ({ data }) => data.signed_in && look());
  addEventListener("pageshow", ({ persisted }) => persisted && look());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
  channel.postMessage({ signed_in: false });
  if (back) {
    look(); // who was led here may have been signed in again meanwhile
    ahead(back);
  }
}

// ahead leads on to the sign-in page of the tenant this tab was signed in to,
// for somebody who went back past it, to a page that now leads to the sign-in
// page of all. Only what a signed-in page has left in the tab's history as its
// door counts: another tenant's page, or an address that was mistyped, leads
// nobody anywhere.
function ahead(back) {
  const visited = location.pathname === "/login" ? (globalThis.navigation?.entries() ?? []) : [];
  const own = visited.findLast((entry) => entry.getState()?.door)?.getState().door;
  const beyond = visited.slice((globalThis.navigation?.currentEntry?.index ?? Infinity) + 1);
  if (own && beyond.some(({ url }) => new URL(url ?? "/", location).pathname === own)) {
    location.replace(own + "?" + new URLSearchParams({ return_to: back }));
  }
}

const signedIn = document.body.dataset.state;
const door = document.querySelector("form[data-enter]");
if (signedIn) {
  const came = performance.getEntriesByType("navigation")[0]?.responseStart ?? 0;
  watch({ ...JSON.parse(signedIn), told: came / 1000 });
} else if (door) {
  enter(door);
}
