/** The frames of one recording: which is shown when, and their pictures. What is kept in memory is bounded. */

import type { SeenFace, ShownSegment } from "../../sdk";
import type { Archive } from "./archive";
import { Bounded } from "./bounded";
import { lastUpTo, type Model, type Part, ROUNDING } from "./model";

/** A segment has about 50 frames, in 10 KB. */
const SEGMENTS = 60;
/** A picture has about 10 KB. */
const PICTURES = 120;

export interface Frame {
  seq: number;
  /** When it came, milliseconds since the recording began. */
  at: number;
  /** Of the segment that has it. */
  part: number;
}

/** Where one is: several frames may have come within one millisecond, so a step names its frame. */
export interface Place {
  at: number;
  seq?: number | undefined;
}

export interface ShownPicture {
  /** Good in this page until the picture is dropped. */
  url: string;
  /** The very bytes that were received. */
  exact: boolean;
}

interface Detail {
  /** Of the segment's last frame when this was read: a growing one is read again. */
  lastSeq: number | null;
  frames: Frame[];
  times: number[];
  faces: Map<number, SeenFace[]>;
  shown: ShownSegment;
}

export class Frames {
  readonly #archive: Archive;
  readonly #recordingId: string;
  readonly #details = new Bounded<number, Detail>(SEGMENTS);
  readonly #reading = new Map<number, Promise<Detail>>();
  readonly #pictures = new Bounded<number, ShownPicture>(PICTURES, ({ url }) => URL.revokeObjectURL(url));
  readonly #loading = new Map<number, Promise<ShownPicture>>();

  constructor(archive: Archive, recordingId: string) {
    this.#archive = archive;
    this.#recordingId = recordingId;
  }

  /** Forget everything. */
  clear(): void {
    this.#pictures.clear();
    this.#details.clear();
  }

  /** The frame that is on screen at this place: the last that had come, or the first one before that. */
  async at(model: Model, { at, seq }: Place): Promise<Frame | undefined> {
    for (let index = partAt(model, at); index >= 0; index -= 1) {
      const detail = await this.#detail(model, index);
      const found = detail?.frames[lastUpTo(detail.times, at + ROUNDING)];
      if (found) return detail?.frames.find((each) => each.seq === seq) ?? found;
    }
    return this.#firstFrom(model, 0, 1);
  }

  /** As `at`, without asking the server: nothing when it is not known here. */
  known(model: Model, at: number): Frame | undefined {
    const part = model.parts[Math.max(0, partAt(model, at))];
    const detail = part && this.#details.get(part.number);
    return detail?.frames[Math.max(0, lastUpTo(detail.times, at + ROUNDING))];
  }

  /** Load what `known` needs for the part at this index and the next one. */
  async prepare(model: Model, index: number): Promise<void> {
    await Promise.all([this.#detail(model, Math.max(0, index)), this.#detail(model, index + 1)]);
  }

  /** The frame after (`step` 1) or before (-1) the one on screen. */
  async beside(model: Model, place: Place, step: 1 | -1): Promise<Frame | undefined> {
    const shown = await this.at(model, place).catch(() => undefined);
    const own = shown ? model.parts.findIndex(({ number }) => number === shown.part) : partAt(model, place.at);
    const frames = shown ? ((await this.#detail(model, own))?.frames ?? []) : [];
    const next = frames[frames.findIndex(({ seq }) => seq === shown?.seq) + step];
    if (shown && next) return next;
    return this.#firstFrom(model, own + step, step);
  }

  /** What detection saw in a frame, with scores; nothing while it is not known here. */
  facesOf(model: Model, seq: number, at: number): SeenFace[] | undefined {
    const index = partAt(model, at);
    // What was seen in the last frame of a segment may have been noted in the next one.
    return [index - 1, index, index + 1].map((each) => this.#details.get(model.parts[each]?.number ?? -1)?.faces.get(seq)).find(Boolean);
  }

  /** What the segment of this number tells. */
  async segment(model: Model, number: number): Promise<ShownSegment | undefined> {
    return (await this.#detail(model, model.parts.findIndex((each) => each.number === number)))?.shown;
  }

  async picture(seq: number): Promise<ShownPicture> {
    const kept = this.#pictures.get(seq);
    if (kept) return kept;
    const loading = this.#loading.get(seq) ?? this.#load(seq);
    this.#loading.set(seq, loading);
    return loading;
  }

  /** The first frame in this direction. Damaged segments are stepped over. */
  async #firstFrom(model: Model, start: number, step: 1 | -1): Promise<Frame | undefined> {
    for (let index = start; index >= 0 && index < model.parts.length; index += step) {
      const detail = await this.#detail(model, index).catch(() => undefined);
      const found = detail?.frames.at(step > 0 ? 0 : -1);
      if (found) return found;
    }
    return undefined;
  }

  async #load(seq: number): Promise<ShownPicture> {
    try {
      const { blob, exact } = await this.#archive.frame(this.#recordingId, seq);
      const shown = { url: URL.createObjectURL(blob), exact };
      this.#pictures.set(seq, shown);
      return shown;
    } finally {
      this.#loading.delete(seq);
    }
  }

  async #detail(model: Model, index: number): Promise<Detail | undefined> {
    const part = model.parts[index];
    if (!part) return undefined;
    const kept = this.#details.get(part.number);
    if (kept?.lastSeq === part.lastSeq) return kept;
    const reading = this.#reading.get(part.number) ?? this.#read(model.began, part);
    this.#reading.set(part.number, reading);
    return reading;
  }

  async #read(began: number, { number }: Part): Promise<Detail> {
    try {
      const shown = await this.#archive.segment(this.#recordingId, number);
      const frames = shown.frames.map(({ seq, at }) => ({ seq, at: Date.parse(at) - began, part: number }));
      const detail = {
        lastSeq: frames.at(-1)?.seq ?? null,
        frames,
        times: frames.map(({ at }) => at),
        faces: new Map(shown.samples.map(({ seq, faces }) => [seq, faces])),
        shown,
      };
      this.#details.set(number, detail);
      return detail;
    } finally {
      this.#reading.delete(number);
    }
  }
}

function partAt({ starts }: Model, at: number): number {
  return lastUpTo(starts, at + ROUNDING);
}
