const SHOWN = 200; // characters of a message

/** Desktop notifications: only when the user has asked for them, and only while the page is not looked at. */
export const notifications = {
  get possible() {
    return "Notification" in window && window.isSecureContext;
  },

  get on() {
    return this.possible && Notification.permission === "granted" && localStorage.getItem(KEY) === "on";
  },

  /** Asks the browser's permission the first time. Returns whether they are on now. */
  async toggle() {
    if (this.on) localStorage.setItem(KEY, "off");
    else if ((await Notification.requestPermission()) === "granted") localStorage.setItem(KEY, "on");
    return this.on;
  },

  /**
   * `chosen` is called when the user clicks on it. One conversation has one notification at a time.
   * @param {ChatMessage} message
   * @param {() => void} chosen
   */
  show({ sessionId, senderDisplayName, content }, chosen) {
    if (!this.on || (!document.hidden && document.hasFocus())) return;
    const notification = new Notification(senderDisplayName, { body: content.slice(0, SHOWN), tag: sessionId });
    notification.onclick = () => {
      window.focus();
      notification.close();
      chosen();
    };
  },
};

const KEY = "chat-service:notifications";
