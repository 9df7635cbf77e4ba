/**
 * The camera to proctor: the one that the video meeting shows, and the page's own while that is off or there is no meeting.
 *
 * Pictures are taken from the meeting's camera track. A middleware would show the others a canvas of 18 pictures a second in
 * place of it, and brings nothing here, where the page is ours.
 */

import { useEffect, useState } from "react";
import { type ChangingCamera, MeetingCamera, type VideoMeeting, type VideoSource } from "../../sdk";

export function useRoomCamera(meeting: VideoMeeting | undefined, own: MediaStreamTrack | undefined): VideoSource | ChangingCamera | undefined {
  const [shown, setShown] = useState<MeetingCamera>();
  useEffect(() => {
    if (!meeting) return undefined;
    const camera = new MeetingCamera(meeting, "track");
    const look = () => setShown(camera.source ? camera : undefined);
    const undo = camera.onChange(look);
    look();
    return () => {
      undo();
      camera.close();
      setShown(undefined);
    };
  }, [meeting]);
  return shown ?? own;
}
