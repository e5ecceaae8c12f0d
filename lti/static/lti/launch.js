// What a launch needs of a script: the platform's storage (lti.put_data, lti.get_data), a form
// that sends itself, and the message that closes a registration. Each step is one element.
"use strict";

// What was put is kept, answered or not; without what is asked for there is no way on, and the
// window that answers may be busy with loading its own page.
const WAIT_MS = { "lti.put_data": 1000, "lti.get_data": 5000 };

/** Ask a window for its storage; resolves with the answer, or null where none came in time. */
function ask(frame, origin, message) {
  return new Promise((resolve) => {
    const id = crypto.randomUUID();
    const stop = (answer) => {
      clearTimeout(timer);
      removeEventListener("message", listen);
      resolve(answer);
    };
    const listen = (event) => {
      const data = event.data;
      if (event.source !== frame || !data || data.message_id !== id) return;
      if (origin !== "*" && event.origin !== origin) return;
      stop(data.error ? null : data);
    };
    const timer = setTimeout(() => stop(null), WAIT_MS[message.subject]);
    addEventListener("message", listen);
    try {
      frame.postMessage({ ...message, message_id: id }, origin);
    } catch {
      stop(null);
    }
  });
}

/** The named sibling frame first, then the window around us; only Canvas may frame this page. */
async function storage(step, message) {
  const outer = window.opener && window.parent === window ? window.opener : window.parent;
  const { target, origin } = step.dataset;
  let sibling = null;
  try {
    sibling = target && target !== "_parent" ? outer.frames[target] : null;
  } catch {
    sibling = null;
  }
  return (sibling && (await ask(sibling, origin, message))) || (await ask(outer, "*", message));
}

const steps = {
  async put(step) {
    const { key, value, next } = step.dataset;
    await storage(step, { subject: "lti.put_data", key, value });
    location.replace(next);
  },
  async get(step) {
    const answer = await storage(step, { subject: "lti.get_data", key: step.dataset.key });
    const form = document.getElementById("exchange");
    if (answer && typeof answer.value === "string") {
      form.elements.browser.value = answer.value;
      form.submit();
    } else {
      const blocked = document.getElementById("blocked");
      document.getElementById("waiting").hidden = true;
      document.querySelector("h1").textContent = blocked.dataset.heading;
      blocked.hidden = false;
    }
  },
  async submit() {
    document.getElementById("arrive").submit();
  },
  async close() {
    const outer = window.opener || window.parent;
    outer.postMessage({ subject: "org.imsglobal.lti.close" }, "*");
  },
};

const step = document.getElementById("step");
if (step) steps[step.dataset.step](step);
