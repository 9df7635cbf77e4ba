/** How every socket of ours connects. */

export const SOCKET_OPTIONS = {
  transports: ["websocket", "polling"],
  tryAllTransports: true,
  forceNew: true,
  autoConnect: false,
  reconnectionDelay: 500,
  reconnectionDelayMax: 5000,
  timeout: 10_000,
};
