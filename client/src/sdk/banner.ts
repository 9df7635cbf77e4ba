/**
 * The candidate's warning banner: on top of everything, and there for as long as a warning is open.
 *
 * It lives in a shadow root, so that neither the page's style nor its scripts by accident can hide it; it comes back when a
 * page that draws itself anew has taken it away; and it is above what is shown in full screen. It says no more than the
 * server's text and its time.
 */

import { all, listen, type Undo } from "./emitter";
import type { Warning } from "./protocol";

const STYLE = `
  :host {
    all: initial !important; position: fixed !important; inset: 0 0 auto 0 !important; width: auto !important;
    z-index: 2147483647 !important; display: block !important;
  }
  .strip {
    font: 400 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
    background: #fff3d6; color: #4a3200; border-bottom: 2px solid #a86d00; box-shadow: 0 2px 12px rgb(0 0 0 / 12%);
  }
  .strip[hidden] { display: none; }
  .inside { max-width: 60rem; margin: 0 auto; padding: 10px 20px; display: flex; gap: 14px; align-items: flex-start; }
  svg { flex: none; width: 22px; height: 22px; margin-top: 1px; }
  ul { list-style: none; margin: 0; padding: 0; }
  li { display: flex; flex-wrap: wrap; gap: 0 10px; align-items: baseline; }
  strong { font-weight: 650; }
  time { font-variant-numeric: tabular-nums; font-size: 13px; }
  p { margin: 2px 0 0; font-size: 13px; }
  @media (prefers-reduced-motion: no-preference) {
    .strip { animation: enter 160ms ease-out; }
    @keyframes enter { from { transform: translateY(-100%); } }
  }
  @media (prefers-color-scheme: dark) { .strip { background: #33270c; color: #ffe6b3; border-color: #d69a2d; } }
`;

const MARKUP = `
  <div role="alert" aria-live="assertive"><div class="strip" hidden><div class="inside">
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d="M12 4 2.8 20h18.4L12 4Z"/><path d="M12 10v4"/><path d="M12 17v.01"/>
    </svg>
    <div><ul></ul><p>This notice goes away by itself once it is resolved. A person reviews every notice.</p></div>
  </div></div></div>
`;

export class Banner {
  readonly #host = document.createElement("div");
  readonly #strip: HTMLElement;
  readonly #list: HTMLElement;
  readonly #items = new Map<string, HTMLElement>();
  readonly #onShown: (incidentId: string, at: Date) => void;
  readonly #undo: Undo;

  constructor(onShown: (incidentId: string, at: Date) => void) {
    this.#onShown = onShown;
    this.#host.dataset["testid"] = "banner";
    const root = this.#host.attachShadow({ mode: "open" });
    root.innerHTML = MARKUP;
    style(root);
    this.#strip = found(root, ".strip");
    this.#list = found(root, "ul");
    document.body.append(this.#host);
    this.#refresh();
    this.#undo = all(this.#keepAttached(), listen(document, "fullscreenchange", () => this.#raise()));
  }

  show(warning: Warning): void {
    if (this.#items.has(warning.incident_id)) return;
    const item = document.createElement("li");
    const text = document.createElement("strong");
    text.textContent = warning.text;
    const time = document.createElement("time");
    time.dateTime = warning.opened_at;
    time.textContent = `since ${new Date(warning.opened_at).toLocaleTimeString()}`;
    item.append(text, time);
    this.#items.set(warning.incident_id, item);
    this.#list.append(item);
    this.#refresh();
    this.#tellWhenSeen(warning.incident_id, item);
  }

  clear(incidentId: string): void {
    this.#items.get(incidentId)?.remove();
    this.#items.delete(incidentId);
    this.#refresh();
  }

  remove(): void {
    this.#undo();
    this.#items.clear();
    this.#host.remove();
    document.documentElement.style.removeProperty("--invigil-banner-height");
  }

  #refresh(): void {
    const open = this.#items.size > 0;
    this.#host.dataset["open"] = String(open);
    this.#strip.hidden = !open;
    this.#raise();
    // The page may make room, so that the banner covers none of its buttons.
    document.documentElement.style.setProperty("--invigil-banner-height", `${this.#strip.offsetHeight}px`);
  }

  /** Above all else, an element in full screen included: what was raised last is on top. */
  #raise(): void {
    // Not in every browser yet; without it the highest z-index has to do.
    if (!("showPopover" in this.#host) || !this.#host.isConnected) return;
    this.#host.popover = "manual";
    this.#host.hidePopover();
    if (this.#items.size > 0) this.#host.showPopover();
  }

  /** Some pages replace all that is in the body, or the body. In a task of its own, so that two who insist do not hang it. */
  #keepAttached(): Undo {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const attach = () => {
      timer = undefined;
      if (this.#host.isConnected) return;
      document.body.append(this.#host);
      watch();
      this.#raise();
    };
    const observer = new MutationObserver(() => {
      if (!this.#host.isConnected) timer ??= setTimeout(attach);
    });
    const watch = () => {
      observer.disconnect();
      for (const parent of [document.documentElement, document.body]) observer.observe(parent, { childList: true });
    };
    watch();
    return () => {
      observer.disconnect();
      clearTimeout(timer);
    };
  }

  /** The second frame after the change is painted; a hidden page gets no frames, so this waits until it is seen. */
  #tellWhenSeen(incidentId: string, item: HTMLElement): void {
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        // It may have gone meanwhile, and even come back: then the newer one tells.
        if (this.#items.get(incidentId) !== item) return;
        if (document.visibilityState === "visible") this.#onShown(incidentId, new Date());
        else this.#tellWhenSeen(incidentId, item);
      }),
    );
  }
}

/** As a sheet of the script's own, which no policy of the page forbids as it may a `<style>`; older browsers have only that. */
function style(root: ShadowRoot): void {
  if ("adoptedStyleSheets" in root) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  } else {
    (root as ShadowRoot).prepend(Object.assign(document.createElement("style"), { textContent: STYLE }));
  }
}

function found(root: ShadowRoot, selector: string): HTMLElement {
  const element = root.querySelector<HTMLElement>(selector);
  if (!element) throw new Error(`the banner has no ${selector}`);
  return element;
}
