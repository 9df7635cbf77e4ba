import { usePlayer } from "./context";
import classes from "./Review.module.css";
import { type View, xOf } from "./view";

/** Where one is. Moves many times a second, and nothing else is drawn for that. */
export function Playhead({ view, width }: { view: View; width: number }) {
  const { at } = usePlayer();
  if (at < view.from || at > view.to) return null;
  return <div className={classes.playhead} style={{ transform: `translateX(${xOf(view, width, at)}px)` }} aria-hidden />;
}
