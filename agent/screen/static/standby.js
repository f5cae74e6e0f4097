// Standby of a box whose processor stays awake: its browser hides the page.

// watchStandby tells the agent, where the page's address asks for it
// (/?standby=hidden), that the page was hidden: at once, so that the gate is there
// before anybody looks, and again when it is shown, in case that came too late.
export function watchStandby(send) {
  if (!/[?&]standby=hidden(&|$)/.test(location.search)) {
    return;
  }
  const tell = () => send({ resumed: true });
  document.addEventListener("visibilitychange", tell);
  addEventListener("pageshow", (event) => event.persisted && tell());
}
