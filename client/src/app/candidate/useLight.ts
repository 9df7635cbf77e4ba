/** Whether the camera's picture is too dark or too bright. Measured here; nothing is sent. */

import { useEffect, useState } from "react";
import { drawable } from "../../sdk/source";

export type Light = "waiting" | "dark" | "glaring" | "good";

const EVERY_MS = 500;
const DARK = 35;
const GLARING = 225;

export function useLight(track: MediaStreamTrack | undefined): Light {
  const [light, setLight] = useState<Light>("waiting");
  useEffect(() => {
    if (!track) return undefined;
    const source = drawable(track);
    const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 24 });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const timer = setInterval(() => {
      if (!context || !source.size()) return;
      context.drawImage(source.image, 0, 0, canvas.width, canvas.height);
      setLight(judge(meanLevel(context.getImageData(0, 0, canvas.width, canvas.height).data)));
    }, EVERY_MS);
    return () => {
      clearInterval(timer);
      source.close();
      setLight("waiting");
    };
  }, [track]);
  return light;
}

function judge(level: number): Light {
  if (level < DARK) return "dark";
  return level > GLARING ? "glaring" : "good";
}

/** Of the green, which is nearest to how bright a picture looks. */
function meanLevel(rgba: Uint8ClampedArray): number {
  let sum = 0;
  for (let index = 1; index < rgba.length; index += 4) sum += rgba[index] ?? 0;
  return sum / (rgba.length / 4);
}
