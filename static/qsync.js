// What htmx does not do: focus after a change, a visit that has ended, a line that is down,
// text that is copied, a choice that counts. Every page works without it.

const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);

// A region that scrolls can be reached by keyboard; one that does not is no stop.
const reachable = () => each("[data-scrolls]", (one) => {
  if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
  else one.removeAttribute("tabindex");
});

// What came of a form is read from where its page begins: nobody has to find the place again.
const answers = (() => {
  try {
    const is = sessionStorage.getItem("sent") === "1";
    sessionStorage.removeItem("sent");
    document.addEventListener("submit", (event) => {
      if (!event.defaultPrevented) sessionStorage.setItem("sent", "1");
    });
    return is;
  } catch { return false; } // a browser that keeps nothing for a frame
})();

// The server says what the person should read first. Where a part was exchanged, the hands stay
// where they are; where their control is gone, they find themselves in its row.
const focus = (root, isPart) => {
  if (isPart && document.activeElement !== document.body) return;
  const here = isPart && root.querySelector("[data-here]");
  const top = root === document && answers && root.querySelector("h1");
  const first = here || root.querySelector("[data-focus]") || top;
  if (!first) return;
  first.focus();
  if (!here && window.parent !== window) window.parent.postMessage({ subject: "lti.scrollToTop" }, "*");
};

// How many grades the chosen answers send; the server counts again.
const recount = () => each("[data-count]", (one) => {
  const chosen = document.querySelectorAll("input[data-sends]:checked").length;
  one.textContent = Number(one.dataset.count) + chosen;
});

// A part that was exchanged is not read out by itself: what is new in it is, and only once.
const told = (root) => [...root.querySelectorAll("[data-says]")].map((one) => one.textContent.trim()).join(" ");
let said = told(document);
const say = () => {
  const now = told(document);
  if (now !== said) each("[data-live]", (one) => { one.textContent = now; });
  said = now;
};

// The menu of a row opens beside its button, wherever the table has been scrolled to.
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches("[data-menu]") || event.newState !== "open") return;
  const at = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
  const fits = at.bottom + menu.offsetHeight < innerHeight;
  menu.style.top = `${fits ? at.bottom : Math.max(0, at.top - menu.offsetHeight)}px`;
  menu.style.left = `${Math.max(8, Math.min(at.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
  if (!menu.contains(document.activeElement)) menu.querySelector("a,button").focus();
}, true);
// Whoever is quick presses the next key before the focus has come into the menu.
const opened = (button) => document.querySelector(`[id="${button.getAttribute("popovertarget")}"]:popover-open`);
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest("[data-menu]") || opened(event.target);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!menu) return;
  if (event.key === "Tab") menu.hidePopover();
  if (!step) return;
  event.preventDefault();
  const all = [...menu.querySelectorAll("a,button")];
  all[(Math.max(0, all.indexOf(event.target)) + step + all.length) % all.length].focus();
});

const arrange = (root) => {
  reachable();
  recount();
  say();
  each("[data-copy]", (one) => { one.hidden = false; }, root);
  each("[data-print]", (one) => { one.hidden = false; }, root);
};

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const text = document.getElementById(copy.dataset.copy).textContent.trim();
    await navigator.clipboard.writeText(text).then(
      () => { copy.textContent = copy.dataset.copied; },
      () => { getSelection().selectAllChildren(document.getElementById(copy.dataset.copy)); },
    );
  }
  if (event.target.closest("[data-print]")) window.print();
});
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-all]");
  if (all) each(`input[data-choice="${all.dataset.all}"]`, (one) => { one.checked = true; });
  if (event.target.form?.matches("[data-unsaved]")) unsaved(true);
  recount();
});

// Leaving a form that was changed asks first; Canvas asks too.
let dirty = false;
const unsaved = (is) => {
  if (is === dirty) return;
  dirty = is;
  warn();
  const subject = is ? "lti.setUnloadMessage" : "lti.removeUnloadMessage";
  if (window.parent !== window) window.parent.postMessage({ subject }, "*");
};
addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
document.addEventListener("submit", () => unsaved(false));

// A visit that rests ends: five minutes before, a page with something unsaved says so.
const idle = document.querySelector("[data-idle]");
let resting = 0, late = false;
const warn = () => { if (idle) idle.hidden = !(late && dirty); };
const rest = () => {
  clearTimeout(resting);
  late = false;
  warn();
  if (idle) resting = setTimeout(() => { late = true; warn(); }, idle.dataset.idle * 1000);
};
document.addEventListener("click", async (event) => {
  if (!event.target.closest("[data-stay]")) return;
  const answer = await fetch(location.href).catch(() => null);
  line(answer !== null);
  if (answer?.ok) rest();
  else if (answer) location.reload();
});
rest();

// A visit that has ended, or a page that is gone, is told by the page itself.
document.addEventListener("htmx:responseError", (event) => {
  if ([401, 403, 404, 409].includes(event.detail.xhr.status)) location.reload();
});
const line = (is) => each("[data-offline]", (one) => { one.hidden = is; });
document.addEventListener("htmx:sendError", () => line(false));
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.xhr.status) { line(true); rest(); } });
// A page that nobody looks at asks nothing.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches("[data-polls]")) event.preventDefault();
});
document.addEventListener("htmx:afterSettle", (event) => { arrange(document); focus(document, true); });
addEventListener("resize", reachable);
arrange(document);
focus(document, false);
