/** A real Socket.IO server on a free port that behaves as a test tells it, and remembers what came in. */

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Namespace, Server, type Socket } from "socket.io";
import type { ActivityMessage, FrameMessage, ShownMessage } from "../src/sdk/protocol";

type Answer = Record<string, unknown>;

export class CandidateServer {
  readonly frames: FrameMessage[] = [];
  readonly activities: ActivityMessage[] = [];
  readonly shown: ShownMessage[] = [];
  readonly posts: IncomingHttpHeaders[] = [];
  readonly tokens: unknown[] = [];
  readonly pages: unknown[] = [];
  /** How a frame over the socket is answered; undefined: not at all. */
  onFrame: (frame: FrameMessage) => Answer | undefined = () => ({ ok: true });
  onPost: () => Answer = () => ({ ok: true });
  /** How an activity is answered, over the socket and over HTTP. */
  onActivity: (activity: ActivityMessage) => Answer = () => ({ ok: true });
  /** Why a connection is refused, if it is. */
  refusal: { code: string; text: string } | undefined;
  readonly #http: HttpServer;
  readonly #candidates: Namespace;
  readonly #io: Server;
  #open = true;

  private constructor() {
    this.#http = createServer((request, response) => {
      response.setHeader("Content-Type", "application/json");
      void this.#post(request).then((answer) => response.end(JSON.stringify(answer)));
    });
    this.#io = new Server(this.#http, { allowRequest: (_request, allow) => allow(null, this.#open) });
    this.#candidates = this.#io.of("/candidate");
    this.#candidates.use((socket, next) => this.#admit(socket, next));
    this.#candidates.on("connection", (socket) => this.#listen(socket));
  }

  static async start(): Promise<CandidateServer> {
    const server = new CandidateServer();
    await new Promise<void>((resolve) => server.#http.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  tell(event: string, message: object): void {
    this.#candidates.emit(event, message);
  }

  /** As a proxy that lets no socket through: plain HTTP goes on. */
  closeSockets(): void {
    this.#open = false;
    this.#io.engine.close();
  }

  openSockets(): void {
    this.#open = true;
  }

  /** As the server does itself, on purpose. */
  hangUp(): void {
    this.#candidates.disconnectSockets();
  }

  async stop(): Promise<void> {
    await this.#io.close();
  }

  async #post(request: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.url === "/api/activities") return this.#takeActivity(JSON.parse(Buffer.concat(chunks).toString()) as ActivityMessage);
    this.posts.push(request.headers);
    return this.onPost();
  }

  #takeActivity(activity: ActivityMessage): Answer {
    this.activities.push(activity);
    return this.onActivity(activity);
  }

  #admit(socket: Socket, next: (error?: Error) => void): void {
    this.tokens.push(socket.handshake.auth["token"]);
    this.pages.push(socket.handshake.auth["page"]);
    next(this.refusal ? Object.assign(new Error(this.refusal.code), { data: this.refusal }) : undefined);
  }

  #listen(socket: Socket): void {
    type Ack = (answer: Answer) => void;
    socket.on("frame", (frame: FrameMessage, ack: Ack) => {
      this.frames.push(frame);
      const answer = this.onFrame(frame);
      if (answer) ack(answer);
    });
    socket.on("activity", (activity: ActivityMessage, ack: Ack) => ack(this.#takeActivity(activity)));
    socket.on("shown", (shown: ShownMessage, ack: Ack) => {
      this.shown.push(shown);
      ack({ ok: true });
    });
  }
}
