import { useEffect, useRef } from "react";

/** The candidate's own picture, mirrored as people know themselves. What is sent is not mirrored. */
export function CameraView({ track, label }: { track: MediaStreamTrack | undefined; label: string }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element || !track) return undefined;
    element.srcObject = new MediaStream([track]);
    return () => {
      element.srcObject = null;
    };
  }, [track]);
  return <video ref={video} className="camera mirrored" aria-label={label} autoPlay muted playsInline />;
}
