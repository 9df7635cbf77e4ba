/** The camera: asked for once, kept from the check to the end of the exam, turned off when the page goes on. */

import { useCallback, useEffect, useState } from "react";

export type CameraProblem = "denied" | "none" | "busy" | "insecure" | "other";

export interface Camera {
  track: MediaStreamTrack | undefined;
  problem: CameraProblem | undefined;
  devices: MediaDeviceInfo[];
  /** The device in use. */
  deviceId: string | undefined;
  choose(deviceId: string): void;
  retry(): void;
}

const PROBLEMS: Record<string, CameraProblem> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** Ask for the camera as soon as `wanted`. */
export function useCamera(wanted: boolean): Camera {
  const [track, setTrack] = useState<MediaStreamTrack>();
  const [problem, setProblem] = useState<CameraProblem>();
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([]);
  const [request, setRequest] = useState<{ deviceId?: string }>({});

  useEffect(() => {
    if (!wanted) return undefined;
    let current = true;
    let opened: MediaStreamTrack | undefined;
    openCamera(request.deviceId).then(
      (found) => {
        opened = found;
        if (!current) return found.stop();
        setProblem(undefined);
        setTrack(found);
        return listCameras().then((cameras) => current && setDevices(cameras));
      },
      (error: unknown) => current && setProblem(problemOf(error)),
    );
    return () => {
      current = false;
      opened?.stop();
      setTrack(undefined);
    };
  }, [wanted, request]);

  return {
    track,
    problem,
    devices,
    deviceId: track?.getSettings().deviceId,
    choose: useCallback((deviceId: string) => setRequest({ deviceId }), []),
    retry: useCallback(() => setRequest({}), []),
  };
}

async function openCamera(deviceId: string | undefined): Promise<MediaStreamTrack> {
  // Missing on pages that came over plain http from another machine.
  if (!navigator.mediaDevices) throw new DOMException("no secure context", "InsecureError");
  const video: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 480 } };
  if (deviceId) video.deviceId = { exact: deviceId };
  else video.facingMode = "user";
  const [track] = (await navigator.mediaDevices.getUserMedia({ video, audio: false })).getVideoTracks();
  if (!track) throw new DOMException("no video track", "NotFoundError");
  return track;
}

async function listCameras(): Promise<MediaDeviceInfo[]> {
  return (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput" && device.deviceId);
}

function problemOf(error: unknown): CameraProblem {
  if (!(error instanceof DOMException)) return "other";
  return error.name === "InsecureError" ? "insecure" : (PROBLEMS[error.name] ?? "other");
}
