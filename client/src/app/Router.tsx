/** Four pages, each with code of its own: a candidate's browser never loads the proctor's. */

import { lazy, type ReactNode, Suspense } from "react";
import { ProblemPage } from "./shared/ProblemPage";

const OperatorPage = lazy(() => import("./operator/OperatorPage"));
const CandidatePage = lazy(() => import("./candidate/CandidatePage"));
const ProctorPage = lazy(() => import("./proctor/ProctorPage"));

export function Router() {
  return <Suspense fallback={null}>{pageAt(window.location.pathname)}</Suspense>;
}

function pageAt(path: string): ReactNode {
  const joining = /^\/join\/([^/]+)\/?$/.exec(path);
  if (joining?.[1]) return <CandidatePage joining={{ meetingId: joining[1], code: codeInAddress() }} />;
  if (path === "/exam") return <CandidatePage />;
  if (path === "/proctor") return <ProctorPage />;
  if (path === "/") return <OperatorPage />;
  return <ProblemPage problem="unknown_page" />;
}

function codeInAddress(): string {
  return new URLSearchParams(window.location.search).get("code") ?? "";
}
