import { useDisclosure, useDocumentTitle, useLocalStorage } from "@mantine/hooks";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Incident, ShownRecording, Verdict } from "../../sdk";
import { KeysDialog } from "../shared/KeysDialog";
import { useShortcuts } from "../shared/useShortcuts";
import { Controls } from "./Controls";
import { useDesk } from "./context";
import { Details } from "./Details";
import { GoTo } from "./GoTo";
import { IncidentList } from "./IncidentList";
import { IncidentPanel } from "./IncidentPanel";
import { nextToReview } from "./jumps";
import { KEYS } from "./keys";
import type { Model } from "./model";
import { NextRecording } from "./NextRecording";
import classes from "./Review.module.css";
import { Stage } from "./Stage";
import { Teller } from "./Teller";
import { TheatreHead } from "./TheatreHead";
import { Timeline } from "./Timeline";
import { useActions } from "./useActions";
import { useReviewKeys } from "./useReviewKeys";
import { useVideo, type VideoState } from "./useVideo";
import type { View } from "./view";

interface TheatreProps {
  shown: ShownRecording;
  model: Model;
  /** Why the newest of it could not be had. */
  trouble: string | undefined;
  onGo(recordingId: string | undefined): void;
}

/** The player, the timeline, and what there is to judge. */
export function Theatre({ shown, model, trouble, onGo }: TheatreProps) {
  const { archive, feed, player } = useDesk();
  const { recording } = shown;
  const live = recording.state === "open";
  const [chosen, setChosen] = useState<string>();
  const [view, setView] = useState<View>();
  const [words, setWords] = useState("");
  const [boxes, setBoxes] = useLocalStorage({ key: "invigil.boxes", defaultValue: true, getInitialValueInEffect: false });
  const [goOn, setGoOn] = useLocalStorage({ key: "invigil.go_on", defaultValue: true, getInitialValueInEffect: false });
  const [keysOpen, keys] = useDisclosure(false);
  const [goToOpen, goTo] = useDisclosure(false);
  const [shortcuts, setShortcuts] = useShortcuts();
  const video = useVideo(shown);
  const { act, choose } = useActions({
    model, live, chosen, onChosen: setChosen, onView: setView, onTell: setWords,
    onBoxes: () => setBoxes((before) => !before), onHelp: keys.open, onGoTo: goTo.open,
  });

  useReviewKeys({ on: shortcuts, chosen, onAction: act });
  useDocumentTitle(`${recording.candidate_name} · Recording · Invigil`);
  useEffect(() => player.grown(model.length), [player, model.length]);
  useOpening(model, live, choose);

  const right = useRef<HTMLElement>(null);
  // The column alone is scrolled to what is chosen: on a narrow page, where it is none, the picture stays in sight.
  useEffect(() => {
    if (chosen !== undefined) right.current?.scrollTo({ top: 0 });
  }, [chosen]);
  const chooseInList = useCallback(
    (incident: Incident) => {
      choose(incident);
      // The list lies below what it tells of.
      right.current?.scrollIntoView();
    },
    [choose],
  );

  const review = async (incident: Incident, verdict: Verdict, note: string) => {
    const judged = await archive.review(incident.id, verdict, note);
    feed.replace(judged);
    // A new reviewer's name comes with the next answer.
    void feed.refresh();
    const next = goOn ? nextToReview(model.marks, incident.id, player.getState().at) : undefined;
    if (next) choose(next.incident);
    else setWords(`${verdict === "confirmed" ? "Confirmed" : "Dismissed"}.${goOn ? " Nothing more to review in this recording." : ""}`);
  };
  const left = useMemo(() => model.marks.filter(({ incident }) => !incident.review).length, [model.marks]);
  const mark = useMemo(() => model.marks.find(({ incident }) => incident.id === chosen), [model.marks, chosen]);
  return (
    <div className={classes.theatre} data-testid="theatre">
      <TheatreHead recording={recording} trouble={trouble} onBack={() => onGo(undefined)} onHelp={keys.open} />
      <main className={classes.body}>
        <section className={classes.left} aria-label="Player">
          <Stage recording={recording} model={model} video={video} boxes={boxes} />
          <Controls model={model} live={live} boxes={boxes} notice={noticeOf(video)} onAction={act} />
          <Timeline model={model} chosen={chosen} view={view} onView={setView} onChoose={choose} onAction={act} />
        </section>
        <aside ref={right} className={classes.right} aria-label="Incidents and facts">
          {mark ? (
            <IncidentPanel
              key={mark.incident.id}
              model={model}
              mark={mark}
              reviewer={reviewerOf(shown, mark.incident)}
              goOn={goOn}
              onGoOn={setGoOn}
              onReview={review}
              onAction={act}
            />
          ) : null}
          <IncidentList model={model} chosen={chosen} onChoose={chooseInList} onAction={act} />
          {left === 0 ? <NextRecording recordingId={recording.id} onGo={onGo} /> : null}
          <Details shown={shown} model={model} />
        </aside>
      </main>
      <Teller words={words} />
      <GoTo opened={goToOpen} model={model} onClose={goTo.close} onGo={(at) => { player.seek(at); setWords(""); }} />
      <KeysDialog keys={KEYS} opened={keysOpen} shortcuts={shortcuts} onShortcuts={setShortcuts} onClose={keys.close} />
    </div>
  );
}

/** A recording opens where there is something to judge; one that grows, without that, at its newest. */
function useOpening(model: Model, live: boolean, choose: (incident: Incident) => void): void {
  const { player } = useDesk();
  const opened = useRef(false);
  useEffect(() => {
    if (opened.current) return;
    opened.current = true;
    const first = nextToReview(model.marks, undefined, 0);
    if (first) choose(first.incident);
    else if (live) player.follow(true);
  }, [model, live, choose, player]);
}

function reviewerOf({ reviewers = {} }: ShownRecording, { review }: Incident): string | undefined {
  if (!review) return undefined;
  return review.reviewer_id ? reviewers[review.reviewer_id] : "the operator";
}

function noticeOf({ making, failed, url }: VideoState): string | undefined {
  if (making !== undefined) return `The video is being made, ${Math.round(making * 100)} %`;
  return failed && !url ? failed : undefined;
}
