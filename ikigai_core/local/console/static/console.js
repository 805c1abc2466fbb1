// Shows times in the viewer's zone, and keeps the live parts of a page up to date. Without it, all pages work too.
"use strict";

const style = { dateStyle: "medium", timeStyle: "medium" };

function localize(within) {
  for (const time of within.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = time.textContent;
    time.textContent = new Intl.DateTimeFormat(undefined, style).format(moment);
  }
}

function keepScroll(old, fresh) {
  for (const box of fresh.querySelectorAll(".scrolls[id]")) {
    const before = old.querySelector("#" + CSS.escape(box.id));
    if (before) box.scrollTo(before.scrollLeft, before.scrollTop);
  }
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh) continue;
    localize(fresh);
    if (fresh.innerHTML === part.innerHTML) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    const node = document.importNode(fresh, true);
    const opened = [...part.querySelectorAll("details[open][id]")].map((each) => each.id);
    for (const details of node.querySelectorAll("details[id]")) details.open ||= opened.includes(details.id);
    part.replaceWith(node);
    keepScroll(part, node);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

// One refresh at a time, and one more if something changed meanwhile.
let refreshing = false;
let changed = false;
async function refreshSoon() {
  changed = true;
  if (refreshing) return;
  refreshing = true;
  try {
    while (changed) {
      changed = false;
      await refresh();
    }
  } finally {
    refreshing = false;
  }
}

function follow(address) {
  let source = null;
  // Browsers open few connections to a host, so pages out of sight give theirs back.
  const open = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      source = new EventSource(address);
      source.onmessage = refreshSoon;
    }
  };
  document.addEventListener("visibilitychange", open);
  open();
}

localize(document);
const address = document.body.dataset.changes;
if (address) follow(address);
