// What htmx does not do: focus after a change, a visit that has ended, a line that is down,
// text that is copied, a choice that counts. Every page works without it.

const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);

// A region that scrolls can be reached by keyboard; one that does not is no stop.
const reachable = () => each("[data-scrolls]", (one) => {
  if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
  else one.removeAttribute("tabindex");
});

// The server says what the person should read first.
const focus = (root) => {
  const first = root.querySelector("[data-focus]");
  if (!first) return;
  first.focus();
  if (window.parent !== window) window.parent.postMessage({ subject: "lti.scrollToTop" }, "*");
};

// How many grades the chosen answers send; the server counts again.
const recount = () => each("[data-count]", (one) => {
  const chosen = document.querySelectorAll("input[data-sends]:checked").length;
  one.textContent = Number(one.dataset.count) + chosen;
});

const arrange = (root) => {
  reachable();
  recount();
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
  if (event.target.closest("[data-unsaved]")) unsaved(true);
  recount();
});

// Leaving a form that was changed asks first; Canvas asks too.
let dirty = false;
const unsaved = (is) => {
  if (is === dirty) return;
  dirty = is;
  const subject = is ? "lti.setUnloadMessage" : "lti.removeUnloadMessage";
  if (window.parent !== window) window.parent.postMessage({ subject }, "*");
};
addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
document.addEventListener("submit", () => unsaved(false));

// A visit that has ended, or a page that is gone, is told by the page itself.
document.addEventListener("htmx:responseError", (event) => {
  if ([401, 403, 404, 409].includes(event.detail.xhr.status)) location.reload();
});
const line = (is) => each("[data-offline]", (one) => { one.hidden = is; });
document.addEventListener("htmx:sendError", () => line(false));
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.xhr.status) line(true); });
// A page that nobody looks at asks nothing.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches("[data-polls]")) event.preventDefault();
});
document.addEventListener("htmx:afterSettle", (event) => { arrange(document); focus(event.detail.elt); });
addEventListener("resize", reachable);
arrange(document);
focus(document);
