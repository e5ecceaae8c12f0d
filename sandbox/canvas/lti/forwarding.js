// The frame beside a tool: passes the tool's messages on to the Canvas page, and answers back.
(() => {
  'use strict'
  const parentOrigin = document.currentScript.dataset.parent
  const asking = new Map()

  window.addEventListener('message', event => {
    const message = typeof event.data === 'string' ? JSON.parse(event.data) : event.data
    if (!message || typeof message.subject !== 'string') return
    if (event.source === window.parent) {
      if (event.origin !== parentOrigin) return
      const who = asking.get(message.message_id)
      asking.delete(message.message_id)
      const {toolOrigin, ...told} = message
      if (who && who.origin === toolOrigin) who.source.postMessage(told, who.origin)
      return
    }
    asking.set(message.message_id, {source: event.source, origin: event.origin})
    window.parent.postMessage({...message, toolOrigin: event.origin}, parentOrigin)
  })
})()
