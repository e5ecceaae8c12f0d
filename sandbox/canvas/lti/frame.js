// What a Canvas page does with the messages of the tools it frames: platform storage, and the
// rest of the postMessage API. All that came is kept in window.ltiMessages, for tests to read.
(() => {
  'use strict'
  const {storage, review} = document.currentScript.dataset
  const CHARACTERS = 4096
  const KEYS = 500
  const received = (window.ltiMessages = [])
  let unloadMessage = null

  const keyOf = (origin, key) => `lti|platform_storage|${origin}|${key}`

  function kept(origin) {
    const start = keyOf(origin, '')
    return Object.entries(localStorage).filter(([name]) => name.startsWith(start))
  }

  function put({message, origin}) {
    const {key, value} = message
    if (!key) return {error: {code: 'bad_request', message: "Missing required 'key' field"}}
    const name = keyOf(origin, key)
    if (value === null || value === undefined) {
      localStorage.removeItem(name)
      return {key, value: null}
    }
    const others = kept(origin).filter(([each]) => each !== name)
    const start = keyOf(origin, '').length
    const used = others.reduce((sum, [each, text]) => sum + each.length - start + text.length, 0)
    if (others.length >= KEYS || used + key.length + String(value).length > CHARACTERS) {
      return {error: {code: 'storage_exhaustion', message: 'Reached a limit for this tool'}}
    }
    localStorage.setItem(name, value)
    return {key, value}
  }

  function get({message, origin}) {
    const {key} = message
    if (!key) return {error: {code: 'bad_request', message: "Missing required 'key' field"}}
    return {key, value: localStorage.getItem(keyOf(origin, key))}
  }

  function frameOf(source) {
    return [...document.querySelectorAll('iframe')].find(each => each.contentWindow === source)
  }

  function resize({message, source}) {
    const frame = frameOf(source)
    const height = typeof message.height === 'number' ? `${message.height}px` : message.height
    if (frame && height) frame.style.height = height
    return {}
  }

  function close() {
    const dialog = document.querySelector('dialog[open]')
    if (dialog) dialog.close()
    else if (review) location.assign(review)
    return {}
  }

  function alertShown({message}) {
    const place = document.getElementById('alerts')
    if (place) place.textContent = String(message.body || '')
    return {}
  }

  function windowSize({source}) {
    const frame = frameOf(source)
    const offset = frame ? frame.getBoundingClientRect() : {top: 0, left: 0}
    return {
      height: window.innerHeight, width: window.innerWidth, footer: 0,
      offset: {top: offset.top, left: offset.left}, scrollY: window.scrollY,
    }
  }

  function settings() {
    return {pageSettings: {
      locale: 'en', time_zone: 'America/Los_Angeles', use_high_contrast: false,
      active_brand_config_json_url: `${location.origin}/brand_config.json`,
      window_width: window.innerWidth,
    }}
  }

  const navigation = shown => () => {
    const menu = document.querySelector('nav.inside')
    if (menu) menu.hidden = !shown
    return {}
  }

  const storing = {
    'lti.put_data': put, 'lti.get_data': get,
    'org.imsglobal.lti.put_data': put, 'org.imsglobal.lti.get_data': get,
  }
  const handlers = {
    'lti.capabilities': capabilities,
    ...(storage === 'absent' ? {} : storing),
    'lti.frameResize': resize,
    'lti.fetchWindowSize': windowSize,
    'lti.getPageSettings': settings,
    'lti.close': close,
    'org.imsglobal.lti.close': close,
    'lti.showAlert': alertShown,
    'lti.screenReaderAlert': alertShown,
    'lti.scrollToTop': () => { window.scrollTo(0, 0); return {} },
    'lti.setUnloadMessage': ({message}) => { unloadMessage = message.message || 'Leave?'; return {} },
    'lti.removeUnloadMessage': () => { unloadMessage = null; return {} },
    'showNavigationMenu': navigation(true),
    'hideNavigationMenu': navigation(false),
    'requestFullWindowLaunch': ({message}) => {
      window.open(typeof message.data === 'string' ? message.data : message.data.url)
      return {}
    },
  }

  function capabilities() {
    const frame = storage === '_parent' ? {} : {frame: 'post_message_forwarding'}
    const supported = Object.keys(handlers).map(subject =>
      subject in storing ? {subject, ...frame} : {subject})
    return {supported_messages: supported}
  }

  window.addEventListener('beforeunload', event => {
    if (unloadMessage) event.preventDefault()
  })

  window.addEventListener('message', event => {
    let message = event.data
    if (typeof message === 'string') {
      try { message = JSON.parse(message) } catch { return }
    }
    const subject = message && (message.subject || message.messageType)
    if (typeof subject !== 'string' || subject.endsWith('.response')) return
    // What the forwarding frame passes on says whose it is; nobody else may say so.
    const forwarder = document.querySelector('iframe[name=post_message_forwarding]')
    const forwarded = Boolean(forwarder) && forwarder.contentWindow === event.source
    const origin = forwarded ? message.toolOrigin : event.origin
    received.push({subject, origin, forwarded})
    if (storage === 'silent' && (subject in storing || subject === 'lti.capabilities')) return
    const handler = handlers[subject]
    const answer = handler
      ? handler({message, origin, source: event.source})
      : {error: {code: 'unsupported_subject', message: `Not supported: ${subject}`}}
    const told = {subject: `${subject}.response`, message_id: message.message_id, ...answer}
    if (forwarded) told.toolOrigin = origin
    event.source.postMessage(told, event.origin)
  })
})()
