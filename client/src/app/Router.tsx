/** Five pages, each with code of its own: a candidate's browser never loads the proctor's. */

import { lazy, type ReactNode, Suspense } from "react";
import { joiningBy } from "./shared/joining";
import { ProblemPage } from "./shared/ProblemPage";

const OperatorPage = lazy(() => import("./operator/OperatorPage"));
const CandidatePage = lazy(() => import("./candidate/CandidatePage"));
const ProctorPage = lazy(() => import("./proctor/ProctorPage"));
const ReviewPage = lazy(() => import("./review/ReviewPage"));

export function Router() {
  return <Suspense fallback={null}>{pageAt(window.location.pathname)}</Suspense>;
}

function pageAt(path: string): ReactNode {
  if (path.startsWith("/join/")) {
    const joining = joiningBy(path, window.location.search);
    return joining ? <CandidatePage joining={joining} /> : <ProblemPage problem="bad_link" />;
  }
  // A meeting at Dyte or RealtimeKit has pages of its own: only there the policy lets these services in.
  if (/^\/exam(?:\/(?:dyte|realtimekit))?$/.test(path)) return <CandidatePage />;
  if (/^\/proctor(?:\/(?:dyte|realtimekit))?$/.test(path)) return <ProctorPage />;
  if (path === "/review" || path.startsWith("/review/")) return <ReviewPage />;
  if (path === "/") return <OperatorPage />;
  return <ProblemPage problem="unknown_page" />;
}
